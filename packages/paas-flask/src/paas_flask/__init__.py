"""The charm of a Flask application."""
