"""Turns a charm's or an application's folder into what a pod runs."""
