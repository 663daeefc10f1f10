"""Models that scikit-learn fitted, written as ai.onnx.ml: numbers by ONNX Runtime."""

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from sklearn.datasets import load_digits  # type: ignore[import-untyped]  # it has no types
from sklearn.ensemble import (  # type: ignore[import-untyped]  # it has no types
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.svm import SVR  # type: ignore[import-untyped]  # it has no types

from tests.conversion.onnx_graphs import run_onnxruntime
from transcoder.conversion import to_torch
from transcoder.errors import UnsupportedOperatorError

ROWS = np.asarray(load_digits().data[:300], np.float32) / 16
DIGITS = np.asarray(load_digits().target[:300])
PROBES = ROWS[:40] + 0.01


def model_of(operator: str, outputs: Mapping[str, int], **attributes: object) -> bytes:
    node = helper.make_node(operator, ["x"], list(outputs), domain="ai.onnx.ml")
    node.attribute.extend(helper.make_attribute(*each) for each in attributes.items())
    graph = helper.make_graph(
        [node],
        "classical",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 64])],
        [helper.make_tensor_value_info(name, kind, None) for name, kind in outputs.items()],
    )
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=opsets)
    model.ir_version = 9
    return bytes(model.SerializeToString())


def assert_equal_to_onnxruntime(content: bytes) -> None:
    given = to_torch(content)(torch.from_numpy(PROBES))
    wanted = run_onnxruntime(content, {"x": PROBES})
    for one, other in zip(given if isinstance(given, tuple) else (given,), wanted, strict=True):
        if isinstance(one, torch.Tensor):
            np.testing.assert_allclose(one.numpy(), other, rtol=1e-4, atol=1e-5)
        else:
            assert np.asarray(one).tolist() == other.tolist()


def forest_attributes(trees: Sequence[object], prefix: str) -> dict[str, list[object]]:
    """Write fitted trees in the attributes of the operators before TreeEnsemble."""
    names = ("treeids", "nodeids", "featureids", "values", "modes", "truenodeids")
    nodes: dict[str, list[object]] = {f"nodes_{name}": [] for name in (*names, "falsenodeids")}
    leaves: dict[str, list[object]] = {
        f"{prefix}_{name}": [] for name in ("treeids", "nodeids", "ids", "weights")
    }
    for number, each in enumerate(trees):
        tree = each.tree_  # type: ignore[attr-defined]  # scikit-learn has no types
        for node in range(tree.node_count):
            is_leaf = tree.children_left[node] < 0
            row = (
                number, node, max(int(tree.feature[node]), 0), float(tree.threshold[node]),
                "LEAF" if is_leaf else "BRANCH_LEQ", max(int(tree.children_left[node]), 0),
                max(int(tree.children_right[node]), 0),
            )  # fmt: skip
            for column, entry in zip(nodes.values(), row, strict=True):
                column.append(entry)
            for place, weight in enumerate(tree.value[node].ravel() if is_leaf else ()):
                entry = (number, node, place, float(weight) / len(trees))
                for column, part in zip(leaves.values(), entry, strict=True):
                    column.append(part)
    return nodes | leaves


def fitted_classifier() -> dict[str, list[object]]:
    forest = RandomForestClassifier(5, max_depth=6, random_state=0).fit(ROWS, DIGITS)
    return forest_attributes(forest.estimators_, "class")


@pytest.mark.parametrize("transform", ["NONE", "SOFTMAX", "LOGISTIC"])
def test_a_forest_that_classifies(transform: str) -> None:
    outputs = {"label": TensorProto.INT64, "scores": TensorProto.FLOAT}
    assert_equal_to_onnxruntime(
        model_of(
            "TreeEnsembleClassifier", outputs, **fitted_classifier(),
            classlabels_int64s=list(range(10)), post_transform=transform,
        )
    )  # fmt: skip


def test_a_forest_that_gives_text() -> None:
    outputs = {"label": TensorProto.STRING, "scores": TensorProto.FLOAT}
    labels = [f"digit {each}" for each in range(10)]
    assert_equal_to_onnxruntime(
        model_of(
            "TreeEnsembleClassifier", outputs, **fitted_classifier(), classlabels_strings=labels
        )
    )


