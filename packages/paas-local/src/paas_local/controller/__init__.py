"""The background process: keeps models, runs one agent per unit, answers the API."""
