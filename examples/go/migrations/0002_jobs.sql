ALTER TABLE notes ADD COLUMN words integer;

CREATE TABLE jobs (
    job text PRIMARY KEY,
    summary text NOT NULL,
    ran_at timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION announce_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NOTIFY note_added;
    RETURN NULL;
END
$$;

CREATE TRIGGER note_added AFTER INSERT ON notes FOR EACH STATEMENT EXECUTE FUNCTION announce_note();
