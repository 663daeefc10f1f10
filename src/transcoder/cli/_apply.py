"""`transcoder apply`."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from transcoder.cli._options import say_commit
from transcoder.cli._session import (
    DEFAULT_REGISTRY,
    JsonOption,
    RegistryOption,
    middleware,
)


def apply(
    world: Annotated[Path, typer.Argument(help="The YAML file that declares a world.")],
    registry: RegistryOption = DEFAULT_REGISTRY,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, and write nothing.")
    ] = False,
    measure: Annotated[
        bool,
        typer.Option("--measure", help="Run what is new, and add how long one row takes."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Register all that a world file declares, in one transaction."""
    if not dry_run:
        with middleware(registry, create=True) as opened:
            say_commit(opened.apply(world, measure=measure), as_json=as_json)
    elif registry.exists():
        _show(world, registry, create=False, as_json=as_json)
    else:
        with TemporaryDirectory() as nowhere:
            _show(world, Path(nowhere) / "registry", create=True, as_json=as_json)


def _show(world: Path, registry: Path, *, create: bool, as_json: bool) -> None:
    """Show what applying a world to a registry would change."""
    with middleware(registry, create=create, is_silent=True) as opened:
        changes = opened.start_transaction()
        changes.apply(world)
        say_commit(changes.preview(), as_json=as_json, is_preview=True)
