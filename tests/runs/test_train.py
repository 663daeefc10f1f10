"""One run from recipe to registered transcoder, on a tiny world."""

import csv
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.runs.conftest import finish
from transcoder.errors import (
    CheckpointError,
    NoConfidenceError,
    NoOpportunityError,
    TranscoderError,
)
from transcoder.recipe import (
    DataConfig,
    DebugChoice,
    LinearConfig,
    MlpConfig,
    PrefixChoice,
    RegistryConfig,
    RunConfig,
    TargetChoice,
)
from transcoder.registry import Registry
from transcoder.reports import RunResult
from transcoder.runs import train
from transcoder.vocabulary import SegmentKind
from transcoder.workflows import Middleware

Run = tuple[RunConfig, RunResult]

OTHER_TOKENIZER = """\
  A.other:
    type: tokenizer
    source: text<en>
    target: tokens<Ann>
    entry_point: transcoder.oracles:CharacterTokenizer
    version: "2"
    parameters: {alphabet: abcdefghijklmnopqrstuvwxyz}
"""


def test_a_run_registers_a_current_transcoder_that_converts(finished: Run) -> None:
    config, result = finished
    middleware = Middleware.open(config.registry.url)
    path = middleware.get_path("text<en>", "text<de>", pieces=["{A}"])
    assert [edge.name for edge in path.edges] == [
        "A.tokenizer",
        "A",
        "A_to_text",
        "B",
        "C.decoder",
    ]
    words = list(middleware.convert_many(["ab", "qz", "hi"], path))
    middleware.close()
    assert result.is_current
    assert words == ["ab", "qz", "hi"]


def test_the_version_carries_its_lineage_and_its_scores(finished: Run) -> None:
    config, result = finished
    segment, onnx = Middleware.open(config.registry.url).get_model("A_to_text")
    assert segment.kind is SegmentKind.TRANSCODER
    assert segment.lineage["run"] == result.identity
    assert segment.lineage["seed"] == 0
    assert segment.lineage["dataset"] == "words"
    assert "name: words" in Middleware.open(config.registry.url).get_card("A_to_text")
    assert {"mean", "procrustes", "ridge", "residual"} <= set(result.scores)
    retention = segment.maybe_score("test/retention")
    assert retention is not None
    assert retention.interval is not None
    latency = segment.maybe_score("latency_ms")
    assert latency is not None
    assert latency.value > 0
    assert segment.signature is not None
    assert len(onnx) == segment.signature.size_bytes


def test_what_was_trained_says_how_familiar_a_value_is(finished: Run) -> None:
    middleware = Middleware.open(finished[0].registry.url)
    path = middleware.get_path("{A}", "text<de>")
    latents = Middleware.open(finished[0].registry.url)
    near = latents.convert("qz", latents.get_path("text<en>", "{A}"))
    assert isinstance(near, Mapping)
    far = {"hidden": 50 * np.asarray(near["hidden"])}
    first, second = (middleware.convert(each, path, confidence=True) for each in (near, far))
    assert first.value == middleware.convert(near, path) == "qz"
    assert [each.transcoder for each in first.confidence] == ["A_to_text"]
    assert first.confidence[0].percentile < 99 < second.confidence[0].percentile
    middleware.close()
    latents.close()


def test_a_path_without_a_transcoder_has_no_confidence(finished: Run) -> None:
    middleware = Middleware.open(finished[0].registry.url)
    path = middleware.get_path("text<en>", "text_latent")
    with pytest.raises(NoConfidenceError, match="no transcoder is on it, and only they keep"):
        middleware.convert("qz", path, confidence=True)
    middleware.close()


