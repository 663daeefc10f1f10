"""All verbs under one command."""

from collections.abc import Callable

import typer

from transcoder.cli._apply import apply
from transcoder.cli._atlas import atlas
from transcoder.cli._convert import convert
from transcoder.cli._cut import cut
from transcoder.cli._export_path import export_path
from transcoder.cli._gc import gc
from transcoder.cli._get_model import get_model
from transcoder.cli._history import history
from transcoder.cli._info import info
from transcoder.cli._init import init
from transcoder.cli._measure import measure
from transcoder.cli._opportunities import opportunities
from transcoder.cli._path import path
from transcoder.cli._register import register
from transcoder.cli._report import report
from transcoder.cli._restore import restore
from transcoder.cli._runs import runs
from transcoder.cli._store import store
from transcoder.cli._unregister import unregister

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Join pretrained networks: find paths between modalities and take values along them.",
)
_VERBS: tuple[Callable[..., None], ...] = (
    *(info, path, opportunities, convert, export_path, measure),
    *(runs, report, atlas),
    *(cut, init, apply, unregister, get_model, history, restore, gc),
)
for verb in _VERBS:
    app.command()(verb)
app.add_typer(register, name="register")
app.add_typer(store, name="store")


def main() -> None:
    """Run the verb that the command line names."""
    app()
