"""`transcoder restore`."""

from typing import Annotated

import typer

from transcoder.cli._options import say_commit
from transcoder.cli._session import (
    DEFAULT_REGISTRY,
    JsonOption,
    RegistryOption,
    middleware,
)


def restore(
    model: Annotated[str, typer.Argument(help="The id.")],
    source: Annotated[str, typer.Argument(help="What the segment takes.")],
    target: Annotated[str, typer.Argument(help="What it gives.")],
    version: Annotated[int, typer.Argument(min=1, help="Its number; history lists them.")],
    registry: RegistryOption = DEFAULT_REGISTRY,
    *,
    as_json: JsonOption = False,
) -> None:
    """Make a version of a segment current again, one that was retired too."""
    with middleware(registry) as opened:
        say_commit(opened.restore(model, source, target, version), as_json=as_json)
