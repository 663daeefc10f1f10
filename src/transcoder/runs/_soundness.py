"""What would make a number say more than it can: mended, told or refused."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from transcoder.adapters import Moments
from transcoder.data import StoredTensors
from transcoder.errors import DataError
from transcoder.evaluation import LEAST_ROWS
from transcoder.runs._materials import Materials, Rows, blocks
from transcoder.vocabulary import Split, Tensors

_LARGEST, _SMALLEST = 1e15, 1e-15
"""Squares of numbers beyond are not told from infinity, or from zero, in float32."""
_DOMINANT = 0.9
_FEW_COLUMNS = 4
_ROUNDING = 1e-6

Keys = NDArray[np.uint64]
"""A number for the content of each pair of latents, (row)."""


def apart(materials: Sequence[Materials]) -> tuple[list[Materials], list[str]]:
    """Keep from validation and test what stands among the training rows, or twice.

    A pair of latents that was learnt from says nothing of rows that were not, and one that
    stands twice cannot be found among all. What is learnt from stays as it is.

    Args:
        materials: Of each feed.

    Returns:
        The same with fewer rows, and what was left out in words.

    Raises:
        DataError: If no row of a split is left.
    """
    learnt = np.concatenate([_keys(each, each.rows[Split.TRAIN]) for each in materials])
    kept, notes = [], []
    for each in materials:
        rows = dict(each.rows)
        for split in (Split.VALIDATION, Split.TEST):
            rows[split] = _new(each, rows[split], learnt)
            left_out = len(each.rows[split]) - len(rows[split])
            if left_out:
                notes.append(
                    f"{left_out:,} of {len(each.rows[split]):,} {split.value} rows stand among "
                    "the training rows, or twice, and are not judged"
                )
            if not len(rows[split]):
                found = f"every row of the {split.value} split stands among its training rows"
                remedy = "add other rows, or declare a group that holds equal ones together"
                raise DataError(each.table.name, found, remedy)
        kept.append(replace(each, rows=rows))
    return kept, notes


def cautions(training: Moments, materials: Sequence[Materials]) -> list[str]:
    """Say in words what weakens what will be measured.

    Args:
        training: Moments of the training pairs.
        materials: Of each feed; the first judges.

    Raises:
        DataError: If the numbers are too large or too small to be learnt from in float32.
    """
    name, dim = materials[0].table.name, len(training.source_mean)
    source = np.sqrt(np.diagonal(training.source_products) / training.rows)
    target = np.sqrt(training.target_squares / training.rows)
    notes = []
    if training.rows < dim:
        notes.append(
            f"{training.rows:,} training rows for latents of {dim:,} numbers: many maps fit "
            "all of them, and which one is found is the choice of what shrinks it"
        )
    for end, mean, deviation in (
        ("source", training.source_mean, source),
        ("target", training.target_mean, target),
    ):
        _refuse_out_of_range(name, end, float((np.abs(mean) + deviation).max()))
        notes += _of_columns(end, mean, deviation)
    for split in (Split.VALIDATION, Split.TEST):
        rows = len(materials[0].rows[split])
        if rows < LEAST_ROWS:
            notes.append(f"too few {split.value} rows to tell candidates apart: {rows}")
    return notes


def _of_columns(
    end: str, mean: NDArray[np.float64], deviation: NDArray[np.float64]
) -> Iterator[str]:
    constant = int((deviation <= _ROUNDING * np.abs(mean)).sum())
    if constant:
        yield f"{constant} of {len(mean)} columns of the {end} do not vary"
    variance = deviation**2
    share = float(variance.max() / (variance.sum() or 1.0))
    if len(mean) >= _FEW_COLUMNS and share > _DOMINANT:
        seen = "closed forms hardly see the others" if end == "source" else (
            "R² and cosine are little more than that column's"
        )  # fmt: skip
        advice = "divide columns by their deviations to weigh them alike"
        yield f"one column of the {end} holds {share:.1%} of its variance: {seen}; {advice}"


def _refuse_out_of_range(name: str, end: str, largest: float) -> None:
    if largest and not _SMALLEST <= largest <= _LARGEST:
        size = "large" if largest > 1 else "small"
        found = f"its {end} latents reach {largest:.1e}, too {size} for float32"
        raise DataError(name, found, "scale them to about 1")


def _new(materials: Materials, rows: Rows, learnt: Keys) -> Rows:
    keys = _keys(materials, rows)
    first = np.zeros(len(keys), dtype=bool)
    first[np.unique(keys, return_index=True)[1]] = True
    kept: Rows = rows[first & ~np.isin(keys, learnt)]
    return kept


def _keys(materials: Materials, rows: Rows) -> Keys:
    """Tell rows apart, pairs of latents where there are: equal ones have equal keys."""
    source = content_keys(materials.source, rows)
    if materials.target is None:
        return source
    target = content_keys(materials.target, rows)
    keys: Keys = source * np.uint64(0x9E3779B97F4A7C15) + target
    return keys


def content_keys(stored: StoredTensors, rows: Rows) -> Keys:
    """Tell rows of one end apart: equal ones have equal keys, others never in practice."""
    found = [_sums(stored.take(piece)) for piece in blocks(rows)]
    return np.concatenate(found) if found else np.empty(0, dtype=np.uint64)


def _sums(batch: Tensors) -> Keys:
    """Sum the bits of each row, every place times a random odd number, modulo 2**64.

    Zeros add nothing, so that how far rows are padded behind makes no difference.
    """
    total = np.zeros(len(next(iter(batch.values()))), dtype=np.uint64)
    for number, name in enumerate(sorted(batch)):
        flat = np.asarray(batch[name], dtype=np.float64).reshape(len(total), -1) + 0.0
        random = np.random.default_rng(number)
        factors = random.integers(0, 2**63, flat.shape[1], dtype=np.uint64) * np.uint64(2)
        total += (flat.view(np.uint64) * (factors + np.uint64(1))).sum(axis=1, dtype=np.uint64)
    return total
