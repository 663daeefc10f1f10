"""Read YAML strictly: no code, no key twice, no path out of its folder."""

from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import TypeAlias, TypeVar

import yaml
from typing_extensions import override

from transcoder.errors import RecipeError, TranscoderError

Raw: TypeAlias = Mapping[str, object]
Found = TypeVar("Found")

_LARGEST_BYTES = 4 * 2**20


class Reader:
    """Collects the faults of one file while its parts are read.

    Attributes:
        path: Of the file.
        faults: What was found wrong, in the order of the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.faults: list[str] = []

    def load(self) -> Raw:
        """Parse the file.

        Raises:
            RecipeError: If it cannot be read, is too large, or is not a mapping of names.
        """
        try:
            if self.path.stat().st_size > _LARGEST_BYTES:
                raise RecipeError(str(self.path), [f"it has more than {_LARGEST_BYTES} bytes"])
            raw = yaml.load(self.path.read_text(encoding="utf-8"), Loader=_StrictLoader)  # noqa: S506  a subclass of SafeLoader
        except OSError as error:
            raise RecipeError(
                str(self.path), [f"it cannot be read: {error.strerror}"]
            ) from error
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
            reason = " ".join(str(error).split())
            raise RecipeError(str(self.path), [f"it is not YAML: {reason}"]) from error
        if not isinstance(raw, Mapping):
            raise RecipeError(str(self.path), ["its top level is not a mapping of names"])
        return raw

    def section(self, raw: Raw, name: str) -> Raw:
        """Find a mapping of names in a mapping; one that is absent is empty."""
        found = raw.get(name) or {}
        if not isinstance(found, Mapping):
            self.faults.append(f"{name!r} is not a mapping of names")
            return {}
        return found

    def check_keys(self, where: str, raw: Raw, known: frozenset[str]) -> None:
        """Note every key that nobody would read."""
        for key in sorted(map(str, raw.keys() - known)):
            self.faults.append(
                f"{where} has the unknown key {key!r}; known are {_listed(known)}"
            )

    def attempt(self, where: str, make: Callable[[], Found]) -> Found | None:
        """Make a noun, or note why it cannot be made."""
        try:
            return make()
        except KeyError as error:
            self.faults.append(f"{where} lacks the key {error.args[0]!r}")
        except (TypeError, ValueError, TranscoderError) as error:
            self.faults.append(f"{where}: {error}")
        return None

    def inside(self, relative: object) -> Path:
        """Find a file that the file names.

        Raises:
            ValueError: If it lies outside the file's folder, or does not exist.
        """
        folder = self.path.parent.resolve()
        found = (folder / str(relative)).resolve()
        if not found.is_relative_to(folder):
            message = f"{str(relative)!r} lies outside {str(folder)!r}; put it beside the file"
            raise ValueError(message)
        if not found.is_file():
            message = f"there is no file {str(relative)!r} in {str(folder)!r}"
            raise ValueError(message)
        return found


class _StrictLoader(yaml.SafeLoader):
    """Refuses a key that stands twice in one mapping."""

    @override
    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[Hashable, object]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                message = f"the key {key!r} stands twice"
                raise yaml.constructor.ConstructorError(
                    None, None, message, key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def _listed(names: frozenset[str]) -> str:
    return ", ".join(repr(name) for name in sorted(names))
