"""The calls of the facade: alone each is a transaction, staged they are one."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.registry.registry_worlds import filled_registry, onnx_file
from transcoder.errors import (
    CommitError,
    InvalidModelError,
    MalformedNameError,
    StorageError,
    UnknownNameError,
)
from transcoder.registry import Commit, Kind
from transcoder.vocabulary import JsonValue, Modality, Payload, Score, SegmentKind
from transcoder.workflows import Codec, Middleware

UUID = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
HIDDEN = ["hidden: float32[batch, 8]"]
NAMES = {"source.hidden": "x", "target.hidden": "y"}
CODEC = Codec(
    "tokens<Fr>",
    "tokenizer",
    "transcoder.oracles:CharacterTokenizer",
    spec=("hidden: float32[batch, 8]",),
)


@pytest.fixture
def opened(tmp_path: Path) -> Middleware:
    return Middleware(filled_registry(tmp_path))


def test_a_world_is_made_call_by_call(tmp_path: Path) -> None:
    made = Middleware.open(tmp_path / "registry", create=True)
    with made.transaction("by hand") as changes:
        changes.register_modality_type("text", ["L"], Payload.TEXT, ["exact_match: text<L>"])
        changes.register_modality_type("tokens", ["V"])
        changes.register_modality("text", ["en"])
        changes.register_modality("tokens<Ann>", (), HIDDEN)
        changes.register_modality("{A}", (), HIDDEN)
        changes.register_oracle_type("tokenizer", "text<L>", "tokens<V>")
        changes.register_oracle(
            "tokenizer", "transcoder.oracles:CharacterTokenizer", "1",
            name="A.tokenizer", source="text<en>", target="tokens<Ann>",
        )  # fmt: skip
        changes.register_dataset_type("words", "text<L>")
        source = {"loader": "huggingface", "path": "csv"}
        changes.register_dataset("rows", "words", source, {"word": "text<en>"}, group="word")
        changes.register_model("A", "tokens<Ann>", "{A}", onnx_file(), names=NAMES)
        assert changes.get_model("A")[1] == onnx_file()
    assert changes.committed is not None
    assert (changes.committed.revision, len(changes.committed.changed)) == (1, 10)
    assert str(made.get_path("text<en>", "{A}")).endswith("tokens<Ann> -> [A] -> {A}")
    assert made.get_history()[0].note == "by hand"


def test_one_call_is_one_transaction(opened: Middleware) -> None:
    commit = opened.register_modality_type("video", ["L"])
    assert isinstance(commit, Commit)
    assert (commit.revision, str(commit.changed[0])) == (2, "added modality type video")
    assert opened.get_history()[-1].note == "register modality type video"


def test_everything_that_is_known_of_a_model_is_kept(opened: Middleware) -> None:
    score = Score("test/retention", 0.9, 100)
    segment = opened.register_model(
        "J2", "{EnTTS}", "text_latent", onnx_file(7), kind=SegmentKind.TRANSCODER, names=NAMES,
        licence="MIT", origin="by hand", scores=[score], lineage={"seed": 1},
    )  # fmt: skip
    found, onnx = opened.get_model("J2", target="text_latent")
    assert (found, onnx) == (segment, onnx_file(7))
    assert (found.licence, found.origin, found.scores) == ("MIT", "by hand", (score,))
    assert (found.lineage, found.version, found.is_transcoder) == ({"seed": 1}, 1, True)


def test_a_codec_brings_the_oracle_and_the_segment(opened: Middleware) -> None:
    segment = opened.register_model(
        "Fr", "text<en>", "{EnTTS}", onnx_file(9), codec=CODEC, names=NAMES
    )
    assert str(segment.key) == "Fr: tokens<Fr> -> {EnTTS}"
    assert str(opened.catalog.oracles["Fr.tokenizer"]) == (
        "text<en> => [Fr.tokenizer] => tokens<Fr>"
    )
    assert len(opened.get_history()) == 2


def test_a_codec_without_a_spec_takes_that_of_the_file(opened: Middleware) -> None:
    codec = replace(CODEC, spec=())
    opened.register_model("Fr", "text<en>", "{EnTTS}", onnx_file(9), codec=codec, names=NAMES)
    assert str(opened.catalog.spec(Modality.parse("tokens<Fr>"))) == (
        "hidden: float32[batch, 8]"
    )


def test_a_codec_may_stand_behind_the_network(opened: Middleware) -> None:
    with opened.transaction() as changes:
        changes.register_oracle_type("decoder", "tokens<V>", "text<L>")
        codec = replace(CODEC, oracle_type="decoder", tensors="tokens<Out>")
        staged = changes.register_model(
            "Say", "{EnTTS}", "text<de>", onnx_file(9), codec=codec, names=NAMES
        )
    assert str(staged.key) == "Say: {EnTTS} -> tokens<Out>"
    assert opened.catalog.oracles["Say.decoder"].target == Modality.parse("text<de>")


def test_a_model_without_a_file_is_a_transcoder_to_be_trained(opened: Middleware) -> None:
    declared = opened.register_model("Later", "{EnTTS}", "text_latent", None)
    assert (declared.is_transcoder, declared.is_runnable) == (True, False)


def test_a_uuid_is_a_private_latent(opened: Middleware) -> None:
    with opened.transaction() as changes:
        changes.register_modality(UUID, (), HIDDEN)
        changes.register_model("Net", "tokens<EnDe>", UUID, onnx_file(), names=NAMES)
        changes.register_model("J", UUID, "text_latent", None)
    retired = opened.unregister_model("Net").retired
    assert [str(each) for each in retired] == [f"J: {UUID} -> text_latent@1"]


def test_unregistering_can_be_undone_until_it_is_swept(opened: Middleware) -> None:
    assert len(opened.unregister_model("EnTTS").retired) == 1
    opened.restore("EnTTS", "tokens<EnDe>", "{EnTTS}", 1)
    commit = opened.restore("Joint", "{EnTTS}", "text_latent", 1)
    assert [str(each) for each in commit.changed] == [
        "restored segment Joint: {EnTTS} -> text_latent@1 #1"
    ]
    assert opened.find_retired() == ()


def test_one_of_several_segments_is_unregistered(opened: Middleware) -> None:
    opened.register_model("EnTTS", "{EnTTS}", "tokens<EnDe>", onnx_file(5), names=NAMES)
    opened.unregister_model("EnTTS", source="{EnTTS}")
    assert [str(key) for key in opened.catalog.segments if key.model == "EnTTS"] == [
        "EnTTS: tokens<EnDe> -> {EnTTS}"
    ]


def test_everything_can_be_unregistered_by_name(opened: Middleware) -> None:
    with opened.transaction() as changes:
        changes.unregister_dataset("numbers")
        changes.unregister_dataset_type("parallel")
        changes.unregister_oracle("tokenizer_en")
        changes.unregister_oracle_type("tokenizer")
        changes.unregister_modality("text<de>")
        changes.unregister_modality("text<en>")
        changes.unregister_modality_type("text")
        for model in ("EnDe", "EnTTS", "Joint"):
            changes.unregister(Kind.SEGMENT, model)
    catalog = opened.catalog
    assert (catalog.segments, catalog.oracles, catalog.datasets) == ({}, {}, {})
    assert set(catalog.modality_types) == {"tokens"}


def test_a_block_that_raises_changes_nothing(opened: Middleware) -> None:
    def stage() -> None:
        with opened.transaction() as changes:
            changes.register_modality_type("video")
            changes.unregister_oracle("nobody")

    with pytest.raises(UnknownNameError):
        stage()
    assert "video" not in opened.catalog.modality_types


def test_changes_are_staged_and_rolled_back(opened: Middleware) -> None:
    changes = opened.start_transaction()
    changes.register_modality_type("video")
    assert "video" in changes.catalog.modality_types
    assert changes.preview().revision == 2
    changes.rollback()
    assert opened.catalog.revision == 1


REFUSED: list[tuple[Callable[[Middleware], object], type[Exception], str]] = [
    (
        lambda m: m.register_model("M", "text<en", "{A}", None),
        MalformedNameError,
        "'text<en' is",
    ),
    (
        lambda m: m.register_model("M", "{EnTTS}", "text_latent", b"no"),
        InvalidModelError,
        "the model 'M' cannot be used: its 2 bytes are damaged",
    ),
    (
        lambda m: m.register_model("M", "{EnTTS}", "text_latent", Path("/no.onnx")),
        StorageError,
        "'/no.onnx' cannot be used: No such file",
    ),
    (
        lambda m: m.register_model("M", "text<en>", "text<de>", onnx_file(), codec=CODEC),
        CommitError,
        "M: text<en> -> text<de> has one codec, but both ends are content",
    ),
    (
        lambda m: m.register_model("M", "{EnTTS}", "{EnTTS}", onnx_file(), codec=CODEC),
        CommitError,
        "one codec, but neither end is content",
    ),
    (
        lambda m: m.register_model(
            "M", "text<en>", "{EnTTS}", onnx_file(), codec=replace(CODEC, oracle_type="tok")
        ),
        UnknownNameError,
        "there is no oracle type 'tok'",
    ),
    (lambda m: m.unregister_model("EnTSS"), UnknownNameError, "no model 'EnTSS'; did you mean"),
    (
        lambda m: m.unregister_model("EnTTS", target="text<de>"),
        UnknownNameError,
        "there is no segment 'EnTTS: . -> text<de>'",
    ),
    (lambda m: m.get_model("Joint", version=4), UnknownNameError, "no single segment 'Joint"),
    (lambda m: m.unregister_oracle("token"), UnknownNameError, "there is no oracle 'token'"),
    (
        lambda m: m.register_modality_type("v", scored_against=["mean: v"]),
        MalformedNameError,
        "'mean: v' is not a scoring; write it like cross_entropy: tokens<V>",
    ),
    (
        lambda m: m.register_oracle("tokenizr", "m:C", "1"),
        UnknownNameError,
        "no oracle type 'tokenizr'; did you mean 'tokenizer'",
    ),
    (
        lambda m: m.register_oracle("tokenizer", "m:C", "1", source="text<en>"),
        CommitError,
        "gives tokens<V>, but there is no modality 'tokens<V>'",
    ),
    (
        lambda m: m.register_oracle(
            "tokenizer", "m:C", "1", source="text<en>", target="text<de>"
        ),
        CommitError,
        "does not keep its type 'tokenizer', text<L> => tokens<V>",
    ),
    (
        lambda m: m.register_dataset(
            "d", "parallel", {"loader": "arrays"}, {"a": "text<en>"}, group="a"
        ),
        CommitError,
        r"'d' .text<en>. does not keep its type 'parallel' .text<A>, text<B>.",
    ),
    (
        lambda m: m.register_dataset("d", "parallel", {}, {}, group=""),
        MalformedNameError,
        "is not a source of a dataset; write it like",
    ),
]


@pytest.mark.parametrize(("call", "kind", "text"), REFUSED)
def test_a_bad_call_is_one_sentence_and_changes_nothing(
    call: Callable[[Middleware], object], kind: type[Exception], text: str, opened: Middleware
) -> None:
    with pytest.raises(kind, match=text):
        call(opened)
    assert opened.catalog.revision == 1


def test_a_dataset_may_have_more_than_two_columns_of_one_variable(opened: Middleware) -> None:
    source: dict[str, JsonValue] = {"loader": "arrays", "files": {}}
    columns = {"a": "text<en>", "b": "text<de>", "c": "text<en>"}
    with opened.transaction() as changes:
        changes.register_dataset_type("triple", "text<A>", "text<B>", "text<A>")
        changes.register_dataset("abc", "triple", source, columns, group="", licence="CC0-1.0")
    assert opened.get_info()["dataset_types"] == {
        "parallel": ["text<A>", "text<B>"],
        "triple": ["text<A>", "text<B>", "text<A>"],
    }
    info = opened.get_info()["datasets"]
    assert isinstance(info, dict)
    assert (info["abc"]["columns"], info["abc"]["licence"]) == (columns, "CC0-1.0")
    with pytest.raises(CommitError, match="A would be both 'en' and 'de'"):
        opened.register_dataset("aba", "triple", source, {**columns, "c": "text<de>"}, group="")


def test_a_type_may_have_many_parameters(opened: Middleware) -> None:
    with opened.transaction() as changes:
        changes.register_modality_type("seq", ["U", "L"], Payload.ARRAY)
        changes.register_modality("seq", ["char", "en"])
        changes.register_oracle_type("spell", "text<L>", "seq<U, L>")
        changes.register_oracle(
            "spell", "my.module:Speller", "2", source="text<en>", target="seq<char, en>"
        )
    assert str(opened.catalog.oracles["spell"].target) == "seq<char, en>"
    with pytest.raises(CommitError, match="L would be both 'de' and 'en'"):
        opened.register_oracle(
            "spell", "my.module:Speller", "2", source="text<de>", target="seq<char, en>"
        )
