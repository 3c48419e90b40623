#!/bin/bash
# Runs once in each container, before the page starts; a second run would fail, because the folder is there.
mkdir /tmp/weather-cache
