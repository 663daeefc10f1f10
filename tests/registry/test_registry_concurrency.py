from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.registry.registry_children import add_version, run_at_once, use_first
from tests.registry.registry_worlds import (
    DE,
    HIDDEN,
    JOINT,
    LATENT,
    NOUNS,
    PRIVATE,
    VOICE,
    fill,
    filled_registry,
    joint,
    onnx_file,
)
from transcoder.errors import CommitError, ConflictError
from transcoder.registry import Registry
from transcoder.vocabulary import Modality, ModalityEntry, ModalityType


def test_transactions_that_touch_different_things_both_succeed(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    first, second = registry.start_transaction(), registry.start_transaction()
    first.put(ModalityType("video"))
    second.put(ModalityType("image"))
    assert (first.commit().revision, second.commit().revision) == (2, 3)
    assert {"video", "image"} <= set(registry.catalog().modality_types)


def test_two_contents_for_one_name_are_a_conflict(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    first, second = registry.start_transaction(), registry.start_transaction()
    first.put(ModalityType("video"))
    second.put(ModalityType("video", ("L",)))
    second.put(ModalityType("image"))
    first.commit()
    text = r"another transaction has changed 'modality type video' \(added\) meanwhile; nothing"
    with pytest.raises(ConflictError, match=text):
        second.commit()
    assert "image" not in registry.catalog().modality_types


def test_one_content_for_one_name_is_no_conflict(tmp_path: Path) -> None:
    registry = Registry.open(tmp_path / "registry")
    first, second = registry.start_transaction(), registry.start_transaction()
    fill(first)
    fill(second)
    assert (len(first.commit().changed), second.commit().changed) == (len(NOUNS) + 3, ())


def test_changing_what_another_removed_is_a_conflict(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    first, second = registry.start_transaction(), registry.start_transaction()
    numbers = registry.catalog().datasets["numbers"]
    first.remove(numbers)
    second.put(replace(numbers, group="german"))
    first.commit()
    with pytest.raises(ConflictError, match=r"'dataset numbers' \(removed\)"):
        second.commit()


def test_adding_to_what_another_unregistered_is_a_conflict(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    first, second = registry.start_transaction(), registry.start_transaction()
    first.remove(VOICE)
    second.put_segment(joint(4), onnx_file(4), make_current=False)
    first.commit()
    with pytest.raises(ConflictError, match=r"-> text_latent@1' \(unregistered\) meanwhile"):
        second.commit()


def test_unregistering_what_another_added_to_is_a_conflict(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    first, second = registry.start_transaction(), registry.start_transaction()
    first.put_segment(joint(4), onnx_file(4), make_current=False)
    second.remove(JOINT)
    first.commit()
    with pytest.raises(ConflictError, match=r"\(version 1 current, 2 registered\) meanwhile"):
        second.commit()


def test_two_changes_of_one_noun_name_what_the_other_changed(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    first, second = registry.start_transaction(), registry.start_transaction()
    numbers = registry.catalog().datasets["numbers"]
    first.put(replace(numbers, group="german", licence="MIT"))
    second.put(replace(numbers, group="english"))
    first.commit()
    with pytest.raises(ConflictError, match=r"numbers' \(group and licence changed\)"):
        second.commit()


def test_only_the_first_of_two_new_current_versions_succeeds(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    first, second = registry.start_transaction(), registry.start_transaction()
    first.put_segment(joint(4), onnx_file(4))
    second.put_segment(joint(5), onnx_file(5))
    first.commit()
    with pytest.raises(ConflictError, match="look at the new state and start the transaction"):
        second.commit()


def test_the_result_is_checked_again_on_top_of_what_others_did(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    first, second = registry.start_transaction(), registry.start_transaction()
    first.remove(registry.catalog().datasets["numbers"])
    first.remove(DE)
    oracle = registry.catalog().oracles["tokenizer_en"]
    second.put(replace(oracle, name="tokenizer_de", source=DE))
    first.commit()
    with pytest.raises(CommitError, match="there is no modality 'text<de>'"):
        second.commit()


def test_what_another_holds_is_not_retired(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    first, second = registry.start_transaction(), registry.start_transaction()
    first.put(replace(registry.catalog().oracle_types["tokenizer"], name="probe"))
    first.put(replace(registry.catalog().oracles["tokenizer_en"], name="probe", target=PRIVATE))
    second.remove(VOICE)
    with pytest.raises(
        CommitError, match=r"oracle 'text<en> => .probe. => {EnTTS}' does not keep"
    ):
        first.commit()
    assert second.commit().retired == (JOINT,)


def test_eight_processes_add_versions_to_one_key_and_none_is_lost(tmp_path: Path) -> None:
    filled_registry(tmp_path).close()
    root = tmp_path / "registry"
    assert run_at_once(add_version, [(root, factor) for factor in range(1, 9)]) == [0] * 8
    registry = Registry.open(root)
    versions = registry.catalog().segments[JOINT]
    assert [each.version for each in versions] == list(range(1, 26))
    wanted = {onnx_file(100 * factor + number) for factor in range(1, 9) for number in range(3)}
    assert {registry.blob(each.digest or "") for each in versions[1:]} == wanted


def test_thirty_processes_may_be_the_first(tmp_path: Path) -> None:
    root = tmp_path / "deep" / "registry"
    assert run_at_once(use_first, [(root, number) for number in range(30)]) == [0] * 30
    registry = Registry.open(root)
    assert len(registry.catalog().modality_types) == 31
    assert registry.revision() == 30


STEPS = st.lists(
    st.tuples(
        st.integers(0, 2), st.sampled_from(["put", "version", "commit"]), st.integers(0, 3)
    ),
    max_size=24,
)


@settings(max_examples=15)
@given(STEPS)
def test_interleaved_transactions_never_lose_what_was_committed(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str, int]]
) -> None:
    registry = filled_registry(tmp_path_factory.mktemp("interleaved"))
    open_ones = [registry.start_transaction() for _ in range(3)]
    staged: list[set[object]] = [set(), set(), set()]
    committed: set[object] = set()
    for who, action, number in steps:
        if action == "put":
            modality = Modality.parse(f"{{L{number}}}")
            open_ones[who].put(ModalityEntry(modality, HIDDEN))
            staged[who].add(modality)
        elif action == "version":
            factor = 10 + number
            open_ones[who].put_segment(joint(factor), onnx_file(factor), make_current=False)
            staged[who].add(factor)
        else:
            open_ones[who].commit()
            committed |= staged[who]
            open_ones[who], staged[who] = registry.start_transaction(), set()
    again = Registry.open(registry.root).catalog()
    versions = again.segments[JOINT]
    held = {each.modality for each in again.modalities.values()}
    assert {each for each in committed if isinstance(each, Modality)} <= held
    assert [each.version for each in versions] == list(range(1, len(versions) + 1))
    assert len(versions) == 1 + len({each for each in committed if isinstance(each, int)})
    assert again.entry(LATENT).space is not None
