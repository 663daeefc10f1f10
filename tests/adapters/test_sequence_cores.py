"""Adapters between sequences, and between sequences and vectors: masks, starts, files."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.conversion.onnx_graphs import run_onnxruntime
from transcoder.adapters import (
    AdapterSettings,
    Affine,
    AttentionSettings,
    BiLstmSettings,
    LinearSettings,
    LowRankSettings,
    Meeting,
    MlpSettings,
    Moments,
    ResidualSettings,
    Statistics,
    build_adapter,
    end_of,
    meeting_of,
    pairs_of,
)
from transcoder.errors import AdapterMismatchError, DataError
from transcoder.export import export_adapter
from transcoder.vocabulary import Spec, Tensors

VECTOR = Spec.parse("v: float32[batch, 6]")
OPEN = Spec.parse("s: float32[batch, time, 6]", "mask: bool[batch, time]")
SET = Spec.parse("f: float32[batch, 5, 6]")
GOAL = Spec.parse("u: float32[batch, 4]")
OPEN_GOAL = Spec.parse("t: float32[batch, time, 4]", "mask: bool[batch, time]")
SET_GOAL = Spec.parse("g: float32[batch, 3, 4]", "mask: bool[batch, 3]")
SAME_GOAL = Spec.parse("g: float32[batch, 5, 4]")
ATTENTION = AttentionSettings(width=16, heads=2, depth=2)
LSTM = BiLstmSettings(hidden=8)
RESIDUAL = ResidualSettings(hidden=8)

FITTING = [
    (LinearSettings(), OPEN, OPEN_GOAL),
    (LowRankSettings(rank=2), OPEN, OPEN_GOAL),
    (MlpSettings(hidden=8), OPEN, OPEN_GOAL),
    (RESIDUAL, OPEN, OPEN_GOAL),
    (RESIDUAL, SET, SAME_GOAL),
    (RESIDUAL, SET, OPEN_GOAL),
    (LSTM, OPEN, OPEN_GOAL),
    (LSTM, SET, SAME_GOAL),
    (LinearSettings(), OPEN, GOAL),
    (RESIDUAL, OPEN, GOAL),
    (RESIDUAL, SET, GOAL),
    (ATTENTION, OPEN, GOAL),
    (ATTENTION, OPEN, SET_GOAL),
    (ATTENTION, SET, SET_GOAL),
    (ATTENTION, VECTOR, SET_GOAL),
    (ATTENTION, VECTOR, SAME_GOAL),
]
"""Cores, and the ends that they fit."""

SAMPLED = frozenset({2, 6, 10, 14})
"""Places of those whose files are checked by default: one for each way in which ends meet."""


def _batch(spec: Spec, lengths: tuple[int, ...] = (4, 1, 7)) -> dict[str, np.ndarray]:
    """Random rows; those of an open sequence have these lengths, and nines where padded."""
    random, end = np.random.default_rng(0), end_of(spec)
    if not end.is_sequence:
        return {end.name: random.normal(size=(len(lengths), end.dim)).astype(np.float32)}
    if isinstance(end.length, int):
        shape = (len(lengths), end.length, end.dim)
        return {end.name: random.normal(size=shape).astype(np.float32)}
    exists = np.arange(max(lengths)) < np.array(lengths)[:, None]
    drawn = random.normal(size=(*exists.shape, end.dim)).astype(np.float32)
    return {end.name: np.where(exists[..., None], drawn, np.float32(9)), "mask": exists}


def _affine() -> Affine:
    random = np.random.default_rng(1)
    return Affine("ridge", random.normal(size=(6, 4)), random.normal(size=4))


def _statistics() -> Statistics:
    random = np.random.default_rng(2)
    return Statistics.of(
        Moments.of([(random.normal(size=(50, 6)) + 1, random.normal(size=(50, 4)) * 3)])
    )


def _build(
    settings: AdapterSettings, source: Spec, target: Spec, *, start: Affine | None = None
) -> nn.Module:
    return build_adapter(
        settings,
        source,
        target=target,
        start=start or _affine(),
        statistics=_statistics(),
        generator=torch.Generator().manual_seed(0),
    ).eval()


def _run(adapter: nn.Module, batch: Tensors) -> dict[str, Tensor]:
    given: dict[str, Tensor] = adapter(
        {name: torch.from_numpy(each) for name, each in batch.items()}
    )
    return given


def _stirred(adapter: nn.Module) -> nn.Module:
    """Move all weights from where they begin, so that zero layers count."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in adapter.parameters():
            weight.add_(torch.empty_like(weight).normal_(0, 0.3, generator=generator))
    return adapter


@pytest.mark.parametrize(
    ("settings", "source", "target"),
    [
        pytest.param(*each, marks=() if place in SAMPLED else pytest.mark.slow)
        for place, each in enumerate(FITTING)
    ],
    ids=str,
)
def test_a_file_gives_what_torch_gives_at_any_length(
    settings: AdapterSettings, source: Spec, target: Spec
) -> None:
    adapter = _stirred(_build(settings, source, target))
    exported = export_adapter(adapter, source, target, example=_batch(source))
    other = _batch(source, lengths=(2, 9))
    wanted = _run(adapter, other)
    feed = {exported.names.get(f"source.{name}", name): each for name, each in other.items()}
    found = run_onnxruntime(exported.onnx, feed)
    for name, array in zip(target.names, found, strict=True):
        np.testing.assert_allclose(array, wanted[name].detach().numpy(), atol=2e-5)
    assert set(wanted) == set(target.names)


