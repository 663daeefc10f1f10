"""Every statement that reads or writes the tables of nouns."""

from collections.abc import Mapping
from dataclasses import dataclass

from transcoder.registry._nouns import Kind


@dataclass(frozen=True, slots=True)
class Statements:
    """How one table is read and written."""

    select: str
    put: str
    delete: str


STATEMENTS: Mapping[Kind, Statements] = {
    Kind.MODALITY_TYPE: Statements(
        "SELECT name, parameters, payload, scored_against FROM modality_type ORDER BY name",
        """
        INSERT INTO modality_type (name, parameters, payload, scored_against)
        VALUES (:name, :parameters, :payload, :scored_against)
        ON CONFLICT (name) DO UPDATE SET parameters = excluded.parameters,
            payload = excluded.payload, scored_against = excluded.scored_against
        """,
        "DELETE FROM modality_type WHERE name = :name",
    ),
    Kind.MODALITY: Statements(
        "SELECT name, spec, founder, space FROM modality ORDER BY name",
        """
        INSERT INTO modality (name, spec, founder, space)
        VALUES (:name, :spec, :founder, :space)
        ON CONFLICT (name) DO UPDATE SET spec = excluded.spec, founder = excluded.founder,
            space = excluded.space
        """,
        "DELETE FROM modality WHERE name = :name",
    ),
    Kind.ORACLE_TYPE: Statements(
        "SELECT name, source, target, exactness FROM oracle_type ORDER BY name",
        """
        INSERT INTO oracle_type (name, source, target, exactness)
        VALUES (:name, :source, :target, :exactness)
        ON CONFLICT (name) DO UPDATE SET source = excluded.source,
            target = excluded.target, exactness = excluded.exactness
        """,
        "DELETE FROM oracle_type WHERE name = :name",
    ),
    Kind.ORACLE: Statements(
        """
        SELECT name, type, source, target, exactness, entry_point, version, parameters, licence
        FROM oracle ORDER BY name
        """,
        """
        INSERT INTO oracle (name, type, source, target, exactness, entry_point, version,
            parameters, licence)
        VALUES (:name, :type, :source, :target, :exactness, :entry_point, :version,
            :parameters, :licence)
        ON CONFLICT (name) DO UPDATE SET type = excluded.type, source = excluded.source,
            target = excluded.target, exactness = excluded.exactness,
            entry_point = excluded.entry_point, version = excluded.version,
            parameters = excluded.parameters, licence = excluded.licence
        """,
        "DELETE FROM oracle WHERE name = :name",
    ),
    Kind.DATASET_TYPE: Statements(
        "SELECT name, modalities FROM dataset_type ORDER BY name",
        """
        INSERT INTO dataset_type (name, modalities) VALUES (:name, :modalities)
        ON CONFLICT (name) DO UPDATE SET modalities = excluded.modalities
        """,
        "DELETE FROM dataset_type WHERE name = :name",
    ),
    Kind.DATASET: Statements(
        """
        SELECT name, type, loader, options, columns, grouped_by, stratum, shares, licence
        FROM dataset ORDER BY name
        """,
        """
        INSERT INTO dataset (name, type, loader, options, columns, grouped_by, stratum,
            shares, licence)
        VALUES (:name, :type, :loader, :options, :columns, :grouped_by, :stratum,
            :shares, :licence)
        ON CONFLICT (name) DO UPDATE SET type = excluded.type, loader = excluded.loader,
            options = excluded.options, columns = excluded.columns,
            grouped_by = excluded.grouped_by, stratum = excluded.stratum,
            shares = excluded.shares, licence = excluded.licence
        """,
        "DELETE FROM dataset WHERE name = :name",
    ),
}

SELECT_SEGMENTS = """
SELECT model, source, target, version, kind, digest, signature, names, licence, origin,
    scores, lineage, is_current, retired_at
FROM segment ORDER BY model, source, target, version
"""

PUT_BLOB = """
INSERT INTO blob (digest, size_bytes) VALUES (:digest, :size_bytes)
ON CONFLICT (digest) DO NOTHING
"""

ADD_SEGMENT = """
INSERT INTO segment (model, source, target, version, kind, digest, signature, names, licence,
    origin, scores, lineage, is_current, retired_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
"""As rows of segments are written, with when it was retired; by place, for it is quicker."""

MOVE_SEGMENT = """
UPDATE segment SET is_current = ?, retired_at = ?
WHERE model = ? AND source = ? AND target = ? AND version = ?
"""
"""A version is immutable but for whether it is current and whether it is retired."""

SELECT_SWEPT = "SELECT model, source, target, version FROM swept"

FIND_RETIRED = """
SELECT model, source, target, version
FROM segment JOIN revision ON revision.revision = segment.retired_at
WHERE revision.at < :before ORDER BY model, source, target, version
"""

KEEP_NUMBER = """
INSERT INTO swept (model, source, target, version)
VALUES (:model, :source, :target, :version)
ON CONFLICT (model, source, target) DO UPDATE SET version = max(version, excluded.version)
"""

SWEEP_SEGMENT = """
DELETE FROM segment
WHERE model = :model AND source = :source AND target = :target AND version = :version
"""

SWEEP_BLOBS = """
DELETE FROM blob WHERE NOT EXISTS (SELECT 1 FROM segment WHERE segment.digest = blob.digest)
"""

SELECT_BLOBS = "SELECT digest FROM blob"

ADVANCE_HEAD = "UPDATE head SET rev = rev + 1 WHERE rev = :base"

SELECT_HEAD = "SELECT rev FROM head"

ADD_REVISION = "INSERT INTO revision (revision, at, note) VALUES (:revision, :at, :note)"

ADD_HISTORY = """
INSERT INTO history (revision, kind, name, action) VALUES (?, ?, ?, ?)
"""

SELECT_HISTORY = """
SELECT revision.revision, at, note, kind, name, action
FROM revision LEFT JOIN history ON history.revision = revision.revision
ORDER BY revision.revision, history.id
"""
