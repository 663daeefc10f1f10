"""`transcoder history`."""

from collections.abc import Mapping
from typing import Annotated, TypeAlias

import typer
from rich.markup import escape
from rich.table import Table

from transcoder.cli._session import (
    DEFAULT_REGISTRY,
    JsonOption,
    RegistryOption,
    middleware,
    out,
    print_json,
)
from transcoder.registry import Action, Change, Kind, PastCommit
from transcoder.vocabulary import JsonValue, Segment

_SHOWN_CHANGES = 8
_FACTS = ("recipe", "candidate", "dataset", "seed")
"""What a training says of itself in one line; `--json` has all of it."""

_Lineages: TypeAlias = Mapping[str, Mapping[str, JsonValue]]
"""How versions were made, by how the history names them."""


def history(
    limit: Annotated[int, typer.Option(min=1, help="How many of the newest.")] = 20,
    registry: RegistryOption = DEFAULT_REGISTRY,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show what changed when and how versions were made, newest first, and what can return."""
    with middleware(registry) as opened:
        commits = opened.get_history()[-limit:][::-1]
        retired = opened.find_retired()
        live = (each for versions in opened.catalog.segments.values() for each in versions)
        lineages = {_name(each): each.lineage for each in (*live, *retired)}
        if as_json:
            told: list[JsonValue] = [_plain(each, lineages) for each in commits]
            print_json({"commits": told, "retired": [_name(each) for each in retired]})
            return
        table = Table("revision", "at (UTC)", "note", "changes")
        for each in commits:
            table.add_row(
                str(each.revision),
                f"{each.at:%Y-%m-%d %H:%M:%S}",
                escape(each.note),
                escape(_changes(each, lineages)),
            )
        out.print(table)
        for version in retired:
            out.print(f"retired {_name(version)}", highlight=False, markup=False)


def _name(segment: Segment) -> str:
    return f"{segment.key} #{segment.version}"


def _changes(commit: PastCommit, lineages: _Lineages) -> str:
    shown = [_change(each, lineages) for each in commit.changed[:_SHOWN_CHANGES]]
    more = len(commit.changed) - len(shown)
    return "\n".join([*shown, f"and {more} more"] if more else shown)


def _change(change: Change, lineages: _Lineages) -> str:
    """Write a change, and what of a new version's lineage fits on a line."""
    lineage = _lineage(change, lineages)
    facts = {key: value for key, value in lineage.items() if isinstance(value, str | int)}
    keys = [key for key in _FACTS if key in facts] or list(facts)[: len(_FACTS)]
    told = ", ".join(f"{key} {facts[key]}" for key in keys)
    return f"{change} ({told})" if told else str(change)


def _lineage(change: Change, lineages: _Lineages) -> Mapping[str, JsonValue]:
    is_new = change.kind is Kind.SEGMENT and change.action is Action.ADDED
    return lineages.get(change.name, {}) if is_new else {}


def _plain(commit: PastCommit, lineages: _Lineages) -> dict[str, JsonValue]:
    made = {each.name: _lineage(each, lineages) for each in commit.changed}
    return {
        "revision": commit.revision,
        "at": commit.at.isoformat(),
        "note": commit.note,
        "changed": [str(each) for each in commit.changed],
        "lineage": {name: lineage for name, lineage in made.items() if lineage},
    }
