"""`transcoder path`."""

from typing import Annotated

import typer
from rich.table import Table

from transcoder.cli._options import ForbidOption, preference
from transcoder.cli._session import (
    DEFAULT_REGISTRY,
    JsonOption,
    RegistryOption,
    middleware,
    out,
    print_json,
)


def path(
    source: Annotated[str, typer.Argument(help="Where to begin, such as 'text<en>'.")],
    target: Annotated[str, typer.Argument(help="Where to end, such as 'speech<en>'.")],
    via: Annotated[
        list[str] | None,
        typer.Option("--via", help="A model, oracle or modality on the way; may be repeated."),
    ] = None,
    forbid_licence: ForbidOption = None,
    registry: RegistryOption = DEFAULT_REGISTRY,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show the best path from one modality to another."""
    from transcoder.workflows import describe_edge, describe_path, licences_of

    with middleware(registry) as opened:
        wanted = preference(forbid_licence)
        found = opened.get_path(source, target, tuple(via or ()), wanted)
        if as_json:
            print_json(describe_path(found))
            return
        table = Table(
            "step", "by", "kind", "from", "to", "licence", title=f"{source} to {target}"
        )
        for number, edge in enumerate(found.edges, 1):
            step = describe_edge(edge)
            shown = [str(step[key]) for key in ("name", "kind", "source", "target", "licence")]
            table.add_row(str(number), *shown)
        out.print(table)
        out.print(f"licences: {', '.join(licences_of(found))}", highlight=False)
