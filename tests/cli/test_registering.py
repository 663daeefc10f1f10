"""Each change of a registry is a verb, and each such verb is one transaction."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.registry.registry_worlds import filled_registry, onnx_file
from transcoder.cli import app
from transcoder.registry import Registry

NAMES = ("--name", "source.hidden=x", "--name", "target.hidden=y")
HIDDEN = ("--spec", "hidden: float32[batch, 8]")


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    filled_registry(tmp_path).close()
    (tmp_path / "m.onnx").write_bytes(onnx_file(9))
    return tmp_path / "registry"


def call(registry: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--registry", str(registry)])


def test_a_world_is_made_verb_by_verb(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(onnx_file())
    source = json.dumps({"loader": "huggingface", "path": "csv"})
    tokenizer = ("transcoder.oracles:CharacterTokenizer", "1", "--name", "A.tokenizer")
    scored = ("--scored-against", "exact_match: text<L>")
    rows = ("--group", "word", "--shares", '{"test": 0.2}', "--licence", "CC0-1.0")
    verbs: list[tuple[str, ...]] = [
        ("modality-type", "text", "--parameter", "L", "--payload", "text", *scored),
        ("modality-type", "tokens", "--parameter", "V"),
        ("modality", "text<en>"),
        ("modality", "tokens<Ann>", *HIDDEN),
        ("modality", "text_latent@1", *HIDDEN, "--founder", "A"),
        ("modality", "{B}", *HIDDEN),
        ("oracle-type", "tokenizer", "text<L>", "tokens<V>"),
        ("oracle-type", "voice", "text<L>", "tokens<V>", "--synthetic"),
        ("oracle", "tokenizer", *tokenizer, "--from", "text<en>", "--to", "tokens<Ann>"),
        ("dataset-type", "words", "text<L>"),
        ("dataset", "rows", "words", "--source", source, "--column", "word=text<en>", *rows),
        ("model", "A", "tokens<Ann>", "text_latent", str(tmp_path / "m.onnx"), *NAMES),
        ("model", "B", "tokens<Ann>", "{B}", str(tmp_path / "m.onnx"), *NAMES),
        ("transcoder", "T", "{B}", "text_latent"),
    ]
    for revision, verb in enumerate(verbs, 1):
        done = call(tmp_path / "made", "register", *verb, "--json")
        assert done.exit_code == 0, done.output
        assert json.loads(done.stdout)["revision"] == revision
    catalog = Registry.open(tmp_path / "made").catalog()
    assert {key.model for key in catalog.segments} == {"A", "B", "T"}
    assert catalog.datasets["rows"].shares.test == 0.2


def test_a_model_is_registered_with_its_codec_and_scores(registry: Path) -> None:
    codec = {
        "tensors": "tokens<Fr>",
        "oracle_type": "tokenizer",
        "entry_point": "transcoder.oracles:CharacterTokenizer",
        "spec": "hidden: float32[batch, 8]",
    }
    onnx = str(registry.parent / "m.onnx")
    done = call(
        registry, "register", "model", "Fr", "text<en>", "{EnTTS}", onnx, *NAMES,
        "--codec", json.dumps(codec), "--score", "test/retention=0.5", "--licence", "MIT",
        "--lineage", '{"seed": 7, "frozen": ["a"]}',
    )  # fmt: skip
    assert done.stdout == "revision 2: 3 changes\n", done.output
    (segment,) = (
        each
        for versions in Registry.open(registry).catalog().segments.values()
        for each in versions
        if each.name == "Fr"
    )
    assert (segment.licence, segment.scores[0].value) == ("MIT", 0.5)
    newest = json.loads(call(registry, "history", "--json").stdout)["commits"][0]
    assert newest["lineage"] == {"Fr: tokens<Fr> -> {EnTTS} #1": {"frozen": ["a"], "seed": 7}}
    assert "(seed 7)" in " ".join(call(registry, "history").stdout.split())


def test_a_model_is_written_to_a_file(registry: Path, tmp_path: Path) -> None:
    place = str(tmp_path / "out.onnx")
    shown = json.loads(call(registry, "get-model", "EnTTS", "-o", place, "--json").stdout)
    assert (shown["model"], shown["version"], shown["output"]) == ("EnTTS", 1, place)
    assert Path(place).read_bytes() == onnx_file(2)
    said = call(registry, "get-model", "EnTTS", "-o", place, "--to", "{EnTTS}").stdout
    assert said.startswith("wrote EnTTS: tokens<EnDe> -> {EnTTS} #1 to ")


def test_unregistering_names_what_retires_and_history_what_can_be_restored(
    registry: Path,
) -> None:
    said = call(registry, "unregister", "model", "EnTTS").stdout
    assert "retired Joint: {EnTTS} -> text_latent@1" in said
    told = json.loads(call(registry, "history", "--json").stdout)
    assert [each["revision"] for each in told["commits"]] == [2, 1]
    assert "Joint: {EnTTS} -> text_latent@1 #1" in told["retired"]
    assert "unregister" in call(registry, "history").stdout
    call(registry, "restore", "EnTTS", "tokens<EnDe>", "{EnTTS}", "1")
    restored = call(registry, "restore", "Joint", "{EnTTS}", "text_latent", "1", "--json")
    assert json.loads(restored.stdout)["revision"] == 4


def test_other_things_are_unregistered_by_kind(registry: Path) -> None:
    done = call(registry, "unregister", "dataset", "numbers", "--json")
    assert json.loads(done.stdout)["changed"] == ["removed dataset numbers"]


def test_gc_sweeps_what_is_retired(registry: Path) -> None:
    call(registry, "unregister", "model", "Joint")
    assert "0 versions" in call(registry, "gc").stdout
    swept = json.loads(call(registry, "gc", "--older-than", "0s", "--json").stdout)
    assert (len(swept["versions"]), swept["files"]) == (1, 1)
    assert "0 versions, 0 files" in call(registry, "gc", "--older-than", "0s").stdout


def test_a_dry_run_shows_the_difference_and_writes_nothing(tmp_path: Path) -> None:
    world = tmp_path / "world.yaml"
    world.write_text(
        "modality_types: {video: {payload: array}}\nmodalities: {video: }\n", "utf-8"
    )
    shown = call(tmp_path / "reg", "apply", str(world), "--dry-run").stdout
    assert "nothing was written; it would be revision 1: 2 changes" in shown
    assert "added modality type video" in shown
    assert not (tmp_path / "reg").exists()
    call(tmp_path / "reg", "apply", str(world))
    told = json.loads(call(tmp_path / "reg", "apply", str(world), "--dry-run", "--json").stdout)
    assert (told["revision"], told["changed"]) == (1, [])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("register", "modality", "video<en>"), "there is no modality type 'video'"),
        (
            ("register", "modality", "{A}", "--spec", "h: float[4]"),
            "'h: float[4]' is not a tensor",
        ),
        (("register", "model", "M", "{A}", "{B}", "/no.onnx"), "'/no.onnx' cannot be used"),
        (("register", "oracle", "tok", "m:C", "1"), "there is no oracle type 'tok'"),
        (("unregister", "model", "EnTSS"), "there is no model 'EnTSS'; did you mean"),
        (("unregister", "modality", "text<de>"), "there is no modality 'text<de>'"),
        (("get-model", "EnTTS", "-o", "/no/such/m.onnx"), "choose another place"),
        (("restore", "Joint", "{EnTTS}", "text_latent", "9"), "there is no version 'Joint"),
    ],
)
def test_a_failure_is_one_sentence_and_exit_code_1(
    registry: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    failed = call(registry, *arguments)
    assert (failed.exit_code, failed.stderr.count("\n")) == (1, 1), failed.output
    assert sentence in failed.stderr
    assert Registry.open(registry).revision() == 1


CODEC = ("register", "model", "M", "{A}", "{B}", "m.onnx", "--codec")


@pytest.mark.parametrize(
    "arguments",
    [
        ("register", "oracle", "tokenizer", "m:C", "1", "--parameters", "{"),
        ("register", "oracle", "tokenizer", "m:C", "1", "--parameters", "[]"),
        ("register", "transcoder", "T", "{A}", "{B}", "--name", "hidden"),
        ("register", "transcoder", "T", "{A}", "{B}", "--score", "r=good"),
        ("register", "model", "M", "{A}", "{B}", "m.onnx", "--codec", '{"tensor": 1}'),
        (*CODEC, '{"tensors": "t", "oracle_type": "o", "entry_point": "m:C", "spec": 1}'),
        (
            *CODEC,
            '{"tensors": "t", "oracle_type": "o", "entry_point": "m:C", "parameters": [1]}',
        ),
        ("gc", "--older-than", "a month"),
        ("unregister", "network", "EnTTS"),
    ],
)
def test_wrong_usage_is_exit_code_2(registry: Path, arguments: tuple[str, ...]) -> None:
    failed = call(registry, *arguments)
    assert failed.exit_code == 2, failed.output


@pytest.mark.parametrize(
    "verb",
    [
        *("unregister", "get-model", "history", "restore", "gc", "export-path", "init"),
        *("register model", "register transcoder", "register modality-type"),
        *("register modality", "register oracle-type", "register oracle"),
        *("register dataset-type", "register dataset"),
    ],
)
def test_every_verb_has_help_and_json(verb: str) -> None:
    shown = CliRunner(env={"COLUMNS": "120"}).invoke(app, [*verb.split(), "--help"])
    assert shown.exit_code == 0
    assert "--json" in shown.stdout
