"""All verbs under one command."""

import typer

from transcoder.cli._apply import apply
from transcoder.cli._convert import convert
from transcoder.cli._info import info
from transcoder.cli._opportunities import opportunities
from transcoder.cli._path import path

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Join pretrained networks: find paths between modalities and take values along them.",
)
for verb in (info, path, opportunities, convert, apply):
    app.command()(verb)


def main() -> None:
    """Run the verb that the command line names."""
    app()
