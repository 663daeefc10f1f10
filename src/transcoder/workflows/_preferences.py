"""What is wanted of a path, from a name or a file."""

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import yaml

from transcoder.errors import RecipeError, StorageError, UnknownNameError
from transcoder.planner import PREFERENCES, Preference

_WEIGHTS = ("quality", "latency", "size", "hops")
_SWITCHES = ("allow_oracles", "differentiable_only")


def read_preference(
    named: str = "balanced", weights: Mapping[str, float] | None = None
) -> Preference:
    """Find a preference by its name, or read it from a YAML file.

    Args:
        named: `balanced`, `fast`, `quality`, `short` or `small`; or a file ending in `.yaml`
            whose keys are those of `Preference`, with `base` for the name to start from.
        weights: Single weights that stand above.

    Raises:
        UnknownNameError: If there is no such name or weight.
        StorageError: If the file cannot be read.
        RecipeError: If it has unknown keys or wrong values.
        FaultsError: If a weight is negative.
    """
    found = _read(Path(named)) if named.endswith((".yaml", ".yml")) else _named(named)
    for name in weights or {}:
        if name not in _WEIGHTS:
            raise UnknownNameError("weight of a preference", name, _WEIGHTS)
    return replace(found, **dict[str, Any](weights or {}))


def _named(name: str) -> Preference:
    if name not in PREFERENCES:
        raise UnknownNameError("preference", name, PREFERENCES)
    return PREFERENCES[name]


def _read(path: Path) -> Preference:
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(str(path), reason, "name a YAML file of weights") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RecipeError(str(path), [f"it is not YAML: {error}"]) from error
    if not isinstance(given, Mapping):
        raise RecipeError(str(path), ["it holds no keys; write 'latency: 1.0'"])
    known = [each.name for each in fields(Preference)]
    faults = [fault for key, value in given.items() if (fault := _fault(key, value, known))]
    if faults:
        raise RecipeError(str(path), faults)
    base = _named(str(given.get("base", "balanced")))
    values: dict[str, Any] = {
        key: frozenset(value) if isinstance(value, list) else value
        for key, value in given.items()
        if key != "base"
    }
    return replace(base, **values)


def _fault(key: object, value: object, known: list[str]) -> str | None:
    if key == "base":
        return None
    if key not in known:
        return str(UnknownNameError("key", str(key), known))
    if key in _WEIGHTS:
        is_right = isinstance(value, int | float) and not isinstance(value, bool)
    elif key in _SWITCHES:
        is_right = isinstance(value, bool)
    else:
        is_right = isinstance(value, list) and all(isinstance(each, str) for each in value)
    return None if is_right else f"{key!r} cannot be {value!r}"
