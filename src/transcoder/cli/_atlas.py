"""`transcoder atlas`."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from transcoder.cli._session import (
    DEFAULT_REGISTRY,
    JsonOption,
    RegistryOption,
    middleware,
    out,
    print_json,
)
from transcoder.vocabulary import Catalog, JsonValue

if TYPE_CHECKING:
    from transcoder.reports import Graph

_TITLE = "Atlas of the registry"
_LEGEND = "Solid: networks. Thick: transcoders. Dashed: programs. Dotted: yet to be trained."


def atlas(
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="A .html, .svg or .mmd file; else Mermaid is printed."
        ),
    ] = None,
    registry: RegistryOption = DEFAULT_REGISTRY,
    *,
    as_json: JsonOption = False,
) -> None:
    """Draw all modalities and what joins them, each transcoder with how good it is."""
    from transcoder.files import write_whole
    from transcoder.reports import graph_mermaid

    if output is not None and output.suffix not in {".html", ".svg", ".mmd"}:
        message = f"{str(output)!r} ends in none of .html, .svg and .mmd"
        raise typer.BadParameter(message, param_hint="--output")
    with middleware(registry) as opened:
        graph = opened.get_atlas()
        if output is not None:
            write_whole(output, _drawn(graph, opened.catalog, output.suffix).encode())
        if as_json:
            print_json(_plain(graph, output))
        elif output is not None:
            out.print(f"wrote {output}", highlight=False, markup=False, soft_wrap=True)
        else:
            sys.stdout.write(f"{graph_mermaid(graph)}\n")


def _drawn(graph: "Graph", catalog: Catalog, suffix: str) -> str:
    from transcoder.reports import draw_graph, graph_mermaid, page, table_markup
    from transcoder.workflows import transcoder_rows

    if suffix == ".mmd":
        return f"{graph_mermaid(graph)}\n"
    picture = draw_graph(graph, label=_TITLE)
    if suffix == ".svg":
        return picture
    heads = ("transcoder", "takes", "gives", "version", "on test rows")
    told = table_markup(heads, transcoder_rows(catalog))
    return page(_TITLE, [f'<div class="wide">{picture}</div>', f"<p>{_LEGEND}</p>", told])


def _plain(graph: "Graph", output: Path | None) -> dict[str, JsonValue]:
    return {
        "output": str(output) if output else None,
        "places": [each.text for each in graph.places],
        "arrows": [{**asdict(each), "look": each.look.value} for each in graph.arrows],
    }
