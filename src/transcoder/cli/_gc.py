"""`transcoder gc`."""

import re
from datetime import timedelta
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

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def gc(
    older_than: Annotated[
        str, typer.Option(help="How long ago at least: 30d, 12h, 90m, 0s.")
    ] = "30d",
    registry: RegistryOption = DEFAULT_REGISTRY,
    *,
    as_json: JsonOption = False,
) -> None:
    """Delete for good: retired versions, files that no version names, and leftovers."""
    age = _age(older_than)
    with middleware(registry) as opened:
        swept = opened.sweep(age)
        if as_json:
            counted = {"files": swept.files, "size_bytes": swept.size_bytes}
            versions = list(swept.versions)
            print_json({"versions": versions, **counted, "leftovers": swept.leftovers})
            return
        for name in swept.versions:
            out.print(f"swept {name}", highlight=False, markup=False)
        said = (
            f"{len(swept.versions)} versions, {swept.files} files of {swept.size_bytes:,} "
            f"bytes, {swept.leftovers} leftovers"
        )
        out.print(said, highlight=False)


def _age(text: str) -> timedelta:
    match = re.fullmatch(r"(\d{1,5})([smhdw])", text.strip())
    if match is None:
        message = f"{text!r} is not an age; write it like 30d, 12h or 90m"
        raise typer.BadParameter(message, param_hint="--older-than")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
