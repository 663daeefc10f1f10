"""`transcoder cut` lists cuts, writes halves, and says how far they are from the whole."""

import json
from pathlib import Path

import onnx
import pytest
from typer.testing import CliRunner, Result

from tests.interchange.graphs import graph
from transcoder.cli import app

WEIGHTS, TABLE = ", ".join(["0.5"] * 16), ", ".join(["0.25"] * 12)
NET = (
    "net (float[batch, time, 4] x, int64[batch, time] ids, bool[batch, time, 1] keep) "
    f"=> (float[batch, time, 4] y) <float[4, 4] w = {{{WEIGHTS}}}, "
    f"float[3, 4] table = {{{TABLE}}}> "
    "{ e = Gather(table, ids)  m = Cast<to = 1>(keep)  a = MatMul(x, w)  b = Add(a, e) "
    "c = Mul(b, m)  d = Tanh(c)  f = com.microsoft.Gelu(d)  h = Mul(f, m)  y = Neg(h) }"
)


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "net.onnx"
    onnx.save_model(graph(NET), str(path))
    return path


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["cut", *map(str, arguments)], env={"COLUMNS": "200"})


def test_cuts_are_listed_for_people_and_scripts(net: Path) -> None:
    shown = json.loads(call(net, "--from-input", "x", "--json").stdout)
    assert [each["tensor"] for each in shown["cuts"]] == ["a", "b", "c", "d", "f", "h"]
    assert shown["cuts"][0]["side_inputs"] == ["ids", "keep"]
    assert shown["cuts"][0]["shape"] == ["batch", "time", 4]
    assert "[batch, time, 4]" in call(net, "--from-input", "x").stdout


def test_no_cut_gets_a_sentence(net: Path) -> None:
    net.write_bytes(graph("g (float[n] x) => (float[n] y) { y = Neg(x) }").SerializeToString())
    assert (
        call(net).stdout
        == "no cut: there is no tensor between what it takes and what it gives\n"
    )


def test_halves_are_written_and_compared(net: Path, tmp_path: Path) -> None:
    done = call(net, "--from-input", "x", "--at", "d", "-o", tmp_path / "out", "--json")
    shown = json.loads(done.stdout)
    assert shown["difference"] < 1e-5
    assert shown["at"]["tail_inputs"] == ["d", "keep"]
    names = sorted(each.name for each in (tmp_path / "out").iterdir())
    assert names == ["net.head.onnx", "net.tail.onnx"]
    for name in names:
        onnx.checker.check_model(str(tmp_path / "out" / name))


def test_the_difference_is_printed(net: Path, tmp_path: Path) -> None:
    done = call(net, "--from-input", "x", "--at", "b", "-o", tmp_path)
    assert "the tail takes b, keep\n" in done.stdout
    assert "largest difference from the whole: " in done.stdout


def test_behind_a_fused_operator_the_runtime_shows_the_rank(tmp_path: Path) -> None:
    path = tmp_path / "fused.onnx"
    model = graph(
        "g (float[n, 4] x) => (float[n, 4] y) "
        "{ a = com.microsoft.FusedMatMul<transB = 1>(x, x) "
        "b = com.microsoft.FusedMatMul(a, x)  y = Neg(b) }"
    )
    path.write_bytes(model.SerializeToString())
    done = call(path, "--at", "b", "-o", tmp_path, "--from-input", "x")
    assert done.exit_code == 0, done.stderr
    assert "largest difference" in done.stdout


def test_what_cannot_be_run_is_written_and_says_why(tmp_path: Path) -> None:
    path = tmp_path / "odd.onnx"
    model = graph(
        "g (float[n] x) => (float[n] y) { a = Relu(x)  b = Tanh(a)  y = local.Unheard(b) }"
    )
    path.write_bytes(model.SerializeToString())
    done = call(path, "--at", "a", "-o", tmp_path)
    assert "not compared: the model 'odd.onnx' cannot be used: ONNX Runtime" in done.stdout
    assert (tmp_path / "odd.tail.onnx").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--at", "d"], 2, "give --at TENSOR and -o DIR together"),
        (["--from-input", "x", "--to-output", "y"], 2, "--from-input or --to-output, not both"),
        (["--from-input", "z"], 1, "error: there is no input of the graph 'z'"),
        (["--at", "d", "-o", "."], 1, "error: the network cannot be cut at 'd': "),
    ],
)
def test_wrong_usage_is_told_in_one_sentence(
    net: Path, arguments: list[str], code: int, text: str
) -> None:
    done = call(net, *arguments)
    assert done.exit_code == code
    assert text in " ".join(done.stderr.replace("│", " ").split())


def test_a_damaged_file_fails_in_one_sentence(net: Path) -> None:
    net.write_bytes(net.read_bytes()[:-40])
    done = call(net)
    assert done.exit_code == 1
    assert done.stderr.startswith("error: the model 'net.onnx' cannot be used: ")
