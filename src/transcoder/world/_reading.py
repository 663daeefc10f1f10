"""Read YAML strictly: no code, no key twice, no path out of its folder."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias, TypeVar

import yaml
from typing_extensions import override

from transcoder.errors import RecipeError, TranscoderError

Raw: TypeAlias = Mapping[str, object]
Found = TypeVar("Found")

_LARGEST_BYTES = 4 * 2**20
_MOST_NODES = 1_000_000


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
            raw = _construct(self.path.read_text(encoding="utf-8"))
        except OSError as error:
            raise RecipeError(
                str(self.path), [f"it cannot be read: {error.strerror}"]
            ) from error
        except (yaml.YAMLError, ValueError, RecursionError) as error:
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

    def inside(self, relative: object, *, is_folder: bool = False) -> Path:
        """Find a file or folder that the file names.

        Raises:
            ValueError: If it lies outside the file's folder, or does not exist.
        """
        folder = self.path.parent.resolve()
        found = (folder / str(relative)).resolve()
        if not found.is_relative_to(folder):
            message = f"{str(relative)!r} lies outside {str(folder)!r}; put it beside the file"
            raise ValueError(message)
        if not (found.is_dir() if is_folder else found.is_file()):
            kind = "folder" if is_folder else "file"
            message = f"there is no {kind} {str(relative)!r} in {str(folder)!r}"
            raise ValueError(message)
        return found


def _construct(text: str) -> object:
    loader = _StrictLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return {}
        if _expanded(node, {}, set()) > _MOST_NODES:
            message = f"its aliases stand for more than {_MOST_NODES} values"
            raise yaml.YAMLError(message)
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _expanded(node: yaml.Node, known: dict[int, int], above: set[int]) -> int:
    """Count the values that a node stands for once its aliases are written out."""
    mark = id(node)
    if mark in above:
        message = "an alias stands inside of what it stands for"
        raise yaml.YAMLError(message)
    if mark not in known:
        above.add(mark)
        known[mark] = 1 + sum(_expanded(each, known, above) for each in _children(node))
        above.remove(mark)
    return known[mark]


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [each for pair in node.value for each in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


class _StrictLoader(yaml.SafeLoader):
    """Refuses merge keys, and a key that stands twice in one mapping."""

    @override
    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            name = (key.tag, str(key.value))
            if name in seen or key.tag == "tag:yaml.org,2002:merge":
                problem = "is a merge key" if name not in seen else "stands twice"
                message = f"the key {key.value!r} {problem}"
                raise yaml.constructor.ConstructorError(None, None, message, key.start_mark)
            seen.add(name)


def _listed(names: frozenset[str]) -> str:
    return ", ".join(repr(name) for name in sorted(names))
