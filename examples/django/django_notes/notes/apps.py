from django.apps import AppConfig


class NotesConfig(AppConfig):
    """A guest book: people leave notes, everyone reads them."""

    name = "notes"
