"""`transcoder init` proposes a world that can be applied."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from typer.testing import CliRunner, Result

from transcoder.cli import app
from transcoder.vocabulary import Dataset
from transcoder.world import read_world


def write_net(
    place: Path, *, takes: str = "x", gives: str = "y", batch: str | int = "batch"
) -> str:
    axes = [batch, 4]
    graph = helper.make_graph(
        [helper.make_node("Relu", [takes], [gives])],
        "net",
        [helper.make_tensor_value_info(takes, TensorProto.FLOAT, axes)],
        [helper.make_tensor_value_info(gives, TensorProto.FLOAT, axes)],
    )
    opset = helper.make_opsetid("", 18)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=9), place)
    return str(place)


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["init", *arguments])


def test_two_files_become_a_world_with_a_transcoder_to_be_trained(tmp_path: Path) -> None:
    first, second = (write_net(tmp_path / f"{name}.onnx") for name in ("ears", "eyes"))
    told = json.loads(call(str(tmp_path / "w"), first, second, "--json").stdout)
    world = read_world(Path(told["world"]))
    assert [str(each.key) for each in world.segments] == [
        "ears: input<ears> -> {ears}",
        "eyes: input<eyes> -> {eyes}",
        "ears_to_eyes: {ears} -> {eyes}",
    ]
    registry = ("--registry", str(tmp_path / "reg"))
    assert CliRunner().invoke(app, ["apply", told["world"], *registry]).exit_code == 0


def test_rows_become_a_dataset_with_a_column_for_each_network(tmp_path: Path) -> None:
    files = [write_net(tmp_path / f"{name}.onnx") for name in ("ears", "eyes")]
    np.save(tmp_path / "rows.npy", np.zeros((5, 4), dtype=np.float32))
    rows = ("--rows", str(tmp_path / "rows.npy")) * 2
    assert call(str(tmp_path / "w"), *files, *rows).exit_code == 0
    nouns = read_world(tmp_path / "w" / "world.yaml").nouns
    (dataset,) = [each for each in nouns if isinstance(each, Dataset)]
    assert [each.name for each in dataset.columns] == ["ears", "eyes"]


def test_names_that_a_world_cannot_hold_are_mapped(tmp_path: Path) -> None:
    net = write_net(tmp_path / "A.onnx", takes="in:0", gives="out[1]")
    assert call(str(tmp_path / "w"), net).exit_code == 0
    (segment,) = read_world(tmp_path / "w" / "world.yaml").segments
    assert segment.names == {"source.in_0": "in:0", "target.out_1_": "out[1]"}
    assert str(segment.key) == "A: input<A_net> -> {A}"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("fixed.onnx",), "whose batch is fixed; export it with a dynamic first axis"),
        (("absent.onnx",), "absent.onnx' cannot be used: No such file"),
        (("rows.npy",), "the model 'rows.npy' cannot be used"),
        (("net.onnx", "below/net.onnx"), "another file is called 'net' too; rename one"),
        (("net one.onnx", "net_one.onnx"), "another file is called 'net_one' too; rename one"),
        (("net.onnx", "--rows", "rows.npy", "--rows", "rows.npy"), "2 files of rows stand"),
        (("net.onnx", "--rows", "no.npy"), "'no.npy' cannot be used: there is no such file"),
        (
            ("net.onnx", "fixed.onnx", "--rows", "rows.npy", "--rows", "below/rows.npy"),
            "'below/rows.npy' cannot be used: another file of rows is called 'rows.npy' too",
        ),
    ],
)
def test_what_cannot_be_used_is_said_and_nothing_is_left(
    arguments: tuple[str, ...],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "below").mkdir()
    for name in ("net.onnx", "below/net.onnx", "net one.onnx", "net_one.onnx"):
        write_net(tmp_path / name)
    write_net(tmp_path / "fixed.onnx", batch=1)
    np.save(tmp_path / "rows.npy", np.zeros(3))
    np.save(tmp_path / "below" / "rows.npy", np.ones(3))
    monkeypatch.chdir(tmp_path)
    failed = call("w", *arguments)
    assert failed.exit_code == 1
    assert sentence in failed.stderr
    assert not (tmp_path / "w").exists()


def test_a_world_is_never_overwritten(tmp_path: Path) -> None:
    net = write_net(tmp_path / "net.onnx")
    assert call(str(tmp_path / "w"), net).exit_code == 0
    assert "there is a world already" in call(str(tmp_path / "w"), net).stderr


def test_files_of_the_same_name_are_not_overwritten(tmp_path: Path) -> None:
    net = write_net(tmp_path / "net.onnx")
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "net.onnx").write_bytes(b"somebody's")
    assert "there is another file of that name" in call(str(tmp_path / "w"), net).stderr
    assert (tmp_path / "w" / "net.onnx").read_bytes() == b"somebody's"
    assert not (tmp_path / "w" / "world.yaml").exists()


def test_weights_beside_a_network_come_along(tmp_path: Path) -> None:
    weight = numpy_helper.from_array(np.eye(4, dtype=np.float32), "weight")
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 4]) for name in "xy"
    ]
    nodes = [helper.make_node("MatMul", ["x", "weight"], ["y"])]
    graph = helper.make_graph(nodes, "net", ends[:1], ends[1:], [weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    (tmp_path / "far").mkdir()
    onnx.save(
        model, tmp_path / "far" / "net.onnx", save_as_external_data=True, size_threshold=0,
        location="net.onnx.data",
    )  # fmt: skip
    for _ in range(2):
        (tmp_path / "w" / "world.yaml").unlink(missing_ok=True)
        assert call(str(tmp_path / "w"), str(tmp_path / "far" / "net.onnx")).exit_code == 0
    assert sorted(each.name for each in (tmp_path / "w").iterdir()) == [
        "net.onnx",
        "world.yaml",
    ]
    (tmp_path / "far" / "world.yaml").write_bytes((tmp_path / "w" / "world.yaml").read_bytes())
    registry = str(tmp_path / "reg")
    for folder in ("w", "far"):
        world = str(tmp_path / folder / "world.yaml")
        applied = CliRunner().invoke(app, ["apply", world, "--registry", registry])
        assert applied.exit_code == 0
    register = ("register", "model", "net", "input<net>", "{net}")
    file = str(tmp_path / "far" / "net.onnx")
    done = CliRunner().invoke(app, [*register, file, "--registry", registry, "--json"])
    assert json.loads(done.stdout)["changed"] == []
