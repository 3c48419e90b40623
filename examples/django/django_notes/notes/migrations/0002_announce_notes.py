"""A PostgreSQL notification of each new note, for the worker."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("notes", "0001_initial")]  # noqa: RUF012 - as makemigrations writes it

    operations = [  # noqa: RUF012
        migrations.RunSQL(
            """
            CREATE FUNCTION announce_note() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                NOTIFY note_added;
                RETURN NULL;
            END
            $$;
            CREATE TRIGGER note_added AFTER INSERT ON notes_note
                FOR EACH STATEMENT EXECUTE FUNCTION announce_note();
            """,
            "DROP TRIGGER note_added ON notes_note; DROP FUNCTION announce_note();",
        ),
    ]
