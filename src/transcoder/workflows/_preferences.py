"""What is wanted of a path, by name from the configuration or from a file of one's own."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import yaml

from transcoder.errors import RecipeError, StorageError, UnknownNameError
from transcoder.files import shipped
from transcoder.planner import Preference

_FOLDER = shipped("conf") / "preference"
_WEIGHTS = ("quality", "latency", "size", "hops")
_SWITCHES = ("allow_oracles", "differentiable_only")


def find_preferences() -> Iterator[str]:
    """The names of the preferences in the configuration, in order."""
    yield from sorted(path.stem for path in _FOLDER.glob("*.yaml"))


def read_preference(
    named: str = "balanced", weights: Mapping[str, float] | None = None
) -> Preference:
    """Read a preference of the configuration by its name, or one of your own from a file.

    Args:
        named: A leaf of `conf/preference`: `balanced`, `fast`, `quality`, `short` or `small`;
            or a file ending in `.yaml` whose keys are those of `Preference`, with `base` for
            the name to start from.
        weights: Single weights that stand above.

    Raises:
        UnknownNameError: If there is no such name or weight.
        StorageError: If the file cannot be read.
        RecipeError: If it has unknown keys or wrong values.
        FaultsError: If a weight is negative.
    """
    found = _read(Path(named) if named.endswith((".yaml", ".yml")) else _leaf(named))
    for name in weights or {}:
        if name not in _WEIGHTS:
            raise UnknownNameError("weight of a preference", name, _WEIGHTS)
    return replace(found, **dict[str, Any](weights or {}))


def preferred(preference: Preference | str | None) -> Preference:
    """Give what a caller prefers, which may be only a name, or nothing in particular."""
    if isinstance(preference, str):
        return read_preference(preference)
    return preference or Preference()


def _leaf(name: str) -> Path:
    known = list(find_preferences())
    if name not in known:
        raise UnknownNameError("preference", name, known)
    return _FOLDER / f"{name}.yaml"


def _read(path: Path) -> Preference:
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(str(path), reason, "name a YAML file of weights") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise RecipeError(str(path), [f"it is not YAML: {reason}"]) from error
    if not isinstance(given, Mapping):
        raise RecipeError(str(path), ["it holds no keys; write 'latency: 1.0'"])
    known = [each.name for each in fields(Preference)]
    faults = [fault for key, value in given.items() if (fault := _fault(key, value, known))]
    if faults:
        raise RecipeError(str(path), faults)
    base = _read(_leaf(str(given["base"]))) if "base" in given else Preference()
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
        return str(UnknownNameError("key", str(key), [*known, "base"]))
    if key in _WEIGHTS:
        is_right = isinstance(value, int | float) and not isinstance(value, bool)
    elif key in _SWITCHES:
        is_right = isinstance(value, bool)
    else:
        is_right = isinstance(value, list) and all(isinstance(each, str) for each in value)
    return None if is_right else f"{key!r} cannot be {value!r}"
