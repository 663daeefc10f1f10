import numpy as np
import pytest

from transcoder.errors import OracleError
from transcoder.oracles import ClassIndex, MostLikely


def test_labels_become_symbols_and_scores_labels() -> None:
    symbols = ClassIndex(classes=3)([2, 0])
    assert [each["symbol"].tolist() for each in symbols] == [[2], [0]]
    scores = [{"logits": np.array([[0.0, 2.0, 1.0]], np.float32)}]
    assert MostLikely()(scores) == [1]


@pytest.mark.parametrize("label", [-1, 3])
def test_a_label_that_is_no_class_is_refused(label: int) -> None:
    with pytest.raises(OracleError, match=f"{label} is none of the labels 0 to 2"):
        ClassIndex(classes=3)([0, label])


def test_scores_of_another_shape_are_refused() -> None:
    with pytest.raises(OracleError, match=r"logits have the shape \(3,\) but \(1, class\)"):
        MostLikely()([{"logits": np.zeros(3, np.float32)}])
