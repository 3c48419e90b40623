#!/bin/bash
# Upgrades the database to the newest schema; the charm runs this before it starts the application.
exec go-notes migrate
