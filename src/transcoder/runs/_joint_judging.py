"""Judge every way from network to network through a hub, and register its halves."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from transcoder.errors import NoPathError, UnknownNameError
from transcoder.evaluation import Bootstrap, Judgement
from transcoder.planner import find_judged_chains, find_path
from transcoder.registry import Registry
from transcoder.runs._identity import choices_of, package_versions
from transcoder.runs._joint_fit import Halves, Joint
from transcoder.runs._judging import Bench, Sitting
from transcoder.runs._tables import plain_score, shown_score
from transcoder.vocabulary import (
    Catalog,
    EdgePath,
    JsonValue,
    JudgedChain,
    Modality,
    Score,
    Split,
)
from transcoder.workflows import measured_score

_RETENTION = "retention"
Vectors = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """From one network's latent to another's.

    Attributes:
        source: Where it begins.
        target: Where it ends.
        through: Scores by the hub, by name, of validation and test rows.
        before: Those of what transcoders were there before; empty without any.
    """

    source: Modality
    target: Modality
    through: Mapping[str, Score]
    before: Mapping[str, Score]


def judge_ways(joint: Joint, halves: Sequence[Halves], before: Catalog) -> list[Way]:
    """Judge each pair of an encoder and another network's decoder, as exported files.

    Args:
        joint: What the hub was learnt from.
        halves: Of each member.
        before: What was registered before, to be compared with.
    """
    return [
        _judged(joint, halves[start], halves[goal], (start, goal), before)
        for start, goal in permutations(range(len(halves)), 2)
    ]


def _judged(
    joint: Joint, first: Halves, second: Halves, places: tuple[int, int], before: Catalog
) -> Way:
    bench = _bench(joint, places)
    path = EdgePath(first.member, (first.encoder.segment, second.decoder.segment))
    present = _maybe_present(before, first.member, second.member)
    judged = [
        _scores(bench.judge_path(name, each, split) for split in (Split.VALIDATION, Split.TEST))
        if each is not None
        else {}
        for name, each in (("hub", path), ("before", present))
    ]
    return Way(first.member, second.member, *judged)


def _bench(joint: Joint, places: tuple[int, int]) -> Bench:
    start, goal = places
    catalog, members = joint.runner.catalog, joint.members
    training = joint.vectors(goal, joint.source.rows[Split.TRAIN])
    mean: Vectors = np.asarray(training.mean(axis=0), dtype=np.float64)
    sitting = Sitting(
        joint.source,
        joint.stored[start],
        joint.stored[goal],
        catalog.spec(members[goal]),
        _chains(catalog, joint, places),
    )
    draws = Bootstrap(joint.config.resamples, joint.config.seed)
    return Bench(sitting, joint.runner, bootstrap=draws, train_mean=mean)


def _chains(catalog: Catalog, joint: Joint, places: tuple[int, int]) -> list[JudgedChain]:
    route, other = (joint.routes[place] for place in places)
    found = find_judged_chains(catalog, route.path.target, other.path.target, route.dataset)
    return [replace(each, before=route.path) for each in found if each.column == route.column]


def _maybe_present(before: Catalog, source: Modality, target: Modality) -> EdgePath | None:
    """Find the way by transcoders alone that was there already."""
    plain = {
        key: versions for key, versions in before.segments.items() if versions[0].is_transcoder
    }
    try:
        return find_path(replace(before, oracles={}, segments=plain), source, target)
    except (NoPathError, UnknownNameError):
        return None


def _scores(judged: Iterator[Judgement]) -> dict[str, Score]:
    return {score.name: score for each in judged for score in each.scores}


def register_hub(
    registry: Registry, joint: Joint, halves: Sequence[Halves], ways: Sequence[Way]
) -> None:
    """Register the hub's latent and all that leads to it and from it, in one transaction.

    Paths multiply the retention of what they take, so that a half has the square root of the
    mean retention of the ways that it is part of.
    """
    lineage = _lineage(joint, ways)
    with registry.transaction(f"hub {joint.hub.modality}") as transaction:
        transaction.put(joint.hub)
        for each in halves:
            mine = [way for way in ways if way.source == each.member]
            other = [way for way in ways if way.target == each.member]
            for candidate, part in ((each.encoder, mine), (each.decoder, other)):
                catalog, segment = joint.runner.catalog, candidate.segment
                specs = catalog.spec(segment.source), catalog.spec(segment.target)
                latency = measured_score(segment, candidate.onnx, specs)
                transaction.put_segment(
                    replace(
                        segment,
                        scores=(*_half_scores(part), latency),
                        lineage=lineage,
                        origin=f"recipe {joint.config.name}",
                    ),
                    candidate.onnx,
                )


def _half_scores(ways: Sequence[Way]) -> Iterator[Score]:
    for split in (Split.VALIDATION, Split.TEST):
        name = f"{split}/{_RETENTION}"
        found = [way.through[name] for way in ways if name in way.through]
        if found:
            mean = float(np.mean([max(each.value, 0.0) for each in found]))
            yield Score(name, sqrt(mean), found[0].rows, None)


def _lineage(joint: Joint, ways: Sequence[Way]) -> Mapping[str, JsonValue]:
    told: dict[str, JsonValue] = {
        f"{way.source} -> {way.target}": {
            name: list(plain_score(score)) for name, score in way.through.items()
        }
        for way in ways
    }
    return {
        "run": str(joint.hub.space),
        "recipe": joint.config.name,
        "seed": joint.config.seed,
        "choices": choices_of(joint.config),
        "dataset": joint.routes[0].dataset,
        "fingerprints": [joint.source.table.fingerprint],
        "routes": [str(each) for each in joint.routes],
        "ways": told,
        "packages": package_versions(),
    }


def ways_table(hub: Modality, ways: Sequence[Way]) -> Table:
    """Show how good each way is, beside what transcoders were there before."""
    heads = ("from", "to", "R²", "native", "retention", "before: R²", "before: retention")
    table = Table(*heads, title=f"through {hub}, test rows")
    for way in ways:
        shown = [
            _shown(scores, name)
            for scores, names in (
                (way.through, ("r2", "native", _RETENTION)),
                (way.before, ("r2", _RETENTION)),
            )
            for name in names
        ]
        table.add_row(str(way.source), str(way.target), *shown)
    return table


def _shown(scores: Mapping[str, Score], name: str) -> str:
    score = scores.get(f"{Split.TEST}/{name}")
    return shown_score(plain_score(score) if score is not None else None, name)