@pytest.mark.parametrize(
    ("settings", "source", "target"), [each for each in FITTING if each[1] is OPEN], ids=str
)
def test_padding_changes_nothing_and_comes_out_as_zero(
    settings: AdapterSettings, source: Spec, target: Spec
) -> None:
    adapter = _stirred(_build(settings, source, target))
    batch = _batch(source)
    whole = _run(adapter, batch)
    name = end_of(target).name
    for row, length in enumerate((4, 1, 7)):
        alone = {key: each[row : row + 1, :length] for key, each in batch.items()}
        mine = _run(adapter, alone)[name][0]
        torch.testing.assert_close(whole[name][row][: len(mine)], mine, atol=1e-5, rtol=1e-5)
        if target is OPEN_GOAL:
            assert not whole[name][row][length:].any()
            assert whole["mask"][row].sum() == length


@pytest.mark.parametrize("settings", [LinearSettings(), RESIDUAL, LSTM], ids=str)
def test_each_position_begins_as_the_closed_form(settings: AdapterSettings) -> None:
    batch = _batch(OPEN)
    given = _run(_build(settings, OPEN, OPEN_GOAL), batch)["t"].detach().numpy()
    exists = batch["mask"]
    np.testing.assert_allclose(given[exists], _affine().apply(batch["s"][exists]), atol=1e-4)


@pytest.mark.parametrize("settings", [LinearSettings(), RESIDUAL, ATTENTION], ids=str)
def test_a_pooled_sequence_begins_as_the_closed_form_of_its_mean(
    settings: AdapterSettings,
) -> None:
    batch = _batch(OPEN)
    given = _run(_build(settings, OPEN, GOAL), batch)["u"].detach().numpy()
    x, _ = pairs_of(end_of(OPEN), end_of(GOAL))(batch, {"u": given})
    np.testing.assert_allclose(given, _affine().apply(x), atol=1e-4)


def test_an_empty_sequence_gives_numbers() -> None:
    batch = {"s": np.ones((1, 3, 6), np.float32), "mask": np.zeros((1, 3), np.bool_)}
    given = _run(_stirred(_build(ATTENTION, OPEN, GOAL)), batch)["u"]
    assert bool(given.isfinite().all())


@pytest.mark.parametrize(
    ("settings", "source", "target", "remedy"),
    [
        (RESIDUAL, VECTOR, SET_GOAL, "adapter=attention"),
        (RESIDUAL, SET, SET_GOAL, "adapter=attention"),
        (LSTM, OPEN, GOAL, "adapter=attention"),
        (LSTM, VECTOR, GOAL, "adapter=attention"),
        (ATTENTION, OPEN, OPEN_GOAL, "adapter=bilstm or residual"),
        (ATTENTION, VECTOR, GOAL, "adapter=residual"),
    ],
    ids=str,
)
def test_a_core_that_does_not_fit_its_ends_names_one_that_does(
    settings: AdapterSettings, source: Spec, target: Spec, remedy: str
) -> None:
    with pytest.raises(AdapterMismatchError, match=f"these ends ask for .*; take {remedy}"):
        _build(settings, source, target)


@pytest.mark.parametrize(
    ("source", "target", "meeting"),
    [
        (VECTOR, GOAL, Meeting.ALIKE),
        (OPEN, OPEN_GOAL, Meeting.ALIKE),
        (SET, OPEN_GOAL, Meeting.ALIKE),
        (SET, SAME_GOAL, Meeting.ALIKE),
        (OPEN, GOAL, Meeting.POOLED),
        (OPEN, SET_GOAL, Meeting.FREE),
        (VECTOR, SET_GOAL, Meeting.FREE),
        (SET, SET_GOAL, Meeting.FREE),
    ],
    ids=str,
)
def test_ends_meet_as_their_specs_say(source: Spec, target: Spec, meeting: Meeting) -> None:
    assert meeting_of(end_of(source), end_of(target)) is meeting


def test_sequences_give_a_pair_for_each_position_that_exists() -> None:
    given, wanted = _batch(OPEN), _batch(OPEN_GOAL)
    x, y = pairs_of(end_of(OPEN), end_of(OPEN_GOAL))(given, wanted)
    assert (x.shape, y.shape) == ((12, 6), (12, 4))
    np.testing.assert_array_equal(x[4], given["s"][1, 0])


def test_sequences_of_other_lengths_are_refused() -> None:
    pair = pairs_of(end_of(OPEN), end_of(OPEN_GOAL))
    with pytest.raises(DataError, match="row 1 of a batch has 1 positions of 's' and 2 of 't'"):
        pair(_batch(OPEN), _batch(OPEN_GOAL, lengths=(4, 2, 7)))
