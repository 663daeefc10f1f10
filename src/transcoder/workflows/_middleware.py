"""The one facade that applications program against."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import final

from transcoder.errors import UnknownNameError
from transcoder.planner import Preference, find_opportunities, find_path
from transcoder.registry import Commit, Registry, Transaction
from transcoder.serving import Converter
from transcoder.vocabulary import (
    Catalog,
    EdgePath,
    JsonValue,
    Modality,
    Opportunity,
    Segment,
    Value,
)
from transcoder.workflows._apply import apply_world
from transcoder.workflows._describe import describe_catalog

ALLOWED = ("transcoder.oracles",)
"""Modules whose oracles run unless the caller says otherwise."""


@final
class Middleware:
    """A registry with everything that can be asked of it, in one process.

    Args:
        registry: Where models, modalities, oracles and datasets are kept.
        allow: Modules whose oracles may run.
    """

    def __init__(self, registry: Registry, *, allow: Sequence[str] = ALLOWED) -> None:
        self._registry = registry
        self._allow = tuple(allow)
        self._serving: tuple[int, Converter] | None = None

    @classmethod
    def open(
        cls, url: str | Path, *, create: bool = False, allow: Sequence[str] = ALLOWED
    ) -> "Middleware":
        """Open the registry in a folder.

        Args:
            url: The folder.
            create: Whether to make it if it does not exist.
            allow: Modules whose oracles may run.

        Raises:
            StorageError: If there is no registry and none is to be made.
        """
        return cls(Registry.open(Path(url), create=create), allow=allow)

    @property
    def catalog(self) -> Catalog:
        """All that is registered now."""
        return self._registry.catalog()

    def start_transaction(self) -> Transaction:
        """Begin to stage changes; `commit()` makes all of them visible, or none."""
        return self._registry.start_transaction()

    def apply(self, world: Path) -> Commit:
        """Register all that a world file declares, in one transaction."""
        return apply_world(self._registry, world)

    def get_info(self) -> Mapping[str, JsonValue]:
        """Everything registered, in plain values."""
        return describe_catalog(self.catalog)

    def get_model(
        self,
        model: str,
        source: str | None = None,
        target: str | None = None,
        version: int | None = None,
    ) -> tuple[Segment, bytes]:
        """Find one segment of a model, and its ONNX file.

        Args:
            model: The id.
            source: Needed where the model has several segments.
            target: Likewise.
            version: The current one if it is not given.

        Raises:
            UnknownNameError: If none, or more than one, answers to that.
        """
        every = [each for versions in self.catalog.segments.values() for each in versions]
        found = [
            each
            for each in every
            if each.name == model
            and each.is_runnable
            and source in {None, str(each.source)}
            and target in {None, str(each.target)}
            and (each.is_current if version is None else each.version == version)
        ]
        if len(found) != 1:
            asked = (
                f"{model}: {source or '?'} -> {target or '?'} version {version or 'current'}"
            )
            raise UnknownNameError("single segment", asked, {str(each.key) for each in every})
        return found[0], self._registry.blob(str(found[0].digest))

    def get_path(
        self,
        source: str,
        target: str,
        pieces: Sequence[str] = (),
        preference: Preference | None = None,
    ) -> EdgePath:
        """Find the best path between two modalities.

        Args:
            source: Such as `text<en>`.
            target: Such as `speech<en>`.
            pieces: Models, oracles or modalities that must be on it, in any order.
            preference: What counts as best.

        Raises:
            NoPathError: If there is none; it says which transcoder would make one.
        """
        return find_path(
            self.catalog,
            Modality.parse(source),
            Modality.parse(target),
            pieces=pieces,
            preference=preference or Preference(),
        )

    def get_training_opportunities(self, source: str, target: str) -> tuple[Opportunity, ...]:
        """Find every way to train the transcoder between two latents, best first."""
        return find_opportunities(self.catalog, Modality.parse(source), Modality.parse(target))

    def convert(self, value: Value, path: EdgePath) -> Value:
        """Take one value along a path."""
        return self._converter.convert(value, path)

    def convert_many(self, values: Iterable[Value], path: EdgePath) -> Iterator[Value]:
        """Take values along a path, in order."""
        return self._converter.convert_many(values, path)

    def close(self) -> None:
        """End the processes of oracles."""
        if self._serving is not None:
            self._serving[1].close()
            self._serving = None

    @property
    def _converter(self) -> Converter:
        catalog = self.catalog
        if self._serving is None or self._serving[0] != catalog.revision:
            self.close()
            converter = Converter(catalog, self._registry.blob, allow=self._allow)
            self._serving = (catalog.revision, converter)
        return self._serving[1]
