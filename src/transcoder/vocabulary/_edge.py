"""What leads from one modality to another: segments and oracles, alone and in sequence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from typing_extensions import override

from transcoder.vocabulary._digest import JsonValue, digest_of
from transcoder.vocabulary._modality import Modality
from transcoder.vocabulary._score import Score
from transcoder.vocabulary._spec import Signature


class SegmentKind(StrEnum):
    """Whether a segment is a piece of a network or joins two; stored, never inferred."""

    SEGMENT = "segment"
    TRANSCODER = "transcoder"


@dataclass(frozen=True, slots=True)
class SegmentKey:
    """What all versions of a segment have in common."""

    model: str
    source: Modality
    target: Modality

    @override
    def __hash__(self) -> int:
        """In one step; see `Modality`."""
        source, target = self.source, self.target
        ends = (source.name, source.arguments, target.name, target.arguments)
        return hash((self.model, ends))

    @override
    def __str__(self) -> str:
        return f"{self.model}: {self.source} -> {self.target}"


@dataclass(frozen=True, slots=True)
class Segment:
    """One version of a differentiable edge `A -> [M] -> B`; immutable but for `is_current`.

    Attributes:
        key: Model, source and target.
        version: Counts from 1 within the key.
        kind: Piece of a network, or transcoder.
        digest: SHA-256 of the ONNX file, or None for a transcoder that is yet to be trained.
        signature: What the file takes and gives; None where there is no file.
        names: From a tensor's name in the specs to its name in the graph, where they differ.
            A key may say which side it means, `source.hidden` or `target.hidden`, and then
            wins over the bare `hidden`, which means both.
        licence: SPDX identifier, or empty where unknown.
        origin: Where the file comes from, for people.
        scores: How good it was when it was registered.
        lineage: How it was made: recipe, seed, digests, package versions.
        is_current: Whether paths take this version.
    """

    key: SegmentKey
    version: int = 1
    kind: SegmentKind = SegmentKind.SEGMENT
    digest: str | None = None
    signature: Signature | None = None
    names: Mapping[str, str] = field(default_factory=dict, hash=False)
    licence: str = ""
    origin: str = ""
    scores: tuple[Score, ...] = ()
    lineage: Mapping[str, JsonValue] = field(default_factory=dict, hash=False)
    is_current: bool = True

    @property
    def name(self) -> str:
        """The model, for people."""
        return self.key.model

    @property
    def source(self) -> Modality:
        """Where the edge begins."""
        return self.key.source

    @property
    def target(self) -> Modality:
        """Where the edge ends."""
        return self.key.target

    @property
    def is_transcoder(self) -> bool:
        """Whether it was registered as a transcoder."""
        return self.kind is SegmentKind.TRANSCODER

    @property
    def is_runnable(self) -> bool:
        """Whether there is a file to run."""
        return self.digest is not None

    def input_name(self, tensor: str) -> str:
        """Find what the graph calls its input that a tensor of the source's spec serves.

        >>> key = SegmentKey("M", Modality.parse("{A}"), Modality.parse("{B}"))
        >>> Segment(key, names={"hidden": "h", "source.hidden": "x"}).input_name("hidden")
        'x'
        """
        return self.names.get(f"source.{tensor}", self.names.get(tensor, tensor))

    def output_name(self, tensor: str) -> str:
        """Find what the graph calls its output that gives a tensor of the target's spec.

        >>> key = SegmentKey("M", Modality.parse("{A}"), Modality.parse("{B}"))
        >>> Segment(key, names={"target.hidden": "y"}).output_name("hidden")
        'y'
        """
        return self.names.get(f"target.{tensor}", self.names.get(tensor, tensor))

    def maybe_score(self, name: str) -> Score | None:
        """Find one of the scores by name."""
        return next((score for score in self.scores if score.name == name), None)

    @override
    def __str__(self) -> str:
        return f"{self.source} -> [{self.name}] -> {self.target}"


class Exactness(StrEnum):
    """Whether pairs made through an oracle are as good as real ones."""

    EXACT = "exact"
    SYNTHETIC = "synthetic"


@dataclass(frozen=True, slots=True)
class OracleType:
    """What a family of oracles promises, with variables: `text<L> => speech<L>`."""

    name: str
    source: Modality
    target: Modality
    exactness: Exactness = Exactness.EXACT


@dataclass(frozen=True, slots=True)
class Oracle:
    """One black-box edge `A => [O] => B`; no gradient passes.

    Attributes:
        name: Unique in the registry.
        type: The oracle type that it keeps.
        source: The type's source with all variables bound.
        target: The type's target with all variables bound.
        exactness: As its type says.
        entry_point: `module:Class`; called with the parameters, then with lists of values.
        version: Part of the identity: another version may give other values.
        parameters: Keyword arguments of the entry point, JSON values.
        licence: SPDX identifier of what runs, or empty where unknown.
    """

    name: str
    type: str
    source: Modality
    target: Modality
    exactness: Exactness
    entry_point: str
    version: str
    parameters: Mapping[str, JsonValue] = field(default_factory=dict, hash=False)
    licence: str = ""

    @property
    def digest(self) -> str:
        """Identity of what it computes: code, version and parameters."""
        return digest_of([self.entry_point, self.version, self.parameters])

    @override
    def __str__(self) -> str:
        return f"{self.source} => [{self.name}] => {self.target}"


Edge: TypeAlias = Segment | Oracle
"""One step of a path."""


@dataclass(frozen=True, slots=True)
class EdgePath:
    """A sequence of edges, each beginning where the last one ended.

    Attributes:
        source: Where it begins; where it also ends if there are no edges.
        edges: In order.
    """

    source: Modality
    edges: tuple[Edge, ...] = ()

    @property
    def target(self) -> Modality:
        """Where it ends."""
        return self.edges[-1].target if self.edges else self.source

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """All stations, source and target included."""
        return (self.source, *(edge.target for edge in self.edges))

    @property
    def is_differentiable(self) -> bool:
        """Whether gradients pass from its end to its beginning."""
        return all(isinstance(edge, Segment) for edge in self.edges)

    def then(self, following: "EdgePath") -> "EdgePath":
        """Walk this path, then the other, which begins where this one ends."""
        return EdgePath(self.source, (*self.edges, *following.edges))

    @override
    def __str__(self) -> str:
        text = str(self.source)
        for edge in self.edges:
            arrow = "->" if isinstance(edge, Segment) else "=>"
            text += f" {arrow} [{edge.name}] {arrow} {edge.target}"
        return text
