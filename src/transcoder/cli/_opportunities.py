"""`transcoder opportunities`."""

import sys
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


def opportunities(
    source: Annotated[str, typer.Argument(help="The latent that it takes, such as '{EnTTS}'.")],
    target: Annotated[str, typer.Argument(help="The latent that it gives: 'text_latent'.")],
    k: Annotated[
        int, typer.Option("-k", min=1, help="How many routes to show of each opportunity.")
    ] = 1,
    registry: RegistryOption = DEFAULT_REGISTRY,
    *,
    mermaid: Annotated[
        bool, typer.Option("--mermaid", help="Draw the learning graphs as a Mermaid flowchart.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show every way in which a missing transcoder could be trained, best first."""
    from transcoder.planner import draw_mermaid
    from transcoder.workflows import describe_opportunity

    with middleware(registry) as opened:
        found = opened.require_training_opportunities(source, target, k=k)
        if as_json:
            print_json({"opportunities": [describe_opportunity(each) for each in found]})
            return
        if mermaid:
            sys.stdout.write(f"{draw_mermaid(found)}\n")
            return
        columns = ("", "kind", "grade", "ms a row once", "ms a row a step", "in words")
        table = Table(*columns, title=escape(f"{source} -> {target}"))
        for number, each in enumerate(found, 1):
            costs = (f"{each.cost.per_row_ms:.2f}", f"{each.cost.per_step_ms:.2f}")
            words = escape(each.sentence)
            table.add_row(str(number), each.kind.value, each.grade.name.lower(), *costs, words)
        out.print(table)
