"""What every verb shares: where the registry is, how to print, and how to fail."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from errno import EPIPE
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from transcoder.errors import StorageError, TranscoderError
from transcoder.vocabulary import JsonValue

if TYPE_CHECKING:
    from transcoder.serving import ServingSettings
    from transcoder.workflows import Middleware

DEFAULT_REGISTRY = Path("registry")

RegistryOption = Annotated[
    Path,
    typer.Option("--registry", envvar="TRANSCODER_REGISTRY", help="Folder of the registry."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
AllowOption = Annotated[
    list[str] | None,
    typer.Option("--allow", help="Another module whose oracles may run; may be repeated."),
]

out = Console()
_OUTPUT = "standard output"


@contextmanager
def middleware(
    registry: Path,
    *,
    create: bool = False,
    allow: list[str] | None = None,
    is_silent: bool = False,
    serving: "ServingSettings | None" = None,
) -> Iterator["Middleware"]:
    """Open the registry for one verb, and turn any failure into one sentence and exit 1.

    Args:
        registry: The folder.
        create: Whether to make it; its place is then printed to standard error.
        allow: Modules whose oracles may run, besides the usual ones.
        is_silent: Whether to make it without a word.
        serving: How much of the machine converting may take.
    """
    from transcoder.workflows import ALLOWED, Middleware

    with failing_in_one_sentence():
        if create and not is_silent and not registry.exists():
            sys.stderr.write(f"making the registry {str(registry.resolve())!r}\n")
        opened = Middleware.open(
            registry, create=create, allow=(*ALLOWED, *(allow or ())), serving=serving
        )
        try:
            yield opened
        finally:
            opened.close()


@contextmanager
def failing_in_one_sentence() -> Iterator[None]:
    """Print the sentence of an error and exit 1; with TRANSCODER_DEBUG set, let it pass."""
    try:
        with _writing_to_standard_output():
            yield
    except TranscoderError as error:
        if os.environ.get("TRANSCODER_DEBUG"):
            raise
        sys.stderr.write(f"error: {error}\n")
        raise typer.Exit(1) from error


@contextmanager
def _writing_to_standard_output() -> Iterator[None]:
    """Tell of a full disk, or of letters that the terminal lacks, like of any other failure."""
    try:
        yield
        sys.stdout.flush()
    except UnicodeEncodeError as error:
        lacking = error.object[error.start : error.start + 1]
        reason = f"its encoding {error.encoding!r} has no {lacking!a}"
        remedy = "set PYTHONIOENCODING=utf-8, or write to a file"
        raise StorageError(_OUTPUT, reason, remedy) from error
    except OSError as error:
        if error.errno == EPIPE:  # who reads has seen enough
            raise
        _forget_what_was_not_written()
        place, reason = error.filename2 or error.filename, error.strerror or str(error)
        raise StorageError(
            str(place or _OUTPUT), reason, "make room, or name another place"
        ) from error


def _forget_what_was_not_written() -> None:
    """Keep Python from trying it once more when the process ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_json(value: Mapping[str, JsonValue]) -> None:
    """Print one JSON object for a script."""
    is_plain = not (sys.stdout.encoding or "").lower().startswith("utf")
    sys.stdout.write(f"{json.dumps(value, indent=2, ensure_ascii=is_plain)}\n")
