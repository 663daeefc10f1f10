from collections.abc import Mapping

import numpy as np
from torch import Tensor

from tests.training.tiny_fit import Rows
from transcoder.training import IndexLoader, ShuffledOrder

PARTS = {"source": Rows(a=np.arange(20)), "latent": Rows(b=np.arange(20) * 10)}


def _loader(batch_size: int = 6, seed: int = 0) -> IndexLoader:
    return IndexLoader(PARTS, ShuffledOrder(np.arange(20), seed=seed), batch_size=batch_size)


def _rows(batch: Mapping[str, Mapping[str, Tensor]]) -> list[int]:
    return [int(row) for row in batch["source"]["a"]]


def _epoch(loader: IndexLoader) -> list[int]:
    return [row for batch in loader for row in _rows(batch)]


def test_an_epoch_has_each_row_once() -> None:
    loader = _loader()
    assert [len(_rows(batch)) for batch in loader] == [6, 6, 6, 2]
    assert sorted(_epoch(loader)) == list(range(20))
    assert len(loader) == 4


def test_the_same_seed_gives_the_same_epochs_and_each_epoch_another_order() -> None:
    first, second = _loader(), _loader()
    epochs = [_epoch(first) for _ in range(3)]
    assert epochs == [_epoch(second) for _ in range(3)]
    assert epochs[0] != epochs[1] != epochs[2]
    assert epochs[0] != _epoch(_loader(seed=1))


def test_all_parts_of_a_batch_are_of_the_same_rows() -> None:
    for batch in _loader():
        assert [row * 10 for row in _rows(batch)] == batch["latent"]["b"].tolist()


def test_a_loader_goes_on_where_another_stood() -> None:
    whole, broken, resumed = _loader(), _loader(), _loader()
    wanted = _epoch(whole) + _epoch(whole)
    batches = iter(broken)
    seen = _rows(next(batches)) + _rows(next(batches))
    resumed.load_state_dict(broken.state_dict())
    assert seen + _epoch(resumed) + _epoch(resumed) == wanted


def test_after_the_last_batch_the_place_is_the_next_epoch() -> None:
    loader = _loader()
    batches = iter(loader)
    for _ in range(4):
        next(batches)
    assert loader.state_dict() == {"epoch": 1, "position": 0}


def test_arrays_that_cannot_be_written_are_copied() -> None:
    frozen = np.arange(20)
    frozen.flags.writeable = False

    class View:
        def take(
            self, rows: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
        ) -> Mapping[str, np.ndarray[tuple[int, ...], np.dtype[np.int64]]]:
            return {"a": frozen[: len(rows)]}

    batch = next(iter(IndexLoader({"source": View()}, lambda _: frozen, batch_size=5)))
    batch["source"]["a"] += 1
    assert frozen[0] == 0
