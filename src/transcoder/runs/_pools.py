"""Rows without partners, from which few pairs may learn further ones."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from transcoder.adapters import Moments, Pools, are_few, end_of
from transcoder.data import StoredTensors
from transcoder.evaluation import mean_latents
from transcoder.runs._bureau import Bureau
from transcoder.runs._materials import Materials, Rows, Source, Workshop, blocks, spread
from transcoder.runs._soundness import content_keys
from transcoder.vocabulary import Route, Spec, Split

_JUDGING = (Split.VALIDATION, Split.TEST)

Part: TypeAlias = tuple[StoredTensors, Rows]
"""Stored latents, and which of their rows are meant."""


def maybe_pools(
    bureau: Bureau,
    sources: Mapping[str, Source],
    *,
    materials: Sequence[Materials],
    workshop: Workshop,
    training: Moments | None,
) -> Pools | None:
    """Gather rows without partners where pairs are few; None where no map is to be had of them.

    These are training rows whose partner is not to be known (`data.pairs`), and those of other
    datasets (`data.pools`). What equals a validation or test row at that end is left out.

    Args:
        bureau: What is at hand.
        sources: The rows of each dataset, those of the pools included.
        materials: Of each feed.
        workshop: What computes the routes of other datasets.
        training: Moments of the pairs, or None where there are none.
    """
    plan, say, most = bureau.plan, bureau.narrator.say, bureau.config.data.pool_rows
    own = [each for each in materials if len(each.pool)]
    routes = plan.source_pools, plan.target_pools
    if not own and not any(routes):
        return None
    if end_of(plan.target_spec).is_sequence:
        say("no self-learning: the positions of a sequence have no partners of their own")
        return None
    if training is not None and not are_few(training):
        dim = len(training.source_mean)
        say(f"no self-learning: {training.rows:,} pairs are many for {dim:,} numbers")
        return None

    def computed(several: Iterable[Route]) -> Iterator[Part]:
        for route in several:
            source = sources[route.dataset]
            stored, skipped = workshop.materialize(route, source.table), source.table.skipped
            yield stored, np.setdiff1d(source.rows[Split.TRAIN], list(skipped.rows))

    paired = [(each.target, each) for each in materials if each.target is not None]
    source = _vectors(
        plan.source_spec,
        [*((each.source, each.pool) for each in own), *computed(plan.source_pools)],
        [(each.source, each.rows[split]) for each in materials for split in _JUDGING],
        most,
    )
    target = _vectors(
        plan.target_spec,
        [*((each, some.pool) for each, some in paired), *computed(plan.target_pools)],
        [(each, some.rows[split]) for each, some in paired for split in _JUDGING],
        most,
    )
    say(f"rows without partners: {len(source):,} of the source, {len(target):,} of the target")
    if not len(source) or not len(target):
        say("no self-learning: it takes rows of both")
        return None
    order = np.random.default_rng(bureau.config.seed).permutation(len(target))
    return Pools(source, target[order])


def _vectors(
    spec: Spec, parts: Sequence[Part], judged: Sequence[Part], most: int
) -> NDArray[np.float32]:
    """Read one vector for each row that no judged row equals, at most so many, (row, dim)."""
    keys = [content_keys(*each) for each in judged]
    shunned = np.concatenate([np.empty(0, dtype=np.uint64), *keys])
    found = [np.empty((0, 0), dtype=np.float32)]
    for stored, rows in parts:
        fresh = rows[~np.isin(content_keys(stored, rows), shunned)]
        found += [
            mean_latents(stored.take(piece), spec).astype(np.float32) for piece in blocks(fresh)
        ]
    filled = [each for each in found if len(each)] or found
    vectors = np.concatenate(filled)
    return vectors[spread(np.arange(len(vectors)), most)]
