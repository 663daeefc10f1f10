from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.registry.registry_worlds import (
    DE,
    EN,
    HIDDEN,
    JOINT,
    LATENT,
    NOUNS,
    PRIVATE,
    TOKENS,
    VOICE,
    fill,
    filled_registry,
    joint,
    onnx_file,
    piece,
)
from transcoder.errors import CommitError
from transcoder.registry import Registry, Transaction
from transcoder.vocabulary import (
    Column,
    Dataset,
    DatasetType,
    Exactness,
    Modality,
    ModalityEntry,
    ModalityType,
    Oracle,
    OracleType,
    Score,
    Scorer,
    Scoring,
    Segment,
    SegmentKey,
    Spec,
)

M = Modality.parse
ORACLE = next(each for each in NOUNS if isinstance(each, Oracle))
DATASET = next(each for each in NOUNS if isinstance(each, Dataset))
PARALLEL = next(each for each in NOUNS if isinstance(each, DatasetType))
SAMPLED = SegmentKey("Sampled", TOKENS, EN)


def put(*nouns: object) -> Callable[[Transaction], None]:
    def stage(transaction: Transaction) -> None:
        for noun in nouns:
            transaction.put(noun)  # type: ignore[arg-type] # each is a noun

    return stage


def put_segment(segment: Segment, onnx: bytes | None = None) -> Callable[[Transaction], None]:
    def stage(transaction: Transaction) -> None:
        transaction.put_segment(segment, onnx)

    return stage


def remove(removed: Modality) -> Callable[[Transaction], None]:
    return lambda transaction: transaction.remove(removed)


TYPE_FAULTS = [
    (put(ModalityType("t", ("L", "L"))), "modality type 't' names a parameter twice"),
    (
        put(ModalityType("t", scored_against=(Scoring(Scorer.MSE, M("absent")),))),
        "'t' is scored against absent, but there is no modality type 'absent'",
    ),
    (
        put(ModalityType("t", scored_against=(Scoring(Scorer.MSE, M("text")),))),
        "'t' is scored against text, but the type is text<L>",
    ),
    (
        put(OracleType("o", M("text<L>"), M("absent<L>"))),
        "oracle type 'o' gives absent<L>, but",
    ),
    (put(DatasetType("d", (M("absent"),))), "dataset type 'd' has absent, but there is no"),
    (put(ModalityType("a b")), "'a b' is not a modality; write it like text<en>"),
    (put(ModalityType("")), "'' is not a modality; write it like text<en>"),
    (put(ModalityType("t<L>")), "'t<L>' is not a name of a modality type; write it like text"),
]

MODALITY_FAULTS = [
    (put(ModalityEntry(M("txt<en>"))), "modality txt<en>, but .* did you mean 'text'"),
    (put(ModalityEntry(M("text"))), "modality text, but the type is text<L>"),
    (put(ModalityEntry(M("text<L>"))), "modality text<L> is a pattern"),
    (put(ModalityEntry(M("global"), HIDDEN)), "without a version; write global@1"),
    (put(ModalityEntry(M("{X}"))), "modality {X} has neither a spec nor a type with a payload"),
    (
        put(ModalityEntry(EN, HIDDEN)),
        "text<en> has a spec, but its type has the payload 'text'",
    ),
    (
        put(ModalityEntry(M("{X}"), HIDDEN, "EnDe")),
        "has a founder, which only a standard latent",
    ),
    (put(ModalityEntry(Modality("a b"), HIDDEN)), "modality a b: 'a b' is not a modality"),
    (remove(DE), "dataset 'numbers', column 'german': there is no modality 'text<de>'"),
]

ORACLE_FAULTS = [
    (
        put(replace(ORACLE, source=M("text<fr>"))),
        "takes text<fr>, but there is no modality 'text<fr>'",
    ),
    (put(replace(ORACLE, type="tokeniser")), "no oracle type 'tokeniser'; did you mean"),
    (
        put(replace(ORACLE, target=DE)),
        "not keep its type 'tokenizer', text<L> => tokens<V>: text<de> is no tokens<V>",
    ),
    (put(replace(ORACLE, exactness=Exactness.SYNTHETIC)), "is synthetic, its type exact"),
    (put(replace(ORACLE, entry_point="code")), "has 'code'; write it as module:Class"),
    (put(replace(ORACLE, parameters={"n": float("nan")})), "oracle tokenizer_en: Out of range"),
]

DATASET_FAULTS = [
    (put(replace(DATASET, type="paralell")), "no dataset type 'paralell'; did you mean"),
    (
        put(replace(DATASET, columns=DATASET.columns[:1])),
        "'numbers' .text<en>. does not keep its type 'parallel' .text<A>, text<B>.: it has 1",
    ),
    (
        put(replace(PARALLEL, modalities=(M("text<A>"),) * 2)),
        "does not keep its type 'parallel' .*: A would be both 'en' and 'de'",
    ),
    (put(replace(DATASET, columns=(Column("a", EN),) * 2)), "'numbers' names a column twice"),
]

