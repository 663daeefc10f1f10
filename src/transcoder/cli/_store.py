"""`transcoder store ls`, `verify` and `rm --unused`."""

import time
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from transcoder.cli._session import (
    DEFAULT_REGISTRY,
    JsonOption,
    RegistryOption,
    middleware,
    out,
    print_json,
)
from transcoder.vocabulary import JsonValue

if TYPE_CHECKING:
    from transcoder.data import StoreEntry

_PREFIX = 12  # characters of a key that tell entries apart
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60))

store = typer.Typer(
    no_args_is_help=True,
    help="Look after what frozen networks made of datasets, kept in the registry's folder.",
)


@store.command()
def ls(registry: RegistryOption = DEFAULT_REGISTRY, *, as_json: JsonOption = False) -> None:
    """Show what is stored: route, rows, size, and when it changed last."""
    with middleware(registry) as opened:
        entries = opened.get_stored()
        if as_json:
            print_json({"entries": [_plain(each) for each in entries]})
            return
        table = Table("key", "route", "rows", "size in bytes", "state", "age")
        for each in entries:
            table.add_row(
                each.key[:_PREFIX],
                escape(each.route),
                f"{each.rows:,}",
                f"{each.size_bytes:,}",
                _state(each),
                _age(each),
            )
        out.print(table)


@store.command()
def verify(registry: RegistryOption = DEFAULT_REGISTRY, *, as_json: JsonOption = False) -> None:
    """Compare all complete entries with their digests; exit 1 where one is damaged."""
    with middleware(registry) as opened:
        found = opened.verify_stored()
        if as_json:
            whole, partial = list(found.whole), list(found.partial)
            print_json({"whole": whole, "damaged": {**found.damaged}, "partial": partial})
        else:
            for key, reason in found.damaged.items():
                said = f"damaged {key[:_PREFIX]}: {reason}"
                out.print(said, highlight=False, markup=False, soft_wrap=True)
            counts = (
                f"{len(found.whole)} whole, {len(found.damaged)} damaged, "
                f"{len(found.partial)} partial"
            )
            out.print(counts, highlight=False)
        if found.damaged:
            raise typer.Exit(1)


@store.command()
def rm(
    registry: RegistryOption = DEFAULT_REGISTRY,
    *,
    unused: Annotated[
        bool, typer.Option("--unused", help="What no run can use any more.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Delete entries of gone networks, outdated ones, and interrupted ones after a day."""
    if not unused:
        raise typer.BadParameter("say what to delete: --unused", param_hint="rm")
    with middleware(registry) as opened:
        freed = opened.remove_unused_stored()
        if as_json:
            removed: list[JsonValue] = [_plain(each) for each in freed.removed]
            busy: list[JsonValue] = [_plain(each) for each in freed.busy]
            print_json({"removed": removed, "busy": busy, "size_bytes": freed.size_bytes})
            return
        for each in freed.removed:
            _say("removed", each)
        for each in freed.busy:
            _say("left, a process works on it:", each)
        told = f"{len(freed.removed)} entries of {freed.size_bytes:,} bytes removed"
        out.print(told, highlight=False)


def _say(verb: str, entry: "StoreEntry") -> None:
    said = f"{verb} {entry.key[:_PREFIX]} {entry.route}"
    out.print(said, highlight=False, markup=False, soft_wrap=True)


def _plain(entry: "StoreEntry") -> dict[str, JsonValue]:
    return {
        "key": entry.key,
        "route": entry.route,
        "rows": entry.rows,
        "size_bytes": entry.size_bytes,
        "state": _state(entry),
        "age_s": round(time.time() - entry.changed_s, 1),
    }


def _state(entry: "StoreEntry") -> str:
    if entry.is_outdated:
        return "outdated"
    return "complete" if entry.is_complete else "partial"


def _age(entry: "StoreEntry") -> str:
    seconds = max(0.0, time.time() - entry.changed_s)
    for unit, size in _UNITS:
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds:.0f} s"
