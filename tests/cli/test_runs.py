"""What was trained is listed, told and drawn."""

import json
import webbrowser
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import yaml
from huggingface_hub import ModelCard, ModelCardData
from typer.testing import CliRunner, Result

from tests.registry.registry_worlds import JOINT, filled_registry, joint, onnx_file
from transcoder.cli import app
from transcoder.evaluation import FAMILIARITY, Familiarity
from transcoder.interchange import read_signature, with_metadata
from transcoder.registry import Registry
from transcoder.reports import PlainScore, RunResult, write_result
from transcoder.vocabulary import Interval, JsonValue, Score, Segment, SegmentKind


def call(registry: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--registry", str(registry)])


def finish_run(folder: Path, run: str, retention: float, seed: int) -> None:
    """Register a version as a run does, and leave what a run leaves."""
    scores = (
        Score("validation/retention", retention, 40, Interval(retention - 0.1, retention)),
        Score("test/retention", retention, 50, Interval(retention - 0.1, retention)),
        Score("test/exact_match", retention, 50),
        Score("test/r2", 0.5, 50),
    )
    lineage: dict[str, JsonValue] = {
        "run": run,
        "recipe": "tiny",
        "seed": seed,
        "dataset": "numbers",
        "made_at": f"2026-01-0{seed + 1}T00:00:00+00:00",
    }
    with (
        closing(Registry.open(folder / "registry")) as kept,
        kept.transaction(run) as transaction,
    ):
        onnx = onnx_file(seed + 20)
        segment = Segment(
            JOINT, kind=SegmentKind.TRANSCODER, digest=sha256(onnx).hexdigest(),
            signature=read_signature(onnx, "T"), scores=scores, lineage=lineage,
            names={"source.hidden": "x", "target.hidden": "y"},
        )  # fmt: skip
        version = transaction.put_segment(segment, onnx).version
    plain: dict[str, PlainScore] = {each.name: (each.value, None, None) for each in scores}
    result = RunResult(run, "net", "it is good", version, True, False, 1.0, 50, {"net": plain})  # noqa: FBT003  # the fields of a noun
    write_result(folder / "registry" / "runs" / run, result)
    for name, text in (("report.html", "<h1>page</h1>"), ("report.md", "# told\n")):
        (folder / "registry" / "runs" / run / name).write_text(f"{text} {run}", "utf-8")


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    filled_registry(tmp_path).close()
    for run, retention, seed in (("aaa1", 0.7, 0), ("aaa2", 0.9, 1), ("bbb1", 0.8, 2)):
        finish_run(tmp_path, run, retention, seed)
    (tmp_path / "registry" / "runs" / "ccc1").mkdir()
    return tmp_path / "registry"


def test_runs_are_listed_best_first_and_unfinished_ones_last(registry: Path) -> None:
    shown = json.loads(call(registry, "runs", "--json").stdout)
    assert [each["run"] for each in shown["runs"]] == ["aaa2", "bbb1", "aaa1", "ccc1"]
    best = shown["runs"][0]
    assert (best["recipe"], best["seed"], best["version"]) == ("tiny", 1, best["version"])
    assert best["scores"]["test/retention"][0] == 0.9
    told = call(registry, "runs").stdout
    assert told.index("aaa2") < told.index("bbb1") < told.index("unfinished")


def test_sweeps_are_listed_with_their_best_run(registry: Path) -> None:
    (registry / "sweeps").mkdir()
    jobs = [{"asked": "seed=0", "run": "aaa1"}, {"asked": "seed=1", "run": "aaa2"},
            {"asked": "seed=9", "run": None}]  # fmt: skip
    plain = {"folder": "runs/tiny/sweeps/x", "jobs": jobs}
    (registry / "sweeps" / "x.json").write_text(json.dumps(plain), "utf-8")
    (registry / "sweeps" / "broken.json").write_text("{", "utf-8")
    (sweep,) = json.loads(call(registry, "runs", "--json").stdout)["sweeps"]
    assert sweep == {"sweep": "x", **plain}
    line = next(x for x in call(registry, "runs").stdout.splitlines() if "seed=" in x)
    assert [x.strip() for x in line.split("│")][1:6] == ["x", "3", "1", "aaa2", "seed=1"]


def test_a_registry_without_runs_has_none(tmp_path: Path) -> None:
    filled_registry(tmp_path).close()
    assert json.loads(call(tmp_path / "registry", "runs", "--json").stdout) == {
        "runs": [],
        "sweeps": [],
    }


def test_a_report_is_printed_told_and_opened(
    registry: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (registry / "runs" / "aaa2" / "report.html").resolve()
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    assert call(registry, "report", "aaa2").stdout == "# told\n aaa2"
    assert call(registry, "report", "aaa2", "--path").stdout == f"{page}\n"
    assert call(registry, "report", "aaa2", "--open").exit_code == 0
    assert opened == [page.as_uri()]
    assert json.loads(call(registry, "report", "aaa2", "--json").stdout)["html"] == str(page)


def test_without_a_name_the_last_report_is_told(registry: Path) -> None:
    assert call(registry, "report").stdout == "# told\n bbb1"


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        ("aaa", "there is no single run 'aaa'; did you mean 'aaa2', 'aaa1'?"),
        ("zzz", "there is no single run 'zzz'; known are 'aaa1'"),
        ("ccc1", "it is not finished; run it"),
    ],
)
def test_a_report_that_is_none_is_one_sentence(registry: Path, run: str, sentence: str) -> None:
    failed = call(registry, "report", run)
    assert failed.exit_code == 1
    assert sentence in failed.stderr


