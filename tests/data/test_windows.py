"""Windows of rows, and the batches that they are run in."""

import numpy as np

from tests.data.data_worlds import SPECS, runner
from transcoder.data._layout import layouts_of
from transcoder.data._skipped import SkippedRows
from transcoder.data._windows import WindowReader, WindowRunner
from transcoder.vocabulary import EdgePath, Modality, Value

LENGTHS = [1, 9, 2, 9, 1, 8, 2, 9]
ROWS: list[Value] = [
    {"tokens": np.full(each, number + 1)} for number, each in enumerate(LENGTHS)
]


def test_tensor_rows_of_like_length_go_together_and_come_back_in_order() -> None:
    spec = SPECS["tokens"]
    layouts = layouts_of(spec, "here")
    path = EdgePath(Modality.parse("tokens"))
    rows = WindowRunner(path, "tokens", spec, layouts, runner(), 4, SkippedRows("rows"))
    window = WindowReader(ROWS, len(ROWS), batch_size=4).maybe_next()
    assert window is not None
    batches = list(rows.run(window))
    assert [batch["tokens"].shape for _, batch in batches] == [(4, 2), (4, 9)]
    tokens = rows.columns(window, batches)["tokens"]
    assert [int(row[0]) for row in tokens] == list(range(1, 9))


def test_a_window_ends_where_it_is_large_enough() -> None:
    column: list[Value] = [{"x": np.zeros(2**20, np.float32)}] * 40
    reader = WindowReader(column, 40, batch_size=8)
    window = reader.maybe_next()
    assert window is not None
    assert (window.start, window.stop) == (0, 16)
