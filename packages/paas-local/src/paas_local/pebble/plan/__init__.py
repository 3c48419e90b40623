"""The plan of services, checks and log targets, combined from layers."""