def test_a_run_leaves_a_report_with_graph_curves_and_rows(finished: Run) -> None:
    config, result = finished
    folder = Path(config.registry.url) / "runs" / result.identity[:16]
    page = (folder / "report.html").read_text("utf-8")
    for title in ("Learning graph", "Training", "The ladder", "Latents before and after"):
        assert f"<h2>{title}" in page
    for title in ("Worst test rows, by exact_match", "All scores", "Lineage"):
        assert f"<h2>{title}" in page
    told = (folder / "report.md").read_text("utf-8")
    (heads,) = [line for line in told.splitlines() if line.startswith("| row |")][:1]
    assert heads == (
        "| row | score | english: text&lt;en> | given text&lt;de> | wanted german "
        "| native text&lt;de> |"
    )


def test_an_identical_run_is_reported_and_not_trained_again(
    finished: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    config, result = finished
    before = Registry.open(Path(config.registry.url)).revision()
    again = finish(config)
    assert "the identical run is finished" in capsys.readouterr().out
    assert (again.was_finished, again.version) == (True, result.version)
    assert again.scores == result.scores
    assert Registry.open(Path(config.registry.url)).revision() == before


def test_another_seed_is_a_version_that_is_current_only_if_it_is_better(finished: Run) -> None:
    config, result = finished
    other = finish(replace(config, seed=1, insist=True))
    assert other.version == result.version + 1
    assert not other.is_current
    forced = replace(config, seed=1, registry=RegistryConfig(config.registry.url, replace=True))
    assert finish(forced).is_current
    back = replace(config, registry=RegistryConfig(config.registry.url, replace=True))
    assert finish(back).is_current


def test_runs_share_what_is_frozen(finished: Run) -> None:
    config, _ = finished
    store = Path(config.registry.url) / "store"
    before = {path.name: path.stat().st_mtime_ns for path in store.iterdir() if path.is_dir()}
    finish(replace(config, adapter=LinearConfig()))
    after = {path.name: path.stat().st_mtime_ns for path in store.iterdir() if path.is_dir()}
    assert after == before


def losses(config: RunConfig) -> list[list[float]]:
    result = finish(config)
    folder = Path(config.registry.url) / "runs" / result.identity[:16]
    (path,) = folder.glob("csv/**/metrics.csv")
    with path.open(encoding="utf-8") as file:
        rows = [row["validation/loss"] for row in csv.DictReader(file)]
    return [[float(row)] for row in rows if row]


def test_a_live_prefix_gives_the_losses_of_stored_latents(config: RunConfig) -> None:
    cached = losses(config)
    live = losses(replace(config, prefix=PrefixChoice.live))
    assert len(live) == len(cached) == 2
    for mine, other in zip(live, cached, strict=True):
        assert mine == pytest.approx(other, rel=1e-4)


def test_an_automatic_prefix_runs_at_each_step_where_that_is_measured_to_be_cheaper(
    config: RunConfig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    times = iter((1e-3, 1e-4))
    monkeypatch.setattr("transcoder.runs._prefix._median_s", lambda *_: next(times))
    finish(replace(config, prefix=PrefixChoice.auto))
    said = " ".join(capsys.readouterr().out.split())
    assert "in 1.00 ms and computed by the frozen nets in 0.10 ms; they run at each" in said


def test_the_costs_of_a_batch_are_measured_on_real_rows(
    config: RunConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    finish(replace(config, prefix=PrefixChoice.auto))
    said = " ".join(capsys.readouterr().out.split())
    assert re.search(r"prefix=auto: a batch is read in \d+\.\d\d ms and computed by", said)


def test_two_registries_get_the_same_numbers_from_one_seed(
    config: RunConfig, tmp_path: Path
) -> None:
    elsewhere = RegistryConfig(url=str(tmp_path / "elsewhere"))
    first, second = finish(config), finish(replace(config, registry=elsewhere))
    assert first.scores == second.scores
    files = [
        Middleware.open(each).get_model("A_to_text")[0].digest
        for each in (config.registry.url, elsewhere.url)
    ]
    assert files[0] == files[1]


@pytest.mark.parametrize(
    ("target", "terms"),
    [(TargetChoice.latent, {"latent"}), (TargetChoice.output, {"output"})],
)
def test_the_target_chooses_what_the_loss_compares(
    config: RunConfig, target: TargetChoice, terms: set[str]
) -> None:
    result = finish(replace(config, target=target))
    (path,) = (Path(config.registry.url) / "runs" / result.identity[:16]).glob(
        "csv/**/metrics.csv"
    )
    with path.open(encoding="utf-8") as file:
        named = set(csv.DictReader(file).fieldnames or ())
    assert {f"validation/{term}" for term in ("latent", "output")} & named == {
        f"validation/{term}" for term in terms
    }


def test_a_dataset_that_cannot_pair_the_latents_is_refused(config: RunConfig) -> None:
    pinned = replace(config, data=DataConfig(dataset="other"))
    with pytest.raises(NoOpportunityError, match="from a dataset named 'other'"):
        finish(pinned)


def test_a_run_begins_anew_after_its_result_was_lost(config: RunConfig) -> None:
    first = finish(config)
    (Path(config.registry.url) / "runs" / first.identity[:16] / "result.json").unlink()
    again = finish(config)
    assert (again.was_finished, again.version) == (False, first.version)
    assert again.scores == first.scores


def test_one_step_is_tried_on_all_stages_and_nothing_is_registered(
    config: RunConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(replace(config, debug=DebugChoice.step)) is None
    shown = capsys.readouterr().out
    assert "1 steps" in shown
    assert "nothing was registered" in shown
    catalog = Registry.open(Path(config.registry.url)).catalog()
    assert not [key for key in catalog.segments if key.model == "A_to_text"]
    assert not any((Path(config.registry.url) / "store").glob("*"))


def test_a_batch_is_learnt_by_heart(
    config: RunConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        train(replace(config, adapter=MlpConfig(hidden=256), debug=DebugChoice.overfit)) is None
    )
    found = re.search(
        r"loss of the batch ([0-9.]+) at first, ([0-9.]+) at last", capsys.readouterr().out
    )
    assert found is not None
    assert float(found[2]) < 0.1 * float(found[1])


def test_rows_come_in_through_every_named_oracle(
    config: RunConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    world = Path(str(config.world))
    text = world.read_text(encoding="utf-8")
    world.write_text(
        text.replace("  B.tokenizer:", OTHER_TOKENIZER + "  B.tokenizer:"), "utf-8"
    )
    data = DataConfig(through=["A.tokenizer", "A.other"])
    result = finish(replace(config, data=data))
    shown = " ".join(capsys.readouterr().out.split())
    for name in data.through:
        assert f"a batch by words.english: text<en> => [{name}] => tokens<Ann>" in shown
    segment, _ = Middleware.open(config.registry.url).get_model("A_to_text")
    frozen, told = segment.lineage["frozen"], segment.lineage["opportunities"]
    assert isinstance(frozen, list)
    assert isinstance(told, list)
    assert (len(frozen), len(told)) == (6, 4)
    assert result.scores["residual"]["test/retention"][0] > 0


def test_an_oracle_that_no_route_passes_is_refused(config: RunConfig) -> None:
    for name, reason in (
        ("C.decoder", "no route from a column to {A} passes 'C.decoder'"),
        ("none", "no oracle or model 'none'"),
    ):
        with pytest.raises(TranscoderError, match=re.escape(reason)):
            train(replace(config, data=DataConfig(through=[name])))


def test_what_training_is_to_do_without_is_on_no_route(config: RunConfig) -> None:
    with pytest.raises(NoOpportunityError, match=r"no column of a dataset reaches '\{A\}'"):
        train(replace(config, data=DataConfig(without=["A.tokenizer"])))


def test_a_fit_may_begin_with_a_checkpoint_or_anew(config: RunConfig, tmp_path: Path) -> None:
    first = finish(config)
    folder = Path(config.registry.url) / "runs" / first.identity[:16]
    begun = finish(replace(config, ckpt=str(folder / "best.ckpt")))
    assert begun.identity != first.identity
    assert finish(replace(config, ckpt="none")).was_finished
    with pytest.raises(CheckpointError, match="there is no such file"):
        train(replace(config, ckpt=str(tmp_path / "lost.ckpt")))
