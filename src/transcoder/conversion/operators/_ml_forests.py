"""Trees as they stood in files before TreeEnsemble; all rows walk down all trees at once.

See https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleRegressor.html and
https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleClassifier.html. They have no gradient.
Of two labels with one score, the score of the first is what ONNX Runtime gives.
"""

# ruff: noqa: PLR0913, PLR0917  # a kernel has the inputs and attributes that ONNX gives it

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from transcoder.conversion.operators._handler import Handler
from transcoder.conversion.operators._ml_features import DOMAIN
from transcoder.conversion.operators._ml_models import (
    TRANSFORMS,
    Labels,
    chosen,
    of_two,
    say_transform,
)

Numbers = tuple[float, ...]
Ids = tuple[int, ...]

_MODES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "BRANCH_LEQ": torch.le, "BRANCH_LT": torch.lt, "BRANCH_GTE": torch.ge,
    "BRANCH_GT": torch.gt, "BRANCH_EQ": torch.eq, "BRANCH_NEQ": torch.ne,
}  # fmt: skip
_LEAF = "LEAF"
_HALF = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class _Forest:
    """Where each node leads, (node) each; a leaf leads to itself.

    Attributes:
        features: Which feature it reads.
        modes: How it compares, a place among `_MODES`.
        splits: With what it compares.
        missing: Whether a missing feature leads to the true side.
        sides: The false side, then the true one, (2, node).
        roots: The first node of each tree, (tree).
    """

    features: Tensor
    modes: Tensor
    splits: Tensor
    missing: Tensor
    sides: Tensor
    roots: Tensor

    def leaves(self, value: Tensor) -> Tensor:
        """Walk rows (row, feature) down to their leaves, (row, tree)."""
        place = self.roots.expand(len(value), -1)
        following = self._step(value, place)
        while not torch.equal(place, following):
            place, following = following, self._step(value, following)
        return place

    def _step(self, value: Tensor, place: Tensor) -> Tensor:
        read, split = value.gather(1, self.features[place]), self.splits[place]
        mode = self.modes[place]
        yes = self.missing[place] & torch.isnan(read)
        for number, compare in enumerate(_MODES.values()):
            yes = yes | ((mode == number) & compare(read, split))
        return self.sides[yes.long(), place]


def _planted(
    device: torch.device, trees: Ids, nodes: Ids, features: Ids, modes: tuple[str, ...],
    splits: Numbers | Tensor, sides: tuple[Ids, Ids], missing: Ids | None,
) -> _Forest:  # fmt: skip
    place_of = {key: at for at, key in enumerate(zip(trees, nodes, strict=True))}
    is_leaf = [mode == _LEAF for mode in modes]
    led = [
        [at if leaf else place_of[tree, node]
         for at, (leaf, tree, node) in enumerate(zip(is_leaf, trees, side, strict=True))]
        for side in sides
    ]  # fmt: skip
    roots = [at for at, tree in enumerate(trees) if tree not in trees[:at][-1:]]
    order = {mode: number for number, mode in enumerate(_MODES)}
    return _Forest(
        torch.tensor(features, device=device),
        torch.tensor([order.get(mode, 0) for mode in modes], device=device),
        torch.as_tensor(splits, device=device),
        torch.tensor(missing or (0,) * len(nodes), device=device) > 0,
        torch.tensor(led, device=device),
        torch.tensor(roots, device=device),
    )


