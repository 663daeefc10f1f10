"""Retired versions come back until they are swept; sweeping never takes what somebody names."""

import os
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from tests.registry.registry_worlds import (
    JOINT,
    LATENT,
    VOICE,
    filled_registry,
    joint,
    onnx_file,
)
from transcoder.errors import CommitError, UnknownNameError
from transcoder.registry import Action, Registry
from transcoder.vocabulary import ModalityType

NOW = timedelta(0)


def retire(registry: Registry) -> str:
    """Retire the joint and give the digest of its file."""
    digest = registry.catalog().segments[JOINT][0].digest or ""
    with registry.transaction() as transaction:
        transaction.remove(JOINT)
    return digest


def blob(registry: Registry, digest: str) -> Path:
    return registry.root / "blobs" / "sha256" / digest[:2] / digest


def test_a_preview_tells_the_difference_and_writes_nothing(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    transaction = registry.start_transaction()
    transaction.put(ModalityType("video"))
    transaction.remove(VOICE)
    seen = transaction.preview()
    assert (seen.revision, seen.retired) == (2, (JOINT,))
    assert str(seen.changed[0]) == "added modality type video"
    assert registry.revision() == 1
    assert transaction.commit() == seen


def test_a_preview_tells_all_faults(tmp_path: Path) -> None:
    transaction = filled_registry(tmp_path).start_transaction()
    transaction.remove(LATENT)
    with pytest.raises(CommitError, match="2 faults"):
        transaction.preview()


def test_a_retired_version_is_restored_by_its_number(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    retire(registry)
    assert [each.version for each in registry.retired()] == [1]
    with registry.transaction() as transaction:
        transaction.restore(JOINT, 1)
    assert registry.catalog().current(JOINT) is not None
    assert registry.history()[-1].changed[0].action is Action.RESTORED


def test_an_older_version_is_made_current_by_its_number(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    with registry.transaction() as transaction:
        transaction.put_segment(joint(4), onnx_file(4))
    with registry.transaction() as transaction:
        transaction.restore(JOINT, 1)
    current = registry.catalog().current(JOINT)
    assert current is not None
    assert current.version == 1


def test_a_version_that_never_was_cannot_be_restored(tmp_path: Path) -> None:
    transaction = filled_registry(tmp_path).start_transaction()
    with pytest.raises(UnknownNameError, match=r"no version 'Joint: .* #7'; did you mean"):
        transaction.restore(JOINT, 7)


def test_what_is_swept_is_gone_and_its_number_is_not_given_again(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    digest = retire(registry)
    swept = registry.sweep(NOW)
    assert swept.versions == ("Joint: {EnTTS} -> text_latent@1 #1",)
    assert (swept.files, swept.size_bytes) == (1, len(onnx_file(3)))
    assert not blob(registry, digest).exists()
    again = Registry.open(registry.root)
    assert again.history()[-1].changed[0].action is Action.SWEPT
    with again.transaction() as transaction:
        assert transaction.put_segment(joint(3), onnx_file(3)).version == 2


def test_what_is_young_or_live_stays(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    digest = retire(registry)
    assert registry.sweep(timedelta(hours=1)).versions == ()
    assert registry.blob(digest) == onnx_file(3)
    live = {each.digest for each in registry.catalog().find_current()}
    registry.sweep(NOW)
    assert all(registry.blob(each or "") for each in live)
    assert registry.sweep(NOW).versions == ()
    assert registry.revision() == 3


def test_a_file_that_two_versions_share_stays_for_the_other(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    with registry.transaction() as transaction:
        transaction.put_segment(joint(2), onnx_file(2))
    retire(registry)
    assert registry.sweep(NOW).files == 1
    assert registry.blob(registry.catalog().segments[VOICE][0].digest or "") == onnx_file(2)


def test_files_that_no_version_names_are_swept_when_they_are_old(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    orphan = blob(registry, "ab" * 32)
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"left by a writer that died")
    assert registry.sweep(timedelta(hours=1)).files == 0
    os.utime(orphan, (time.time() - 7200,) * 2)
    assert registry.sweep(timedelta(hours=1)).files == 1
    assert registry.revision() == 1


def test_a_version_swept_under_a_transaction_is_added_anew(tmp_path: Path) -> None:
    registry, other = filled_registry(tmp_path), Registry.open(tmp_path / "registry")
    retire(registry)
    transaction = other.start_transaction()
    transaction.restore(JOINT, 1)
    registry.sweep(NOW)
    (added,) = transaction.commit().segments
    assert added.version == 2
    assert other.blob(added.digest or "") == onnx_file(3)


def test_sweeping_and_registering_the_same_files_at_once_loses_nothing(tmp_path: Path) -> None:
    registry, stop = filled_registry(tmp_path), threading.Event()
    sweeper = Registry.open(registry.root)

    def sweep_for_ever() -> None:
        while not stop.is_set():
            sweeper.sweep(NOW)

    thread = threading.Thread(target=sweep_for_ever)
    thread.start()
    try:
        for number in range(40):
            with registry.transaction() as transaction:
                transaction.put_segment(joint(5 + number % 2), onnx_file(5 + number % 2))
            current = registry.catalog().current(JOINT)
            assert current is not None
            assert registry.blob(current.digest or "") == onnx_file(5 + number % 2)
            with registry.transaction() as transaction:
                transaction.remove(JOINT)
    finally:
        stop.set()
        thread.join()
