from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest

from tests.registry.registry_worlds import (
    FOUNDER,
    HIDDEN,
    JOINT,
    LATENT,
    LATENT_2,
    PRIVATE,
    TOKENS,
    VOICE,
    filled_registry,
    joint,
    onnx_file,
    piece,
)
from transcoder.errors import CommitError
from transcoder.registry import Registry
from transcoder.vocabulary import (
    Column,
    Dataset,
    DatasetType,
    Modality,
    ModalityEntry,
    Segment,
    SegmentKey,
    SegmentKind,
)

SPACE = sha256(onnx_file()).hexdigest()
OTHER = sha256(onnx_file(9)).hexdigest()


def test_the_founder_gives_a_standard_latent_its_space(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    assert registry.catalog().entry(LATENT).space == SPACE
    assert Registry.open(registry.root).catalog().entry(LATENT).space == SPACE


def test_a_latent_may_wait_for_its_founder(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    with registry.transaction() as transaction:
        transaction.put(ModalityEntry(LATENT_2, HIDDEN, founder="Later"))
    assert registry.catalog().entry(LATENT_2).space is None
    with registry.transaction() as transaction:
        key = SegmentKey("Later", TOKENS, LATENT_2)
        transaction.put_segment(piece(key, 9), onnx_file(9))
    assert registry.catalog().entry(LATENT_2).space == OTHER


def test_a_changed_founder_is_refused_with_what_to_do(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    transaction = registry.start_transaction()
    transaction.put_segment(piece(FOUNDER, 9), onnx_file(9))
    text = (
        f"text_latent@1 is the space of {SPACE[:12]}, but its founder 'EnDe' would now be "
        f"{OTHER[:12]}; declare text_latent@2 for the new space, or keep the founder"
    )
    with pytest.raises(CommitError, match=text):
        transaction.commit()
    assert registry.revision() == 1


def test_a_founder_may_have_a_version_beside_the_current_one(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    with registry.transaction() as transaction:
        transaction.put_segment(piece(FOUNDER, 9), onnx_file(9), make_current=False)
    assert registry.catalog().entry(LATENT).space == SPACE


def test_a_latent_cannot_pass_to_another_founder(tmp_path: Path) -> None:
    transaction = filled_registry(tmp_path).start_transaction()
    transaction.put(ModalityEntry(LATENT, HIDDEN, founder="EnTTS"))
    with pytest.raises(
        CommitError, match="founded by 'EnDe' and cannot pass to 'EnTTS'; declare"
    ):
        transaction.commit()


def test_removing_and_declaring_again_does_not_found_anew(tmp_path: Path) -> None:
    transaction = filled_registry(tmp_path).start_transaction()
    transaction.remove(LATENT)
    transaction.put(ModalityEntry(LATENT, HIDDEN, founder="EnDe"))
    transaction.put_segment(piece(FOUNDER, 9), onnx_file(9))
    with pytest.raises(CommitError, match=f"the space of {SPACE[:12]}, but .* {OTHER[:12]}"):
        transaction.commit()


def test_an_open_latent_becomes_its_newest_version(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    opened = SegmentKey("Open", PRIVATE, Modality.parse("text_latent"))
    with registry.transaction() as transaction:
        transaction.put(ModalityEntry(LATENT_2, HIDDEN, founder="EnDe"))
        transaction.put_segment(joint(4, opened), onnx_file(4))
    assert SegmentKey("Open", PRIVATE, LATENT_2) in registry.catalog().segments


def test_a_new_version_of_a_latent_names_who_is_left_behind(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    transaction = registry.start_transaction()
    transaction.put(ModalityEntry(LATENT_2, HIDDEN, founder="EnDe"))
    transaction.put_segment(piece(SegmentKey("EnDe", TOKENS, LATENT_2), 9), onnx_file(9))
    commit = transaction.commit()
    assert commit.left_behind == (JOINT,)
    assert registry.catalog().entry(LATENT_2).space == OTHER
    assert registry.catalog().entry(LATENT).space == SPACE


def test_a_transcoder_retires_with_the_network_that_it_joined(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    transaction = registry.start_transaction()
    transaction.remove(VOICE)
    assert transaction.commit().retired == (JOINT,)
    assert set(registry.catalog().segments) == {FOUNDER}
    assert set(Registry.open(registry.root).catalog().segments) == {FOUNDER}


def test_a_chain_of_transcoders_retires_to_the_last(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    names = [PRIVATE, *(Modality.parse(f"{{L{number}}}") for number in range(9)), LATENT]
    chain = [SegmentKey("Chain", *ends) for ends in pairwise(names)]
    held = SegmentKey("Holder", TOKENS, names[5])
    with registry.transaction() as transaction:
        for modality in names[1:-1]:
            transaction.put(ModalityEntry(modality, HIDDEN))
        transaction.put_segment(piece(held), onnx_file())
        transaction.put_segment(joint(4, SegmentKey("Other", names[5], LATENT)), onnx_file(4))
        for key in chain:
            transaction.put_segment(Segment(key, kind=SegmentKind.TRANSCODER))
    assert transaction.committed is not None
    assert set(transaction.committed.retired) == set(chain)
    assert {key.model for key in registry.catalog().segments} == {
        "EnDe", "EnTTS", "Holder", "Joint", "Other",
    }  # fmt: skip


def test_a_dataset_holds_a_private_latent(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    columns = (Column("hidden", PRIVATE),)
    with registry.transaction() as transaction:
        transaction.put(DatasetType("vectors", (PRIVATE,)))
        transaction.put(Dataset("stored", "vectors", "arrays", {}, columns, "hidden"))
        transaction.remove(VOICE)
    assert JOINT in registry.catalog().segments
    with registry.transaction() as transaction:
        transaction.remove(registry.catalog().datasets["stored"])
    assert JOINT not in registry.catalog().segments
