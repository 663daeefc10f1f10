"""`transcoder history`."""

from typing import Annotated

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
from transcoder.registry import PastCommit
from transcoder.vocabulary import JsonValue

_SHOWN_CHANGES = 8


def history(
    limit: Annotated[int, typer.Option(min=1, help="How many of the newest.")] = 20,
    registry: RegistryOption = DEFAULT_REGISTRY,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show what changed when, newest first, and which versions can be restored."""
    with middleware(registry) as opened:
        commits = opened.get_history()[-limit:][::-1]
        retired = [f"{each.key} #{each.version}" for each in opened.find_retired()]
        if as_json:
            told: list[JsonValue] = [_plain(each) for each in commits]
            print_json({"commits": told, "retired": retired})
            return
        table = Table("revision", "at (UTC)", "note", "changes")
        for each in commits:
            table.add_row(
                str(each.revision),
                f"{each.at:%Y-%m-%d %H:%M:%S}",
                escape(each.note),
                escape(_changes(each)),
            )
        out.print(table)
        for name in retired:
            out.print(f"retired {name}", highlight=False, markup=False)


def _changes(commit: PastCommit) -> str:
    shown = [str(each) for each in commit.changed[:_SHOWN_CHANGES]]
    more = len(commit.changed) - len(shown)
    return "\n".join([*shown, f"and {more} more"] if more else shown)


def _plain(commit: PastCommit) -> dict[str, JsonValue]:
    return {
        "revision": commit.revision,
        "at": commit.at.isoformat(),
        "note": commit.note,
        "changed": [str(each) for each in commit.changed],
    }