SEGMENT_FAULTS = [
    (
        put_segment(piece(SegmentKey("Net", M("{Absent}"), LATENT)), onnx_file()),
        "takes {Absent}, but there is no modality '{Absent}'",
    ),
    (
        put_segment(piece(SAMPLED), onnx_file()),
        "gives text<en>, which has no spec; put a codec",
    ),
    (
        put_segment(piece(VOICE, 1, 6), onnx_file(1, 6)),
        "'EnTTS' gives .*6.* but its target needs",
    ),
    (put_segment(Segment(VOICE)), "EnTTS.* has no file; only a transcoder can be without one"),
    (put_segment(Segment(VOICE), onnx_file()), "has a file but no signature"),
    (put_segment(piece(VOICE), onnx_file(1, 6)), "has the signature of another file"),
    (put_segment(replace(piece(VOICE), digest="0" * 64), onnx_file()), "has the digest 0000"),
    (put_segment(replace(piece(VOICE), digest="0" * 64)), "EnTTS: .* the file is missing"),
    (put_segment(piece(JOINT), onnx_file()), "as a transcoder and cannot be a segment too"),
    (
        put_segment(joint(1, SegmentKey("J", TOKENS, LATENT)), onnx_file()),
        "is a transcoder, which joins two latents; register it as a segment",
    ),
    (
        put_segment(replace(joint(), scores=(Score("r", float("inf"), 1),)), onnx_file()),
        "Joint: .* Out of range float",
    ),
    (put(ModalityEntry(PRIVATE, Spec.parse("hidden: float32[batch, 9]"))), "'EnTTS' gives"),
    (remove(PRIVATE), "EnTTS.* gives {EnTTS}, but there is no modality '{EnTTS}'"),
]


@pytest.mark.parametrize(
    ("stage", "text"),
    [*TYPE_FAULTS, *MODALITY_FAULTS, *ORACLE_FAULTS, *DATASET_FAULTS, *SEGMENT_FAULTS],
)
def test_an_inconsistent_result_is_refused(
    stage: Callable[[Transaction], None], text: str, world: Registry
) -> None:
    before = world.catalog()
    transaction = world.start_transaction()
    stage(transaction)
    with pytest.raises(CommitError, match=text):
        transaction.commit()
    assert world.catalog() is before


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    transaction = Registry.open(tmp_path / "registry").start_transaction()
    fill(transaction)
    for stage, _ in (TYPE_FAULTS[0], ORACLE_FAULTS[1], DATASET_FAULTS[0]):
        stage(transaction)
    transaction.put_segment(piece(VOICE, 1, 6), onnx_file(1, 6))
    with pytest.raises(CommitError, match="refused: 7 faults; nothing was changed") as caught:
        transaction.commit()
    told = "".join(caught.value.faults)
    parts = ("a parameter twice", "'tokeniser'", "'paralell'", "[batch, 6]", "defined twice")
    assert [part for part in parts if part not in told] == []


def test_one_name_with_two_contents_is_a_fault(world: Registry) -> None:
    transaction = world.start_transaction()
    transaction.put(ModalityType("video"))
    transaction.put(ModalityType("video", ("L",)))
    with pytest.raises(
        CommitError, match="modality type video is defined twice, with different"
    ):
        transaction.commit()


def test_one_name_with_one_content_twice_is_fine(tmp_path: Path) -> None:
    with filled_registry(tmp_path).transaction() as transaction:
        transaction.put(ModalityType("video"))
        transaction.put(ModalityType("video"))
    assert transaction.committed is not None
    assert len(transaction.committed.changed) == 1


def test_a_refused_transaction_can_be_corrected(tmp_path: Path) -> None:
    transaction = filled_registry(tmp_path).start_transaction()
    transaction.put(ModalityEntry(M("video<en>")))
    with pytest.raises(CommitError, match="no modality type 'video'"):
        transaction.commit()
    transaction.remove(M("video<en>"))
    assert transaction.commit().changed == ()


def test_an_older_version_may_stay_behind_a_new_spec(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    wide = ModalityEntry(PRIVATE, Spec.parse("hidden: float32[batch, 6]"))
    with registry.transaction() as transaction:
        transaction.put(wide)
        transaction.remove(JOINT)
        transaction.put_segment(piece(VOICE, 1, 6), onnx_file(1, 6))
    transaction = registry.start_transaction()
    transaction.put_segment(piece(VOICE, 2), onnx_file(2))
    with pytest.raises(CommitError, match="'EnTTS' gives"):
        transaction.commit()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    return filled_registry(tmp_path_factory.mktemp("faults"))
