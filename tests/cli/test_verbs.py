"""Each verb prints for people and for scripts, and fails in one sentence."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from tests.tiny_world import write_tiny_world
from transcoder.cli import app
from transcoder.vocabulary import Array

ENGLISH_TO_GERMAN = ("--from", "text<en>", "--to", "text<de>")


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    world = write_tiny_world(folder / "world")
    applied = CliRunner().invoke(app, ["apply", str(world), "--registry", str(folder / "reg")])
    assert applied.exit_code == 0, applied.output
    return folder / "reg"


def call(registry: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--registry", str(registry)])


def test_applying_a_world_says_where_and_what(tmp_path: Path) -> None:
    world = str(write_tiny_world(tmp_path / "world"))
    first = call(tmp_path / "reg", "apply", world)
    assert "making the registry" in first.stderr
    assert "revision 1: 22 changes" in first.stdout
    again = call(tmp_path / "reg", "apply", world, "--json")
    assert json.loads(again.stdout) == {
        "revision": 1,
        "changed": [],
        "retired": [],
        "left_behind": [],
    }


def test_info_lists_models_modalities_oracles_and_datasets(registry: Path) -> None:
    shown = json.loads(call(registry, "info", "--json").stdout)
    assert {each["model"] for each in shown["models"]} == {"A", "B"}
    assert shown["modalities"]["text_latent@1"]["founder"] == "B"
    assert set(shown["oracles"]) == {"A.tokenizer", "B.tokenizer", "C.tokenizer", "C.decoder"}
    assert shown["datasets"]["words"]["columns"] == {
        "english": "text<en>",
        "german": "text<de>",
    }
    told = call(registry, "info").stdout
    assert "text_latent@1" in told
    assert "[batch, 32]" in told


def test_path_shows_each_step(registry: Path) -> None:
    shown = json.loads(call(registry, "path", "text<en>", "text<de>", "--json").stdout)
    assert [edge["name"] for edge in shown["edges"]] == ["B.tokenizer", "B", "B", "C.decoder"]
    assert "C.decoder" in call(registry, "path", "text<en>", "text<de>").stdout


def test_path_explains_each_step_and_the_next_best(registry: Path) -> None:
    shown = json.loads(call(registry, "path", "text<en>", "text<de>", "--json").stdout)
    assert shown["why"] == "it is the only path"
    assert shown["cost"] == pytest.approx(
        sum(edge["cost"] for edge in shown["edges"]), abs=1e-5
    )
    assert (
        "next best: it is the only path"
        in call(registry, "path", "text<en>", "text<de>").stdout
    )


def test_path_takes_a_preference_by_name_and_by_weight(registry: Path) -> None:
    ends = ("path", "text<en>", "text<de>")
    more = ("--weight", "hops=10", "--prefer", "fast", "-k", "2", "--json")
    assert json.loads(call(registry, *ends, *more).stdout)["cost"] > 40
    refused = call(registry, *ends, "--no-oracles")
    assert "there is none that the preference admits" in refused.stderr
    refused = call(registry, *ends, "--exclude", "C.decoderr")
    assert "no model or oracle 'C.decoderr'; did you mean 'C.decoder'" in refused.stderr
    assert call(registry, *ends, "--weight", "hops=much").exit_code == 2


def test_path_and_convert_say_the_licences_and_can_forbid_some(registry: Path) -> None:
    ends = ("text<en>", "text<de>")
    assert json.loads(call(registry, "path", *ends, "--json").stdout)["licences"] == ["unknown"]
    assert "licences: unknown" in call(registry, "path", *ends).stdout
    shown = json.loads(call(registry, "convert", *ENGLISH_TO_GERMAN, "qz", "--json").stdout)
    assert shown["licences"] == ["unknown"]
    for verb in (("path", *ends), ("convert", *ENGLISH_TO_GERMAN, "qz")):
        refused = call(registry, *verb, "--forbid-licence", "unknown")
        assert refused.exit_code == 1
        assert "there is no path from 'text<en>' to 'text<de>'" in refused.stderr


def test_opportunities_are_listed_best_first(registry: Path) -> None:
    shown = json.loads(call(registry, "opportunities", "{A}", "text_latent", "--json").stdout)
    kinds = [(each["kind"], each["grade"]) for each in shown["opportunities"]]
    assert kinds == [("latent", "real"), ("output", "real")]


def test_opportunities_have_a_graph_and_a_picture(registry: Path) -> None:
    ends = ("opportunities", "{A}", "text_latent")
    (latent, _) = json.loads(call(registry, *ends, "--json").stdout)["opportunities"]
    assert {each["when"] for each in latent["graph"]["edges"]} == {
        "once",
        "trained",
        "compared",
    }
    assert call(registry, *ends, "--mermaid").stdout.startswith("flowchart LR\n")
    assert "latent" in call(registry, *ends, "-k", "3").stdout


def test_opportunities_that_are_none_say_what_is_lacking(registry: Path) -> None:
    failed = call(registry, "opportunities", "{A}", "{A}")
    assert failed.exit_code == 1
    assert "it would have to join two different latents" in failed.stderr


def test_convert_prints_the_result(registry: Path) -> None:
    assert call(registry, "convert", *ENGLISH_TO_GERMAN, "qz").stdout == "qz\n"


def test_convert_takes_as_much_of_the_machine_as_it_is_told(registry: Path) -> None:
    told = ("--threads", "1", "--session-mib", "0", "--oracle-limit", "5")
    assert call(registry, "convert", *ENGLISH_TO_GERMAN, "qz", *told).stdout == "qz\n"
    wrong = call(registry, "convert", *ENGLISH_TO_GERMAN, "qz", "--provider", "GPU")
    assert "there is no execution provider 'GPU'; " in wrong.stderr
    wrong = call(registry, "convert", *ENGLISH_TO_GERMAN, "qz", "--oracle-limit", "0")
    assert "'oracle_limit_s' is 0.0 but a time is wanted" in wrong.stderr


def test_convert_reads_standard_input(registry: Path) -> None:
    arguments = ["convert", *ENGLISH_TO_GERMAN, "-", "--registry", str(registry)]
    assert CliRunner().invoke(app, arguments, input="hi\n").stdout == "hi\n"


def test_convert_writes_and_reads_files(registry: Path, tmp_path: Path) -> None:
    latent = str(tmp_path / "latent.npz")
    to_latent = ("--from", "text<en>", "--to", "text_latent", "-o", latent)
    assert call(registry, "convert", *to_latent, "ok").stdout == f"wrote {latent}\n"
    from_latent = ("--from", "text_latent", "--to", "text<de>")
    assert call(registry, "convert", *from_latent, latent).stdout == "ok\n"


def test_convert_reads_tensors_from_standard_input_and_one_array_as_the_one_tensor(
    registry: Path, tmp_path: Path
) -> None:
    latent = tmp_path / "latent.npz"
    call(
        registry,
        "convert",
        "--from",
        "text<en>",
        "--to",
        "text_latent",
        "ok",
        "-o",
        str(latent),
    )
    from_latent = ("convert", "--from", "text_latent", "--to", "text<de>")
    arguments = [*from_latent, "-", "--registry", str(registry)]
    assert CliRunner().invoke(app, arguments, input=latent.read_bytes()).stdout == "ok\n"
    np.save(tmp_path / "latent.npy", np.load(latent)["hidden"])
    assert call(registry, *from_latent, str(tmp_path / "latent.npy")).stdout == "ok\n"
    empty = CliRunner().invoke(app, arguments, input=b"")
    assert empty.exit_code == 1
    assert "give a .npy or .npz file" in empty.stderr


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (np.full(32, np.nan, np.float32), "gave NaN or infinity in 'hidden' at row 0"),
        (np.zeros(32, np.int64), "'hidden' is int64 (32,) but float32 (32) is wanted"),
        (
            np.zeros((2, 32), np.float32),
            "'hidden' is float32 (2, 32) but float32 (32)",
        ),
        (np.zeros(0, np.float32), "'hidden' is float32 (0,) but float32 (32) is wanted"),
    ],
)
def test_a_latent_that_is_none_is_one_sentence(
    registry: Path, tmp_path: Path, array: Array, sentence: str
) -> None:
    np.save(tmp_path / "a.npy", array)
    ends = ("--from", "text_latent", "--to", "text<de>")
    failed = call(registry, "convert", *ends, str(tmp_path / "a.npy"))
    assert failed.exit_code == 1
    assert sentence in failed.stderr
    assert failed.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("modality", "sentence"),
    [
        ("text<>", "'text<>' is not a modality; write it like text<en>"),
        ("", "'' is not a modality"),
        ("{}", "'{}' is not a modality"),
        ("text<en>@1", "write it like 'text<en>', for only a standard latent has a version"),
        ("{A}<en>", "'{A}<en>' is not a latent"),
        ("seq<char, en>", "there is no modality 'seq<char, en>'; known are"),
        ("123e4567-e89b-12d3-a456-426614174000", "there is no modality '123e4567-"),
        ("text_latent@7", "there is no modality 'text_latent@7'; did you mean 'text_latent@1'"),
    ],
)
def test_a_modality_that_is_none_is_one_sentence(
    registry: Path, modality: str, sentence: str
) -> None:
    failed = call(registry, "path", modality, "text<de>")
    assert failed.exit_code == 1
    assert sentence in failed.stderr


def test_convert_says_which_path_it_took(registry: Path) -> None:
    shown = json.loads(call(registry, "convert", *ENGLISH_TO_GERMAN, "qz", "--json").stdout)
    assert shown["result"] == "qz"
    assert "-> [B] -> text_latent@1" in shown["path"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("path", "text<en>", "text<fr>"), "there is no modality 'text<fr>'; did you mean"),
        (
            ("path", "text<en", "text<de>"),
            "'text<en' is not a modality; write it like text<en>",
        ),
        (
            ("path", "text<en>", "text<de>", "--via", "{A}"),
            "a transcoder '{A}' -> 'text_latent@1' would make one",
        ),
        (("convert", *ENGLISH_TO_GERMAN, "q7"), "'7' in 'q7' is not in the alphabet"),
        (("convert", *ENGLISH_TO_GERMAN, "qz", "-o", "/no/such/a.txt"), "choose another place"),
        (("apply", "/no/world.yaml"), "cannot be read: No such file"),
    ],
)
def test_a_failure_is_one_sentence_and_exit_code_1(
    registry: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    failed = call(registry, *arguments)
    assert failed.exit_code == 1
    assert sentence in failed.stderr
    assert failed.stderr.startswith("error: ")
    assert failed.stderr.count("\n") == 1


def test_a_registry_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    failed = call(tmp_path / "none", "info")
    assert failed.exit_code == 1
    assert "there is no registry there" in failed.stderr
    assert not (tmp_path / "none").exists()


def test_wrong_usage_is_exit_code_2(registry: Path) -> None:
    assert call(registry, "path", "text<en>").exit_code == 2


@pytest.mark.parametrize("verb", ["info", "path", "opportunities", "convert", "apply"])
def test_every_verb_has_help_and_json(verb: str) -> None:
    shown = CliRunner(env={"COLUMNS": "120"}).invoke(app, [verb, "--help"])
    assert shown.exit_code == 0
    assert "--json" in shown.stdout
