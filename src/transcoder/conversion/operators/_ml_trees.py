"""Ensembles of trees: all rows walk down all trees at once; they have no gradient.

See https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsemble.html.
"""

# ruff: noqa: PLR0913  # a kernel has the inputs and attributes that ONNX gives it

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from transcoder.conversion.operators._handler import Handler
from transcoder.conversion.operators._ml_features import DOMAIN

_MEMBER = 6
_COMPARE: tuple[Callable[[Tensor, Tensor], Tensor], ...] = (
    torch.le, torch.lt, torch.ge, torch.gt, torch.eq, torch.ne,
)  # fmt: skip
_AVERAGE, _SUM, _MIN, _MAX = range(4)
_NONE, _SOFTMAX, _LOGISTIC = range(3)


def _members(modes: Tensor, values: Tensor | None) -> Tensor:
    """List for each node what it has as members, (node, most); no number elsewhere."""
    groups: list[list[float]] = [[]]
    for each in [] if values is None else values.tolist():
        if each == each:  # noqa: PLR0124  # no number ends a group
            groups[-1].append(each)
        else:
            groups.append([])
    rows = iter(groups)
    most = max(len(group) for group in groups)
    dtype = torch.float64 if values is None else values.dtype
    table = torch.full((len(modes), max(most, 1)), torch.nan, dtype=dtype)
    for node, mode in enumerate(modes.tolist()):
        if mode == _MEMBER:
            group = next(rows)
            table[node, : len(group)] = torch.tensor(group, dtype=dtype)
    return table


def _passed(
    value: Tensor, modes: Tensor, splits: Tensor, members: Tensor, missing: Tensor
) -> Tensor:
    """Say which rows go to the true side of their nodes."""
    result = (value[..., None] == members).any(-1)
    for mode, compare in enumerate(_COMPARE):
        result = torch.where(modes == mode, compare(value, splits), result)
    return result | (missing & torch.isnan(value))


def predict(
    value: Tensor, *, leaf_targetids: tuple[int, ...], leaf_weights: Tensor,
    nodes_falseleafs: tuple[int, ...], nodes_falsenodeids: tuple[int, ...],
    nodes_featureids: tuple[int, ...], nodes_modes: Tensor, nodes_splits: Tensor,
    nodes_trueleafs: tuple[int, ...], nodes_truenodeids: tuple[int, ...],
    tree_roots: tuple[int, ...], aggregate_function: int = 1,
    membership_values: Tensor | None = None, n_targets: int = 1,
    nodes_hitrates: Tensor | None = None,
    nodes_missing_value_tracks_true: tuple[int, ...] | None = None, post_transform: int = 0,
) -> Tensor:  # fmt: skip
    """Ask all trees: https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsemble.html."""
    del nodes_hitrates
    device, count = value.device, len(nodes_featureids)
    features = torch.tensor(nodes_featureids, device=device)
    missing = torch.tensor(nodes_missing_value_tracks_true or (0,) * count, device=device) > 0
    splits, modes = nodes_splits.to(device), nodes_modes.to(device)
    members = _members(nodes_modes, membership_values).to(device, splits.dtype)
    sides = torch.tensor(
        [nodes_falsenodeids, nodes_truenodeids, nodes_falseleafs, nodes_trueleafs],
        device=device,
    )
    roots = torch.tensor(tree_roots, device=device)
    at = roots.expand(len(value), -1)
    leaf = (sides[2] * sides[3]).bool()[at] & (sides[0] == sides[1])[at]
    place = torch.where(leaf, sides[0][at], at)
    for _ in range(count):
        node = torch.where(leaf, torch.zeros_like(place), place)
        read = value.gather(1, features[node])
        yes = _passed(read, modes[node], splits[node], members[node], missing[node]).long()
        following, ends = sides[yes, node], sides[2 + yes, node].bool()
        place, leaf = torch.where(leaf, place, following), leaf | ends
    weights = leaf_weights.to(device)[place]
    targets = torch.tensor(leaf_targetids, device=device)[place]
    return _aggregated(weights, targets, n_targets, aggregate_function, post_transform)


def _aggregated(
    weights: Tensor, targets: Tensor, count: int, function: int, transform: int
) -> Tensor:
    """Join what the trees say, both (row, tree), to (row, target)."""
    start = weights.new_zeros((len(weights), count))
    if function in {_SUM, _AVERAGE}:
        result = start.scatter_add(1, targets, weights)
        result = result / weights.shape[1] if function == _AVERAGE else result
    else:
        name = "amin" if function == _MIN else "amax"
        result = start.scatter_reduce(1, targets, weights, name, include_self=False)
    if transform == _SOFTMAX:
        return torch.softmax(result, 1)
    return torch.sigmoid(result) if transform == _LOGISTIC else result


def _say_transform(keywords: Mapping[str, object], numbers: Sequence[object]) -> str | None:
    del numbers
    given = keywords.get("post_transform", _NONE)
    if given in {_NONE, _SOFTMAX, _LOGISTIC}:
        return None
    return f"its post_transform {given} has no torch meaning here"


HANDLERS: Mapping[str, Handler] = {
    "TreeEnsemble": Handler(predict, check=_say_transform, domain=DOMAIN)
}
