"""Runs that were finished before."""

from dataclasses import dataclass, replace
from pathlib import Path

from transcoder.registry import Registry
from transcoder.reports import RunResult, maybe_read_result
from transcoder.runs._identity import find_versions


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that was finished before.

    Attributes:
        result: What it reached.
        made_current: Whether this call made its version current.
    """

    result: RunResult
    made_current: bool


def finished_result(
    registry: Registry, folder: Path, identity: str, *, replaces: bool
) -> Finished | None:
    """Find the result of the identical run, if it is finished and its version still there.

    Args:
        registry: Where its version would be.
        folder: The run's own folder.
        identity: Of the run.
        replaces: Whether its version is to be current in any case.
    """
    result = maybe_read_result(folder)
    if result is None:
        return None
    catalog = registry.catalog()
    # What an earlier run registered too carries that run's lineage.
    mine = {str(each.key) for each in find_versions(catalog, identity)} | {result.transcoder}
    chosen = [
        each
        for key, versions in catalog.segments.items()
        for each in versions
        if str(key) in mine and each.version == result.version
    ]
    if not chosen:
        return None
    make_current = replaces and not chosen[0].is_current
    if make_current:
        with registry.transaction(f"run {identity[:16]} made current") as transaction:
            transaction.put_segment(chosen[0])
    is_current = make_current or chosen[0].is_current
    before = replace(result, was_finished=True, is_current=is_current)
    return Finished(before, make_current)
