"""`transcoder report`."""

import sys
import webbrowser
from typing import Annotated

import typer

from transcoder.cli._session import (
    DEFAULT_REGISTRY,
    JsonOption,
    RegistryOption,
    middleware,
    print_json,
)


def report(
    run: Annotated[
        str | None,
        typer.Argument(help="The beginning of a run's name; the last one if not given."),
    ] = None,
    registry: RegistryOption = DEFAULT_REGISTRY,
    *,
    opens: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    path: Annotated[bool, typer.Option("--path", help="Print where the page is.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Print the report of a run as Markdown, say where its page is, or open that."""
    with middleware(registry) as opened:
        html, markdown = (each.resolve() for each in opened.get_report(run))
        if as_json:
            print_json({"html": str(html), "markdown": str(markdown)})
        elif opens:
            webbrowser.open(html.as_uri())
            sys.stdout.write(f"{html}\n")
        elif path:
            sys.stdout.write(f"{html}\n")
        else:
            sys.stdout.write(markdown.read_text(encoding="utf-8"))
