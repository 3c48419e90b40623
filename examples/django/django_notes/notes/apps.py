from django.apps import AppConfig


class NotesConfig(AppConfig):
    """A guest book: visitors leave notes, and everyone can read them."""

    name = "notes"
