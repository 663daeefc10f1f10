"""Rows of datasets, and the store of what frozen networks make of them."""

from transcoder.data._arrays import open_array
from transcoder.data._content import group_of_content
from transcoder.data._load import is_local, load_table
from transcoder.data._materialize import (
    edge_identity,
    is_stored,
    materialize,
    planned_bytes,
    store_key,
)
from transcoder.data._store import LatentStore, StoreEntry
from transcoder.data._stored import StoredTensors
from transcoder.data._table import Table, rows_of, usable_rows

__all__ = [
    "LatentStore",
    "StoreEntry",
    "StoredTensors",
    "Table",
    "edge_identity",
    "group_of_content",
    "is_local",
    "is_stored",
    "load_table",
    "materialize",
    "open_array",
    "planned_bytes",
    "rows_of",
    "store_key",
    "usable_rows",
]
