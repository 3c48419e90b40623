"""The servers in front of applications, for a ``FrameworkSpec``: ``gunicorn.server(...)``, ``uvicorn.server(...)``."""

from . import gunicorn, uvicorn

__all__ = ["gunicorn", "uvicorn"]
