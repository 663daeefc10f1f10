"""What other processes do to a registry in tests; they start without a connection of ours."""

import itertools
import multiprocessing
import os
import resource
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.context import ForkServerContext, ForkServerProcess
from multiprocessing.synchronize import Barrier
from pathlib import Path
from unittest.mock import patch

from tests.registry.registry_worlds import joint, onnx_file
from transcoder.errors import StorageError
from transcoder.registry import Registry, _sqlite
from transcoder.registry._schema import MIGRATIONS
from transcoder.vocabulary import ModalityType

NOBODY = 65534
"""The user who owns nothing."""


def context() -> ForkServerContext:
    """Processes that come from a clean one and have imported all they need."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(["tests.registry.registry_children"])
    return found


def run_at_once(
    target: Callable[..., None], arguments: Sequence[tuple[object, ...]]
) -> list[int]:
    """Run one process for each tuple of arguments, all released together; give exit codes."""
    barrier = context().Barrier(len(arguments))
    children = [context().Process(target=target, args=(barrier, *each)) for each in arguments]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    return [-1 if child.exitcode is None else child.exitcode for child in children]


def add_version(barrier: Barrier, root: Path, factor: int) -> None:
    """Add three versions of the joint, one after another."""
    registry = Registry.open(root)
    barrier.wait(30)
    for number in range(3):
        file = onnx_file(100 * factor + number)
        with registry.transaction(f"child {factor}") as transaction:
            transaction.put_segment(joint(100 * factor + number), file, make_current=False)


def use_first(barrier: Barrier, root: Path, number: int) -> None:
    """Be among the first to use a registry."""
    barrier.wait(30)
    with Registry.open(root).transaction() as transaction:
        transaction.put(ModalityType(f"type{number}"))
        transaction.put(ModalityType("shared"))


def commit_for_ever(root: Path, first: int) -> None:
    """Commit one version after another, to be killed."""
    registry = Registry.open(root)
    for number in itertools.count(first):
        with registry.transaction() as transaction:
            transaction.put(ModalityType(f"type{number}"))
            transaction.put_segment(joint(number), onnx_file(number))


def start_committing(root: Path, first: int) -> ForkServerProcess:
    """Start such a process."""
    child = context().Process(target=commit_for_ever, args=(root, first), daemon=True)
    child.start()
    return child


def fill_the_disk(barrier: Barrier, root: Path, limit_bytes: int) -> None:
    """Commit until no file may grow any more, and expect one sentence."""
    registry = Registry.open(root)
    barrier.wait(30)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
    with suppress_full_disk():
        for number in itertools.count(1000):
            with registry.transaction() as transaction:
                transaction.put(ModalityType(f"{'long' * 2000}{number}"))
                transaction.put_segment(joint(number), onnx_file(number))


def expect_read_only(barrier: Barrier, root: Path) -> None:
    """As a user who may not write, read and write a registry, and expect sentences alone."""
    barrier.wait(30)
    os.setuid(NOBODY)
    for use in (_read, _write):
        try:
            use(root)
        except StorageError as error:
            if "permissions" not in str(error):
                raise
        else:
            if use is _write:
                sys.exit(3)


def _read(root: Path) -> None:
    Registry.open(root).catalog()


def _write(root: Path) -> None:
    with Registry.open(root).transaction() as transaction:
        transaction.put(ModalityType("written"))


def migrate_slowly(root: Path) -> None:
    """Open a registry with one more migration, which takes long, to be killed in its middle."""
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n"
    step = f"CREATE TABLE later (x); INSERT INTO later {endless}"
    with patch.object(_sqlite, "MIGRATIONS", (*MIGRATIONS, step)):
        Registry.open(root)


def start_migrating(root: Path) -> ForkServerProcess:
    """Start such a process."""
    child = context().Process(target=migrate_slowly, args=(root,), daemon=True)
    child.start()
    return child


@contextmanager
def suppress_full_disk() -> Iterator[None]:
    """Expect the sentence that says that the disk is full."""
    try:
        yield
    except StorageError as error:
        if "full" not in str(error):
            raise
