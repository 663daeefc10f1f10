"""One whole state of a registry, as plain nouns."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from transcoder.errors import UnknownNameError
from transcoder.vocabulary._dataset import Dataset, DatasetType
from transcoder.vocabulary._edge import Edge, Oracle, OracleType, Segment, SegmentKey
from transcoder.vocabulary._modality import Modality, ModalityType
from transcoder.vocabulary._spec import Spec


@dataclass(frozen=True, slots=True)
class ModalityEntry:
    """A modality that the registry knows.

    Attributes:
        modality: Its name; a standard latent carries its version.
        spec: What carries it, or None for content, which its type's payload carries.
        founder: The model whose segment defines the space of a standard latent.
        space: SHA-256 of that segment's file; None where nothing founds it.
    """

    modality: Modality
    spec: Spec | None = None
    founder: str | None = None
    space: str | None = None


@dataclass(frozen=True, slots=True)
class Catalog:
    """All that is registered at one revision.

    Attributes:
        revision: Counts the commits.
        modality_types: By name.
        modalities: By modality, versions of standard latents included.
        oracle_types: By name.
        oracles: By name.
        dataset_types: By name.
        datasets: By name.
        segments: All versions of each key, in order of version.
    """

    revision: int = 0
    modality_types: Mapping[str, ModalityType] = field(default_factory=dict)
    modalities: Mapping[Modality, ModalityEntry] = field(default_factory=dict)
    oracle_types: Mapping[str, OracleType] = field(default_factory=dict)
    oracles: Mapping[str, Oracle] = field(default_factory=dict)
    dataset_types: Mapping[str, DatasetType] = field(default_factory=dict)
    datasets: Mapping[str, Dataset] = field(default_factory=dict)
    segments: Mapping[SegmentKey, tuple[Segment, ...]] = field(default_factory=dict)

    def resolve(self, modality: Modality) -> Modality:
        """Give an open standard latent its newest version.

        Raises:
            UnknownNameError: If the modality is not registered.
        """
        if modality in self.modalities:
            return modality
        if modality.is_standard_latent and modality.version is None:
            versions = [each for each in self.modalities if each.name == modality.name]
            if versions:
                return max(versions, key=lambda each: each.version or 0)
        raise UnknownNameError("modality", str(modality), map(str, self.modalities))

    def entry(self, modality: Modality) -> ModalityEntry:
        """Find a modality.

        Raises:
            UnknownNameError: If it is not registered.
        """
        return self.modalities[self.resolve(modality)]

    def spec(self, modality: Modality) -> Spec:
        """Find what carries a tensor modality.

        Raises:
            UnknownNameError: If it is not registered, or carried by a payload.
        """
        spec = self.entry(modality).spec
        if spec is None:
            carried = (str(each) for each, entry in self.modalities.items() if entry.spec)
            raise UnknownNameError("tensor modality", str(modality), carried)
        return spec

    def modality_type(self, modality: Modality) -> ModalityType:
        """Find the family of a modality; a latent without one of its own is a bare family."""
        return self.modality_types.get(modality.name) or ModalityType(modality.name)

    def dataset(self, name: str) -> Dataset:
        """Find a dataset.

        Raises:
            UnknownNameError: If there is none of that name.
        """
        if name not in self.datasets:
            raise UnknownNameError("dataset", name, self.datasets)
        return self.datasets[name]

    def without(self, names: Collection[str]) -> Self:
        """Leave out oracles and models.

        Args:
            names: Of oracles, and ids of models.

        Raises:
            UnknownNameError: If there is none of a name.
        """
        known = {*self.oracles, *(key.model for key in self.segments)}
        for name in names:
            if name not in known:
                raise UnknownNameError("oracle or model", name, known)
        oracles = {name: each for name, each in self.oracles.items() if name not in names}
        segments = {key: each for key, each in self.segments.items() if key.model not in names}
        return replace(self, oracles=oracles, segments=segments)

    def current(self, key: SegmentKey) -> Segment | None:
        """Find the version that paths take; None where the key has none."""
        return next((each for each in self.segments.get(key, ()) if each.is_current), None)

    def find_current(self) -> Iterator[Segment]:
        """All current segments in order of name, source and target."""
        for key in sorted(self.segments, key=str):
            segment = self.current(key)
            if segment is not None:
                yield segment

    def find_edges(self) -> Iterator[Edge]:
        """Everything that can be walked: runnable current segments, then oracles."""
        yield from (each for each in self.find_current() if each.is_runnable)
        for name in sorted(self.oracles):
            yield self.oracles[name]