def test_the_atlas_shows_each_transcoder_with_its_retention(registry: Path) -> None:
    told = call(registry, "atlas").stdout
    assert told.startswith("flowchart LR\n")
    assert f'==>|"{JOINT.model}, retention 0.800 [0.700, 0.800]"|' in told
    assert '-.->|"tokenizer_en"|' in told


def test_the_atlas_is_drawn_into_a_file(registry: Path, tmp_path: Path) -> None:
    for name in ("a.svg", "a.html", "a.mmd"):
        wrote = call(registry, "atlas", "-o", str(tmp_path / name))
        assert wrote.stdout == f"wrote {tmp_path / name}\n"
    root = ET.fromstring((tmp_path / "a.svg").read_text("utf-8"))  # noqa: S314  # our own text
    places = json.loads(call(registry, "atlas", "--json").stdout)["places"]
    assert len([each for each in root if each.tag.endswith("rect")]) == len(places)
    assert "retention 0.800 [0.700, 0.800]</td>" in (tmp_path / "a.html").read_text("utf-8")
    assert call(registry, "atlas", "-o", "a.pdf").exit_code == 2


def test_a_transcoder_that_is_yet_to_be_trained_is_drawn_so(tmp_path: Path) -> None:
    with closing(filled_registry(tmp_path)) as kept, kept.transaction("later") as transaction:
        key = replace(JOINT, model="Later")
        transaction.put_segment(Segment(key, kind=SegmentKind.TRANSCODER))
    told = call(tmp_path / "registry", "atlas").stdout
    assert '---|"Later, yet to be trained"|' in told


def test_a_model_card_is_what_the_hub_reads(registry: Path) -> None:
    card = ModelCard(call(registry, "get-model", JOINT.model, "--card").stdout)
    data = card.data
    assert isinstance(data, ModelCardData)
    results = {each.metric_type: each for each in data.eval_results or ()}
    assert results["exact_match"].metric_value == 0.8
    assert results["retention"].dataset_name == "numbers"
    assert results["r_squared"].dataset_split == "test"
    assert data.license == "unknown"
    assert "| test/retention | 0.800 [0.700, 0.800] | 50 |" in card.content
    assert "licence of the rows: CC0-1.0" in card.content
    told = json.loads(call(registry, "get-model", JOINT.model, "--card", "--json").stdout)
    assert told["card"] == call(registry, "get-model", JOINT.model, "--card").stdout


def test_a_model_card_of_what_was_not_measured_says_so(registry: Path, tmp_path: Path) -> None:
    place = tmp_path / "README.md"
    wrote = call(registry, "get-model", "EnDe", "--card", "-o", str(place))
    assert wrote.exit_code == 0, wrote.stderr
    _, front, body = place.read_text("utf-8").split("---\n", 2)
    assert "model-index" not in yaml.safe_load(front)
    assert "Nothing was measured on test rows." in body


def test_a_model_without_a_place_is_wrong_usage(registry: Path) -> None:
    assert call(registry, "get-model", "EnDe").exit_code == 2


def test_a_transcoder_of_old_has_no_confidence_and_says_what_to_do(
    registry: Path, tmp_path: Path
) -> None:
    np.save(tmp_path / "x.npy", np.zeros(8, np.float32))
    ends = ("convert", "--from", str(JOINT.source), "--to", str(JOINT.target))
    failed = call(registry, *ends, str(tmp_path / "x.npy"), "--confidence")
    assert failed.exit_code == 1
    assert f"{JOINT.model!r} #4 does not say what it was trained on; train it" in failed.stderr
    assert failed.stderr.count("\n") == 1
    assert call(registry, *ends, "x.npy", "--confidence", "--rows").exit_code == 2


def test_confidence_is_told_beside_the_result(registry: Path, tmp_path: Path) -> None:
    latents = np.random.default_rng(0).normal(size=(50, 8))
    known = Familiarity.fit(50, np.zeros(8), latents.T @ latents, validation=latents)
    onnx = with_metadata(onnx_file(7), {FAMILIARITY: known.text()}, "T")
    with closing(Registry.open(registry)) as kept, kept.transaction("it") as transaction:
        segment = replace(
            joint(7), digest=sha256(onnx).hexdigest(), signature=read_signature(onnx, "T")
        )
        transaction.put_segment(segment, onnx)
    np.save(tmp_path / "x.npy", np.full(8, 100, np.float32))
    ends = ("convert", "--from", str(JOINT.source), "--to", str(JOINT.target))
    told = call(registry, *ends, str(tmp_path / "x.npy"), "--confidence", "--json")
    (confidence,) = json.loads(told.stdout)["confidence"]
    assert (confidence["transcoder"], confidence["percentile"]) == (JOINT.model, 100)
    assert "farther from its training latents than 100 % of 50 validation rows" in told.stderr
