import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.registry.registry_worlds import (
    JOINT,
    NOUNS,
    VOICE,
    filled_registry,
    joint,
    onnx_file,
)
from transcoder.errors import UnknownNameError
from transcoder.registry import Action, Kind, Noun, Registry
from transcoder.vocabulary import (
    Interval,
    Modality,
    ModalityEntry,
    ModalityType,
    Score,
    SegmentKey,
)


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: type(noun).__name__)
def test_a_noun_comes_back_as_it_was_put(noun: Noun, tmp_path: Path) -> None:
    filled_registry(tmp_path).close()
    catalog = Registry.open(tmp_path / "registry").catalog()
    held = (
        *catalog.modality_types.values(),
        *(replace(entry, space=None) for entry in catalog.modalities.values()),
        *catalog.oracle_types.values(),
        *catalog.oracles.values(),
        *catalog.dataset_types.values(),
        *catalog.datasets.values(),
    )
    assert noun in held


def test_a_segment_comes_back_with_scores_and_lineage(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    scores = (
        Score("test/retention", 0.98, 100, Interval(0.97, 0.99)),
        Score("test/r2", 0.9, 7),
    )
    made = replace(
        joint(4), scores=scores, lineage={"seed": 0, "digests": ["a"]}, origin="a recipe"
    )
    with registry.transaction() as transaction:
        transaction.put_segment(made, onnx_file(4))
    registry.close()
    found = Registry.open(tmp_path / "registry").catalog().segments[JOINT][1]
    assert replace(found, version=1, digest=None) == made
    assert (found.version, found.is_current) == (2, True)


def test_what_was_committed_is_what_is_read_again(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    again = Registry.open(tmp_path / "registry")
    assert again.catalog() == registry.catalog()
    assert again.revision() == 1
    assert again.blob(registry.catalog().segments[JOINT][0].digest or "") == onnx_file(3)


def test_putting_what_is_there_changes_nothing(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    with registry.transaction() as transaction:
        for noun in NOUNS:
            transaction.put(noun)
        transaction.put_segment(joint(3), onnx_file(3))
    assert transaction.committed is not None
    assert (transaction.committed.changed, registry.revision()) == ((), 1)


def test_a_catalog_is_read_once_for_each_revision(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    assert registry.catalog() is registry.catalog()


def test_a_change_of_another_process_is_seen(tmp_path: Path) -> None:
    mine, theirs = filled_registry(tmp_path), Registry.open(tmp_path / "registry")
    with theirs.transaction() as transaction:
        transaction.put(ModalityType("video"))
    assert "video" in mine.catalog().modality_types


def test_a_noun_is_removed_by_itself_or_by_its_name(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    with registry.transaction() as transaction:
        transaction.put(ModalityEntry(Modality.parse("text<fr>")))
        transaction.remove(registry.catalog().datasets["numbers"])
        transaction.remove(Modality.parse("text<fr>"))
        transaction.remove(Modality.parse("text<de>"))
    assert not registry.catalog().datasets
    assert "text<de>" not in map(str, registry.catalog().modalities)


@pytest.mark.parametrize(
    ("absent", "text"),
    [
        (Modality.parse("text<enn>"), "no modality 'text<enn>'; did you mean 'text<en>'"),
        (ModalityType("txt"), "no modality type 'txt'; did you mean 'text'"),
        (SegmentKey("EnTS", VOICE.source, VOICE.target), "no segment 'EnTS: .*did you mean"),
    ],
)
def test_what_is_not_there_cannot_be_removed(
    absent: Modality | ModalityType | SegmentKey, text: str, tmp_path: Path
) -> None:
    transaction = filled_registry(tmp_path).start_transaction()
    with pytest.raises(UnknownNameError, match=text):
        transaction.remove(absent)


def test_staged_things_are_seen_inside_the_transaction_only(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    transaction = registry.start_transaction()
    transaction.put(ModalityType("video"))
    assert "video" in transaction.catalog.modality_types
    transaction.rollback()
    assert "video" not in registry.catalog().modality_types


def _stage_and_fail(registry: Registry) -> None:
    with registry.transaction() as transaction:
        transaction.put(ModalityType("video"))
        transaction.remove(Modality.parse("text<fr>"))


def test_a_block_that_raises_leaves_nothing(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    with pytest.raises(UnknownNameError):
        _stage_and_fail(registry)
    assert registry.revision() == 1


def test_a_finished_transaction_cannot_go_on(tmp_path: Path) -> None:
    transaction = filled_registry(tmp_path).start_transaction()
    transaction.rollback()
    with pytest.raises(RuntimeError, match="the transaction is finished; start another one"):
        transaction.commit()


def test_the_history_tells_what_each_commit_did(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    with registry.transaction("a family") as transaction:
        transaction.put(ModalityType("video"))
        transaction.remove(registry.catalog().datasets["numbers"])
    first, second = registry.history()
    assert (first.revision, first.note, second.note) == (1, "the world", "a family")
    assert datetime.now(UTC) - second.at < timedelta(minutes=1)
    assert [str(each) for each in second.changed] == [
        "added modality type video",
        "removed dataset numbers",
    ]
    voice = [each for each in first.changed if each.kind is Kind.SEGMENT][1]
    assert (voice.name, voice.action) == (f"{VOICE} #1", Action.ADDED)


def test_the_registry_knows_no_onnx() -> None:
    script = "import sys, transcoder.registry; sys.exit('onnx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@settings(max_examples=15)
@given(st.text(max_size=20), st.text(max_size=20))
def test_names_of_any_characters_are_kept(
    shared_registry: Registry, name: str, note: str
) -> None:
    template = shared_registry.catalog().datasets["numbers"]
    dataset = replace(template, name=name, stratum=note)
    with shared_registry.transaction(note) as transaction:
        transaction.put(dataset)
    again = Registry.open(shared_registry.root)
    assert again.catalog().datasets[name] == dataset


def test_a_tuple_in_parameters_is_no_change_from_a_list(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    for listed in (["a", "b"], ("a", "b")):
        oracle = replace(registry.catalog().oracles["tokenizer_en"], parameters={"of": listed})
        with registry.transaction() as transaction:
            transaction.put(oracle)
    assert registry.revision() == 2


@pytest.fixture(scope="module")
def shared_registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    return filled_registry(tmp_path_factory.mktemp("shared"))
