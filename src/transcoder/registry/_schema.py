"""The tables, and the numbered steps that make them."""

APPLICATION_ID = 0x74726364
"""`trcd`: what SQLite keeps in the header of the file to say whose it is."""

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE migration (
        number INTEGER PRIMARY KEY,
        at TEXT NOT NULL
    );

    CREATE TABLE head (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        rev INTEGER NOT NULL
    );
    INSERT INTO head (id, rev) VALUES (1, 0);

    CREATE TABLE revision (
        revision INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        note TEXT NOT NULL
    );

    CREATE TABLE history (
        id INTEGER PRIMARY KEY,
        revision INTEGER NOT NULL REFERENCES revision (revision),
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        action TEXT NOT NULL
    );
    CREATE INDEX history_revision ON history (revision);

    CREATE TABLE modality_type (
        name TEXT PRIMARY KEY,
        parameters TEXT NOT NULL,
        payload TEXT,
        scored_against TEXT NOT NULL
    );

    CREATE TABLE modality (
        name TEXT PRIMARY KEY,
        spec TEXT,
        founder TEXT,
        space TEXT
    );

    CREATE TABLE oracle_type (
        name TEXT PRIMARY KEY,
        source TEXT NOT NULL,
        target TEXT NOT NULL,
        exactness TEXT NOT NULL
    );

    CREATE TABLE oracle (
        name TEXT PRIMARY KEY,
        type TEXT NOT NULL REFERENCES oracle_type (name) DEFERRABLE INITIALLY DEFERRED,
        source TEXT NOT NULL REFERENCES modality (name) DEFERRABLE INITIALLY DEFERRED,
        target TEXT NOT NULL REFERENCES modality (name) DEFERRABLE INITIALLY DEFERRED,
        exactness TEXT NOT NULL,
        entry_point TEXT NOT NULL,
        version TEXT NOT NULL,
        parameters TEXT NOT NULL,
        licence TEXT NOT NULL
    );

    CREATE TABLE dataset_type (
        name TEXT PRIMARY KEY,
        modalities TEXT NOT NULL
    );

    CREATE TABLE dataset (
        name TEXT PRIMARY KEY,
        type TEXT NOT NULL REFERENCES dataset_type (name) DEFERRABLE INITIALLY DEFERRED,
        loader TEXT NOT NULL,
        options TEXT NOT NULL,
        columns TEXT NOT NULL,
        grouped_by TEXT NOT NULL,
        stratum TEXT,
        shares TEXT NOT NULL,
        licence TEXT NOT NULL
    );

    CREATE TABLE blob (
        digest TEXT PRIMARY KEY,
        size_bytes INTEGER NOT NULL
    );

    CREATE TABLE segment (
        model TEXT NOT NULL,
        source TEXT NOT NULL,
        target TEXT NOT NULL,
        version INTEGER NOT NULL,
        kind TEXT NOT NULL,
        digest TEXT REFERENCES blob (digest),
        signature TEXT,
        names TEXT NOT NULL,
        licence TEXT NOT NULL,
        origin TEXT NOT NULL,
        scores TEXT NOT NULL,
        lineage TEXT NOT NULL,
        is_current INTEGER NOT NULL,
        retired_at INTEGER,
        PRIMARY KEY (model, source, target, version),
        CHECK (is_current = 0 OR retired_at IS NULL)
    );
    CREATE UNIQUE INDEX segment_current ON segment (model, source, target)
        WHERE is_current = 1;
    """,
    """
    CREATE TABLE swept (
        model TEXT NOT NULL,
        source TEXT NOT NULL,
        target TEXT NOT NULL,
        version INTEGER NOT NULL,
        PRIMARY KEY (model, source, target)
    );
    CREATE INDEX segment_digest ON segment (digest);
    CREATE INDEX segment_retired ON segment (retired_at) WHERE retired_at IS NOT NULL;
    """,
)
"""Step n is at place n - 1; a step that was released never changes."""
