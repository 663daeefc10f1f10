"""Every chain through a transcoder is judged; one that cannot be stops no other."""

import json
from pathlib import Path

import pytest

from tests.runs.conftest import tiny_config
from tests.tiny_world import write_tiny_world
from transcoder.recipe import DataConfig, PartialConfig, RunConfig, TrainerConfig
from transcoder.reports import RunResult
from transcoder.runs import train
from transcoder.workflows import Middleware, describe_run, transcoder_rows

LETTERS = "abcdefghijklmnopqrstuvwxyz"
SECOND_SINK = f"""  C.english:
    type: decoder
    source: logits<Cleo>
    target: text<en>
    entry_point: transcoder.oracles:GreedyDecoder
    version: "1"
    parameters: {{alphabet: {LETTERS}}}
dataset_types:
"""
SECOND_SET = """datasets:
  again:
    type: parallel_text
    loader: huggingface
    options: {path: csv, data_files: words.csv}
    columns: {english: text<en>, german: text<de>}
    group: english
    shares: {test: 0.5, validation: 0.1, salt: again}
"""


def _config(folder: Path, chain_rows: int) -> RunConfig:
    data = DataConfig(dataset="words", chain_rows=chain_rows)
    return tiny_config(folder, data=data, adapter=PartialConfig(), trainer=TrainerConfig(1))


def trained(folder: Path, *changes: tuple[str, str], chain_rows: int = 300) -> RunResult:
    """Train on a tiny world whose text is changed."""
    world = write_tiny_world(folder / "world")
    text = world.read_text("utf-8")
    for old, new in changes:
        text = text.replace(old, new, 1)
    world.write_text(text, "utf-8")
    result = train(_config(folder, chain_rows))
    assert result is not None
    return result


def test_every_sink_and_every_dataset_is_judged_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = trained(tmp_path, ("dataset_types:\n", SECOND_SINK), ("datasets:\n", SECOND_SET))
    assert [(each.name, each.decides) for each in result.chains] == [
        ("words.english by A to english", True),
        ("words.english by A to german", False),
        ("again.english by A to english", False),
        ("again.english by A to german", False),
    ]
    learnt_by_neither = 676 * 0.5 * 0.3
    assert 0 < result.chains[2].rows < learnt_by_neither
    assert "every judged chain, test rows" in capsys.readouterr().out
    middleware = Middleware.open(tmp_path / "registry")
    (run,) = middleware.get_runs()
    assert run.segment is not None
    score = run.segment.maybe_score("test/retention of again.english by A to german")
    assert score is not None
    assert score.interval is not None
    assert result.chains[3].scores[result.chosen]["retention"][0] == score.value
    assert run.result is not None
    assert run.result.chains == result.chains
    assert "again.english by A to german" in json.dumps(describe_run(run))
    card = middleware.get_card("A_to_text")
    assert "\n- retention\nmodel-index" in card
    assert "type: retention\n      value" in card
    assert "- words.english by A to english, by which it was chosen: text&lt;en>" in card
    markdown = middleware.get_report()[1].read_text("utf-8")
    assert r"| words.english by A to english \* |" in markdown
    assert "by 3 other chains" in str(transcoder_rows(middleware.catalog))


def test_other_chains_may_be_left_out_of_a_run_whose_files_are_the_same(tmp_path: Path) -> None:
    result = trained(tmp_path, ("dataset_types:\n", SECOND_SINK), chain_rows=0)
    assert [each.decides for each in result.chains] == [True]
    assert "partial" in result.scores
    more, again = (train(_config(tmp_path, 9)) for _ in range(2))
    assert more is not None
    assert again is not None
    assert (more.version, len(more.chains)) == (result.version, 2)
    assert again.was_finished
    runs = Middleware.open(tmp_path / "registry").get_runs()
    assert [each.segment is not None for each in runs] == [True, True]


def test_a_weak_native_chain_is_refused_and_the_next_decides(tmp_path: Path) -> None:
    wrong = SECOND_SINK.replace(LETTERS, LETTERS[::-1])
    decides, refused = trained(tmp_path, ("dataset_types:\n", wrong)).chains
    assert (decides.name, decides.decides) == ("words.english by A to german", True)
    assert decides.scores
    assert refused.name == "words.english by A to english"
    assert refused.refused.startswith("on validation rows, no retention can be stated")
    assert refused.scores == {}


def test_where_all_chains_are_refused_latents_alone_decide(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    decoder = "target: text<de>\n    entry_point: transcoder.oracles:GreedyDecoder\n"
    decoder += '    version: "1"\n    parameters: {alphabet: '
    result = trained(tmp_path, (f"{decoder}{LETTERS}", f"{decoder}{LETTERS[::-1]}"))
    (refused,) = result.chains
    assert not refused.decides
    assert "below the floor of 0.050" in refused.refused
    assert "test/retention" not in result.scores[result.chosen]
    assert "test/r2" in result.scores[result.chosen]
    assert "candidates are compared by latents alone" in capsys.readouterr().out