def _ballots(
    forest: _Forest, place_of: Mapping[tuple[int, int], int], keys: Sequence[tuple[int, int]],
    ids: Ids, weights: Numbers | Tensor, count: int,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Give what each node adds to each target, and whether it adds, (node, target) both."""
    given = torch.as_tensor(weights, device=forest.roots.device)
    table = given.new_zeros((len(place_of), count))
    rows = torch.tensor([place_of[key] for key in keys], device=given.device)
    columns = torch.tensor(ids, device=given.device)
    table.index_put_((rows, columns), given, accumulate=True)
    adds = torch.zeros_like(table, dtype=torch.bool)
    adds[rows, columns] = True
    return table, adds


def _joined(votes: Tensor, adds: Tensor, how: str) -> Tensor:
    """Join votes (row, tree, target) over trees."""
    if how in {"SUM", "AVERAGE"}:
        total = votes.sum(1)
        return total / votes.shape[1] if how == "AVERAGE" else total
    away = torch.inf if how == "MIN" else -torch.inf
    kept = torch.where(adds, votes, away)
    best = kept.amin(1) if how == "MIN" else kept.amax(1)
    return torch.where(adds.any(1), best, torch.zeros_like(best))


def _first(*given: Numbers | Tensor | None) -> Numbers | Tensor:
    return next((each for each in given if each is not None), ())


def _asked(
    value: Tensor, forest: _Forest, *, keys: tuple[Ids, Ids, Ids],
    weights: Numbers | Tensor, nodes: tuple[Ids, Ids], base: Numbers | Tensor, count: int,
    how: str = "SUM",
) -> Tensor:  # fmt: skip
    """Ask all trees, to (row, target)."""
    place_of = {key: at for at, key in enumerate(zip(*nodes, strict=True))}
    owners = list(zip(*keys[:2], strict=True))
    table, adds = _ballots(forest, place_of, owners, keys[2], weights, count)
    leaves = forest.leaves(value)
    result = _joined(table[leaves], adds[leaves], how)
    start = torch.as_tensor(base, device=value.device, dtype=result.dtype)
    return result + start if start.numel() else result


def regress_by_trees(
    value: Tensor, *, nodes_falsenodeids: Ids, nodes_featureids: Ids,
    nodes_modes: tuple[str, ...], nodes_nodeids: Ids, nodes_treeids: Ids,
    nodes_truenodeids: Ids, target_ids: Ids, target_nodeids: Ids, target_treeids: Ids,
    aggregate_function: str = "SUM",
    base_values: Numbers | None = None, base_values_as_tensor: Tensor | None = None,
    n_targets: int = 1, nodes_hitrates: Numbers | None = None,
    nodes_hitrates_as_tensor: Tensor | None = None,
    nodes_missing_value_tracks_true: Ids | None = None, nodes_values: Numbers | None = None,
    nodes_values_as_tensor: Tensor | None = None, post_transform: str = "NONE",
    target_weights: Numbers | None = None, target_weights_as_tensor: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Ask trees: https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleRegressor.html."""
    del nodes_hitrates, nodes_hitrates_as_tensor
    forest = _planted(
        value.device, nodes_treeids, nodes_nodeids, nodes_featureids, nodes_modes,
        _first(nodes_values, nodes_values_as_tensor), (nodes_falsenodeids, nodes_truenodeids),
        nodes_missing_value_tracks_true,
    )  # fmt: skip
    result = _asked(
        value, forest, keys=(target_treeids, target_nodeids, target_ids),
        weights=_first(target_weights, target_weights_as_tensor),
        nodes=(nodes_treeids, nodes_nodeids),
        base=_first(base_values, base_values_as_tensor), count=n_targets,
        how=aggregate_function,
    )  # fmt: skip
    return TRANSFORMS[post_transform](result)


def classify_by_trees(
    value: Tensor, *, class_ids: Ids, class_nodeids: Ids, class_treeids: Ids,
    nodes_falsenodeids: Ids, nodes_featureids: Ids, nodes_modes: tuple[str, ...],
    nodes_nodeids: Ids, nodes_treeids: Ids, nodes_truenodeids: Ids,
    base_values: Numbers | None = None, base_values_as_tensor: Tensor | None = None,
    class_weights: Numbers | None = None, class_weights_as_tensor: Tensor | None = None,
    classlabels_int64s: Ids | None = None, classlabels_strings: tuple[str, ...] | None = None,
    nodes_hitrates: Numbers | None = None, nodes_hitrates_as_tensor: Tensor | None = None,
    nodes_missing_value_tracks_true: Ids | None = None, nodes_values: Numbers | None = None,
    nodes_values_as_tensor: Tensor | None = None, post_transform: str = "NONE",
) -> tuple[Labels, Tensor]:  # fmt: skip
    """Ask trees: https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleClassifier.html."""
    del nodes_hitrates, nodes_hitrates_as_tensor
    forest = _planted(
        value.device, nodes_treeids, nodes_nodeids, nodes_featureids, nodes_modes,
        _first(nodes_values, nodes_values_as_tensor), (nodes_falsenodeids, nodes_truenodeids),
        nodes_missing_value_tracks_true,
    )  # fmt: skip
    weights = _first(class_weights, class_weights_as_tensor)
    count = len(classlabels_strings or classlabels_int64s or ())
    is_binary = count == 2 and len(set(class_ids)) == 1  # noqa: PLR2004  # one score for two
    ids = (0,) * len(class_ids) if is_binary else class_ids
    scores = _asked(
        value, forest, keys=(class_treeids, class_nodeids, ids), weights=weights,
        nodes=(nodes_treeids, nodes_nodeids), base=_first(base_values, base_values_as_tensor),
        count=1 if is_binary else count,
    )  # fmt: skip
    if is_binary:
        is_share = min(torch.as_tensor(weights).tolist(), default=0.0) >= 0
        places = (scores[:, 0] > (_HALF if is_share else 0.0)).long()
        transformed = of_two(scores, post_transform, is_share=is_share)
    else:
        places, transformed = scores.argmax(1), TRANSFORMS[post_transform](scores)
    return chosen(places, classlabels_int64s, classlabels_strings), transformed


HANDLERS: Mapping[str, Handler] = {
    "TreeEnsembleClassifier": Handler(
        classify_by_trees, many=True, check=say_transform, domain=DOMAIN
    ),
    "TreeEnsembleRegressor": Handler(regress_by_trees, check=say_transform, domain=DOMAIN),
}
