"""Configuration of Gunicorn and Uvicorn."""
