"""Fit encoders into a new latent and decoders out of it, for several networks together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from transcoder.adapters import Moments, Statistics, end_of, fit_ridge
from transcoder.data import StoredTensors
from transcoder.errors import RecipeError
from transcoder.evaluation import Familiarity
from transcoder.export import export_adapter
from transcoder.recipe import RunConfig
from transcoder.runs._candidates import Candidate, make_candidate
from transcoder.runs._fitting import adapter_settings, fit_settings, order_of
from transcoder.runs._hub import network_of
from transcoder.runs._materials import Source
from transcoder.runs._narration import Narrator
from transcoder.sessions import Runner
from transcoder.training import (
    Feed,
    HubNet,
    LatentDataModule,
    Member,
    Start,
    fit_adapter,
    hub_graph,
    hub_parts,
    make_core,
)
from transcoder.vocabulary import (
    EdgePath,
    Modality,
    ModalityEntry,
    Route,
    SegmentKey,
    Split,
)

_BLOCK = 4096
_FEED = "rows"
Vectors = NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """What a hub is learnt from.

    Attributes:
        config: What was asked.
        hub: The latent that is to be, its space the run's identity.
        routes: From a column to each member.
        source: The rows.
        stored: The latents of each member.
        runner: Runs files; knows the hub.
        folder: The run's own.
    """

    config: RunConfig
    hub: ModalityEntry
    routes: Sequence[Route]
    source: Source
    stored: Sequence[StoredTensors]
    runner: Runner
    folder: Path

    @property
    def members(self) -> list[Modality]:
        """The latents that are joined."""
        return [each.path.target for each in self.routes]

    def vectors(self, place: int, rows: NDArray[np.int64]) -> Vectors:
        """Read latents of a member, (row, dim)."""
        name = end_of(self.runner.catalog.spec(self.members[place])).name
        read: Vectors = np.asarray(self.stored[place].take(rows)[name])
        return read

    def blocks(self, split: Split) -> Iterator[NDArray[np.int64]]:
        """Give the rows of a split in pieces."""
        rows = self.source.rows[split]
        return (rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK))


@dataclass(frozen=True, slots=True, eq=False)
class Halves:
    """What leads from a member to the hub and back.

    Attributes:
        member: The latent.
        encoder: From it to the hub.
        decoder: From the hub to it.
    """

    member: Modality
    encoder: Candidate
    decoder: Candidate


def fit_hub(joint: Joint, narrator: Narrator) -> list[Halves]:
    """Fit all encoders and decoders together, and export each as a file.

    They begin as ridge maps to and from the liveliest directions of all members' standardised
    latents side by side (the MAXVAR form of Kettenring 1971, "Canonical analysis of several
    sets of variables", Biometrika 58, without its whitening).

    Raises:
        RecipeError: If the hub is to have more numbers than all members together.
    """
    config, hub_spec = joint.config, joint.hub.spec
    if hub_spec is None:
        message = "a hub without a spec"
        raise TypeError(message)
    shared = _Shared.of(joint)
    members = [_member(joint, place, shared) for place in range(len(joint.members))]
    stored = {each.name: part for each, part in zip(members, joint.stored, strict=True)}
    width = end_of(hub_spec).dim
    feed = Feed(
        _FEED,
        hub_parts(members, stored, width),
        order_of(config, joint.source),
        joint.source.rows[Split.VALIDATION],
    )
    graph = hub_graph(
        members,
        end_of(hub_spec).name,
        feed=_FEED,
        agreement=config.weights.agreement,
        cycle=config.weights.cycle,
    )
    fitted = fit_adapter(
        graph,
        LatentDataModule([feed], batch_size=config.data.batch_size),
        settings=fit_settings(config),
        run_dir=joint.folder,
        progress=narrator.is_watched,
    )
    narrator.say(
        f"{fitted.steps:,} steps, best validation loss {fitted.best_loss:.4f}; "
        f"curves and checkpoints in {str(joint.folder)!r}"
    )
    if not isinstance(fitted.adapter, HubNet):
        message = f"{type(fitted.adapter).__name__} is no hub"
        raise TypeError(message)
    return [_halves(joint, place, fitted.adapter) for place in range(len(members))]


@dataclass(frozen=True, slots=True, eq=False)
class _Shared:
    """Where the hub begins: a map from all members' latents side by side."""

    joint: Joint
    mean: Vectors
    axes: Vectors

    @classmethod
    def of(cls, joint: Joint) -> "_Shared":
        moments = Moments.of((each, each) for each in _side_by_side(joint, Split.TRAIN))
        scale = Statistics.of(moments).source_scale
        correlations = moments.source_products / moments.rows / scale / scale[:, None]
        values, axes = np.linalg.eigh(correlations)
        width = joint.config.hub_dim or 0
        if width > len(values):
            fault = f"hub_dim={width} is more than the {len(values)} of all networks together"
            raise RecipeError(joint.config.name, [fault])
        kept = np.maximum(values[-width:], values[-1] * 1e-9)
        return cls(
            joint, moments.source_mean, axes[:, -width:] / np.sqrt(kept) / scale[:, None]
        )

    def pairs(self, place: int, split: Split) -> Iterator[tuple[Vectors, Vectors]]:
        """Give a member's latents beside what the hub begins with, block by block."""
        for rows in self.joint.blocks(split):
            everyone = range(len(self.joint.members))
            whole = np.concatenate(
                [self.joint.vectors(each, rows) for each in everyone], axis=1
            )
            yield self.joint.vectors(place, rows), (whole - self.mean) @ self.axes


def _side_by_side(joint: Joint, split: Split) -> Iterator[Vectors]:
    for rows in joint.blocks(split):
        everyone = range(len(joint.members))
        yield np.concatenate([joint.vectors(each, rows) for each in everyone], axis=1)


def _member(joint: Joint, place: int, shared: _Shared) -> Member:
    into = [Moments.of(shared.pairs(place, split)) for split in (Split.TRAIN, Split.VALIDATION)]
    out = [
        Moments.of((inner, outer) for outer, inner in shared.pairs(place, split))
        for split in (Split.TRAIN, Split.VALIDATION)
    ]
    latent = joint.members[place]
    own = joint.runner.catalog.spec(latent)
    hub = joint.runner.catalog.spec(joint.hub.modality)
    settings = adapter_settings(joint.config.adapter)
    seed = joint.config.seed

    starts = [
        Start(fit_ridge(*moments), Statistics.of(moments[0]), 1_000 * seed + 2 * place + number)
        for number, moments in enumerate((into, out))
    ]
    return Member(
        str(latent),
        end_of(own).name,
        starts[1].statistics.target_variance,
        make_core(settings, own, hub, start=starts[0]),
        make_core(settings, hub, own, start=starts[1]),
    )


def _halves(joint: Joint, place: int, net: HubNet) -> Halves:
    latent, hub = joint.members[place], joint.hub.modality
    catalog = joint.runner.catalog
    own, shared = catalog.spec(latent), catalog.spec(hub)
    rows = joint.source.rows[Split.VALIDATION]
    outer = {end_of(own).name: joint.vectors(place, rows[:8])}
    into = export_adapter(net.encoders[place], own, shared, example=outer)
    name, centre = network_of(latent), network_of(hub)
    training = Moments.of((each, each) for each in _latents(joint, place, Split.TRAIN))
    encoder = make_candidate(
        joint.config.adapter.kind,
        into,
        key=SegmentKey(f"{name}_to_{centre}", latent, hub),
        runner=joint.runner,
        familiarity=familiar(training, joint.vectors(place, rows)),
    )
    chosen = _encoded(joint, encoder, place, Split.VALIDATION)
    inner = _encoded(joint, encoder, place, Split.TRAIN)
    example = {end_of(shared).name: chosen[:8].astype(np.float32)}
    decoder = make_candidate(
        joint.config.adapter.kind,
        export_adapter(net.decoders[place], shared, own, example=example),
        key=SegmentKey(f"{centre}_to_{name}", hub, latent),
        runner=joint.runner,
        familiarity=familiar(Moments.of([(inner, inner)]), chosen),
    )
    return Halves(latent, encoder, decoder)


def _latents(joint: Joint, place: int, split: Split) -> Iterator[Vectors]:
    return (joint.vectors(place, rows) for rows in joint.blocks(split))


def _encoded(joint: Joint, encoder: Candidate, place: int, split: Split) -> Vectors:
    """Run the exported encoder over a split, (row, hub dim)."""
    catalog, latent = joint.runner.catalog, joint.members[place]
    own, shared = (end_of(catalog.spec(each)).name for each in (latent, joint.hub.modality))
    rows = joint.vectors(place, joint.source.rows[split])
    path = EdgePath(latent, (encoder.segment,))
    made = joint.runner.run(path, [{own: row} for row in rows])
    return np.array([each[shared] for each in made if isinstance(each, Mapping)])


def familiar(training: Moments, validation: Vectors) -> Familiarity:
    """Describe where vectors lie that a file was fitted on."""
    return Familiarity.fit(
        training.rows,
        training.source_mean,
        training.source_products,
        validation=np.asarray(validation, dtype=np.float64),
    )