@pytest.mark.parametrize("transform", ["NONE", "LOGISTIC", "SOFTMAX"])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_forest_with_one_score_for_two_labels(transform: str, sign: float) -> None:
    forest = RandomForestRegressor(3, max_depth=3, random_state=0).fit(ROWS, DIGITS > 4)
    attributes = forest_attributes(forest.estimators_, "class")
    attributes["class_weights"] = [
        sign * float(str(each)) for each in attributes["class_weights"]
    ]
    outputs = {"label": TensorProto.INT64, "scores": TensorProto.FLOAT}
    assert_equal_to_onnxruntime(
        model_of(
            "TreeEnsembleClassifier", outputs, **attributes,
            classlabels_int64s=[3, 7], post_transform=transform,
        )
    )  # fmt: skip


@pytest.mark.parametrize("how", ["SUM", "AVERAGE", "MIN", "MAX"])
def test_a_forest_that_regresses(how: str) -> None:
    targets = np.stack([DIGITS, DIGITS**2], 1)
    forest = RandomForestRegressor(4, max_depth=5, random_state=0).fit(ROWS, targets)
    attributes = forest_attributes(forest.estimators_, "target")
    assert_equal_to_onnxruntime(
        model_of(
            "TreeEnsembleRegressor", {"y": TensorProto.FLOAT}, **attributes, n_targets=2,
            aggregate_function=how, base_values=[0.5, -1.0],
        )
    )  # fmt: skip


@pytest.mark.parametrize("labels", [2, 10])
@pytest.mark.parametrize("transform", ["NONE", "LOGISTIC", "SOFTMAX"])
def test_a_linear_classifier(labels: int, transform: str) -> None:
    random = np.random.default_rng(labels)
    count = 1 if labels == 2 else labels
    outputs = {"label": TensorProto.INT64, "scores": TensorProto.FLOAT}
    assert_equal_to_onnxruntime(
        model_of(
            "LinearClassifier", outputs, classlabels_ints=list(range(labels)),
            coefficients=random.standard_normal(count * 64).tolist(),
            intercepts=random.standard_normal(count).tolist(), post_transform=transform,
        )
    )  # fmt: skip


def supports(kernel: str) -> dict[str, object]:
    machine = SVR(kernel=kernel.lower(), gamma=0.1, coef0=0.2, degree=2)
    machine.fit(ROWS[:120], DIGITS[:120])
    return {
        "coefficients": machine.dual_coef_.ravel().tolist(),
        "kernel_params": [0.1, 0.2, 2.0],
        "kernel_type": kernel,
        "n_supports": len(machine.support_vectors_),
        "rho": machine.intercept_.tolist(),
        "support_vectors": machine.support_vectors_.ravel().tolist(),
    }


@pytest.mark.parametrize("kernel", ["LINEAR", "POLY", "RBF", "SIGMOID"])
def test_a_support_vector_machine_that_regresses(kernel: str) -> None:
    attributes = supports(kernel)
    content = model_of("SVMRegressor", {"y": TensorProto.FLOAT}, **attributes)
    assert_equal_to_onnxruntime(content)
    module, value = to_torch(content), torch.from_numpy(PROBES[:2]).double().requires_grad_()
    assert torch.autograd.gradcheck(module.double(), (value,), atol=1e-4)


def test_what_has_no_one_meaning_is_refused_by_name() -> None:
    outputs = {"label": TensorProto.INT64, "scores": TensorProto.FLOAT}
    content = model_of(
        "LinearClassifier", outputs, coefficients=[1.0] * 64, post_transform="PROBIT"
    )
    with pytest.raises(UnsupportedOperatorError, match="post_transform 'PROBIT' has no torch"):
        to_torch(content)
    with pytest.raises(UnsupportedOperatorError, match="SVMClassifier"):
        to_torch(onnx.load_from_string(model_of("SVMClassifier", outputs)))
