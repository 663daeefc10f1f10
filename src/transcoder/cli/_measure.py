"""`transcoder measure`."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
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
from transcoder.vocabulary import JsonValue

if TYPE_CHECKING:
    from transcoder.workflows import Measured


def measure(
    models: Annotated[
        list[str] | None, typer.Argument(help="Models to measure; all if there are none.")
    ] = None,
    registry: RegistryOption = DEFAULT_REGISTRY,
    *,
    again: Annotated[
        bool, typer.Option("--again", help="Measure also what was measured already.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Measure how long each segment takes here for one row; paths then count with that."""
    with middleware(registry) as opened:
        found: list[Measured] = []
        with Console(stderr=True).status("measuring") as status:
            for each in opened.measure(models or (), again=again):
                status.update(f"measured {len(found) + 1}: {escape(str(each.segment))}")
                found.append(each)
        if as_json:
            told: list[JsonValue] = [
                {
                    "segment": str(each.segment.key),
                    "version": each.segment.version,
                    "latency_ms": each.latency_ms,
                    "reason": each.reason,
                }
                for each in found
            ]
            print_json({"measured": told})
            return
        table = Table("segment", "ms a row")
        for each in found:
            shown = each.reason if each.latency_ms is None else f"{each.latency_ms:.3f}"
            table.add_row(escape(str(each.segment)), escape(shown))
        out.print(table if found else "all that can run was measured already; see --again")
