"""`transcoder apply`."""

from pathlib import Path
from typing import Annotated

import typer

from transcoder.cli._session import (
    DEFAULT_REGISTRY,
    JsonOption,
    RegistryOption,
    middleware,
    out,
    print_json,
)


def apply(
    world: Annotated[Path, typer.Argument(help="The YAML file that declares a world.")],
    registry: RegistryOption = DEFAULT_REGISTRY,
    *,
    as_json: JsonOption = False,
) -> None:
    """Register all that a world file declares, in one transaction."""
    with middleware(registry, create=True) as opened:
        commit = opened.apply(world)
        if as_json:
            changed = [str(each) for each in commit.changed]
            retired = [str(each) for each in commit.retired]
            print_json({"revision": commit.revision, "changed": changed, "retired": retired})
            return
        out.print(f"revision {commit.revision}: {len(commit.changed)} changes", highlight=False)
        for name in commit.retired:
            out.print(f"retired {name}: it ended in a latent that nothing else touches")
