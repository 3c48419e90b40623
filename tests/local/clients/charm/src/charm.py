#!/usr/bin/env python3
"""Asks for nothing by itself: the tests write its databags and read what the providers answer."""

import ops

if __name__ == "__main__":
    ops.main(ops.CharmBase)
