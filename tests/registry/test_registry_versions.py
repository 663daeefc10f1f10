from dataclasses import replace
from pathlib import Path

import pytest

from tests.registry.registry_worlds import (
    JOINT,
    VOICE,
    filled_registry,
    joint,
    onnx_file,
    piece,
)
from transcoder.errors import CommitError, ConflictError
from transcoder.registry import Registry
from transcoder.vocabulary import Segment, SegmentKind


def versions(registry: Registry) -> list[tuple[int, bool]]:
    found = registry.catalog().segments.get(JOINT, ())
    return [(each.version, each.is_current) for each in found]


def test_a_new_version_is_numbered_and_becomes_current(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    with registry.transaction() as transaction:
        assert transaction.put_segment(joint(4), onnx_file(4)).version == 2
    assert versions(registry) == [(1, False), (2, True)]
    assert transaction.committed is not None
    assert transaction.committed.segments == (registry.catalog().segments[JOINT][1],)


def test_a_new_version_can_stand_beside_the_current_one(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    with registry.transaction() as transaction:
        transaction.put_segment(joint(4), onnx_file(4), make_current=False)
    assert versions(registry) == [(1, True), (2, False)]


def test_equal_content_is_found_and_not_added_again(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    with registry.transaction() as transaction:
        transaction.put_segment(joint(4), onnx_file(4))
        assert transaction.put_segment(joint(3), onnx_file(3), make_current=False).version == 1
    assert versions(registry) == [(1, False), (2, True)]


def test_other_names_for_its_tensors_make_another_version(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    with registry.transaction() as transaction:
        named = replace(joint(3), names={"source.hidden": "x", "hidden": "y"})
        transaction.put_segment(named, onnx_file(3))
    assert versions(registry) == [(1, False), (2, True)]


def test_an_older_version_becomes_current_by_its_digest(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    with registry.transaction() as transaction:
        transaction.put_segment(joint(4), onnx_file(4))
    with registry.transaction() as transaction:
        transaction.put_segment(registry.catalog().segments[JOINT][0])
    assert versions(registry) == [(1, True), (2, False)]
    registry.close()
    assert versions(Registry.open(registry.root)) == [(1, True), (2, False)]


def test_a_transcoder_is_declared_before_it_is_trained(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    key = replace(JOINT, model="Later")
    declared = Segment(key, kind=SegmentKind.TRANSCODER)
    for segment, onnx in ((declared, None), (joint(4, key), onnx_file(4)), (declared, None)):
        with registry.transaction() as transaction:
            transaction.put_segment(segment, onnx)
    found = [(each.version, each.is_runnable) for each in registry.catalog().segments[key]]
    assert found == [(1, False), (2, True)]
    assert registry.catalog().current(key) == registry.catalog().segments[key][1]


def test_many_versions_fit_into_one_transaction(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    with registry.transaction() as transaction:
        for factor in range(4, 24):
            transaction.put_segment(joint(factor), onnx_file(factor), make_current=False)
    assert [number for number, _ in versions(registry)] == list(range(1, 22))


def test_two_files_cannot_both_be_current(tmp_path: Path) -> None:
    transaction = filled_registry(tmp_path).start_transaction()
    transaction.put_segment(joint(4), onnx_file(4))
    transaction.put_segment(joint(5), onnx_file(5))
    with pytest.raises(CommitError, match=r"Joint: .* is defined twice, with"):
        transaction.commit()


def test_retired_versions_are_kept_and_can_be_restored(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    old = registry.catalog().segments[JOINT][0]
    with registry.transaction() as transaction:
        transaction.remove(JOINT)
    assert versions(registry) == []
    assert registry.blob(old.digest or "") == onnx_file(3)
    with registry.transaction() as transaction:
        assert transaction.put_segment(old) == old
    assert versions(registry) == [(1, True)]


def test_numbers_of_retired_versions_are_not_given_again(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    with registry.transaction() as transaction:
        transaction.remove(JOINT)
    again = Registry.open(registry.root)
    with again.transaction() as transaction:
        transaction.put_segment(joint(4), onnx_file(4))
    assert versions(again) == [(2, True)]


def test_a_choice_made_against_another_current_version_is_a_conflict(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    with registry.transaction() as transaction:
        transaction.put_segment(joint(4), onnx_file(4))
    transaction = registry.start_transaction()
    transaction.put_segment(joint(5), onnx_file(5), expected_current=1)
    with pytest.raises(ConflictError, match=r"text_latent@1' \(version 2 current, 2 reg"):
        transaction.commit()
    assert versions(registry) == [(1, False), (2, True)]


def test_removing_and_registering_in_one_transaction_leaves_the_new_one(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    with registry.transaction() as transaction:
        transaction.remove(registry.catalog().segments[VOICE][0])
        transaction.put_segment(piece(VOICE, 5), onnx_file(5))
    found = registry.catalog().segments[VOICE]
    assert [(each.version, each.is_current) for each in found] == [(2, True)]
    assert JOINT in registry.catalog().segments
