"""The results of the background services, and a notification of each new note."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("summary", sa.String(200), nullable=False),
        sa.Column("ran_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    )
    op.execute(
        """
        CREATE FUNCTION announce_note() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NOTIFY note_added;
            RETURN NULL;
        END
        $$
        """
    )
    op.execute("CREATE TRIGGER note_added AFTER INSERT ON notes FOR EACH STATEMENT EXECUTE FUNCTION announce_note()")


def downgrade() -> None:
    op.execute("DROP TRIGGER note_added ON notes")
    op.execute("DROP FUNCTION announce_note()")
    op.drop_table("jobs")
