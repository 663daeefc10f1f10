"""A file of many values along a path, with memory that stays flat."""

from collections.abc import Callable
from pathlib import Path

from transcoder.serving import Converter, create_rows, open_rows
from transcoder.vocabulary import Catalog, EdgePath

_TOGETHER = 2048

Advance = Callable[[int, int | None], None]
"""Told how many rows are done, and how many there are if that is known."""


def convert_rows(
    place: str,
    path: EdgePath,
    output: Path | None,
    *,
    parts: tuple[Catalog, Converter],
    column: str | None = None,
    advance: Advance | None = None,
) -> int:
    """Take every row of a file along a path, into another file.

    Args:
        place: The file, or - for lines on standard input; see `open_rows`.
        path: Where to go.
        output: The file to make; lines on standard output if there is none.
        parts: What is registered, and what converts.
        column: Of a Parquet file.
        advance: Called after each stretch.

    Returns:
        How many rows there were.

    Raises:
        TranscoderError: If a file or a row cannot be used; no output is left then.
    """
    catalog, converter = parts
    spec = catalog.entry(path.source).spec
    payload = catalog.modality_type(path.source).payload
    source = open_rows(place, spec, payload, column=column)
    done = 0
    with create_rows(output, source.count) as sink:
        for rows in source.stretches(_TOGETHER):
            if isinstance(rows, list):
                sink.add(list(converter.convert_many(rows, path, first=done)))
                done += len(rows)
            else:
                sink.add(converter.convert_arrays(rows, path, first=done))
                done += len(next(iter(rows.values())))
            if advance is not None:
                advance(done, source.count)
    return done
