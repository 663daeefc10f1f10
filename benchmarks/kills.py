"""Kill writers at random points of their commits, while readers read; count bad states.

Run:  python benchmarks/kills.py [--kills 500] [--writers 4] [--readers 4] [--seed 0]

Each registry takes a hundred kills, then comes a fresh one, so that opening stays quick. After
each kill it is opened anew and everything is read: SQLite checks itself, each revision is in
the history once, and the SHA-256 of each file that a version names is right. The readers do
the same all the time. A bad state is anything that any of them finds.
"""

import argparse
import itertools
import multiprocessing
import random
import sqlite3
import tempfile
import time
from collections import Counter
from hashlib import sha256
from multiprocessing.context import ForkServerContext, ForkServerProcess
from multiprocessing.synchronize import Event, Semaphore
from pathlib import Path

from multiplier import fill, onnx_file, segment_of

from transcoder.errors import ConflictError, TranscoderError
from transcoder.registry import Registry
from transcoder.vocabulary import ModalityType

_KILLS_A_REGISTRY = 100


def write_for_ever(root: Path, writer: int, first: int, ready: Semaphore) -> None:
    """Commit versions, nouns and removals, one after another, to be killed."""
    registry = Registry.open(root)
    ready.release()
    for number in itertools.count(first):
        file = onnx_file(float(number))
        try:
            with registry.transaction(f"writer {writer}") as transaction:
                transaction.put(ModalityType(f"type{writer}_{number % 50}"))
                transaction.put_segment(segment_of(f"Net{writer}"), file)
                transaction.put_segment(segment_of("Shared"), file, make_current=False)
        except ConflictError:
            continue


def read_for_ever(root: Path, stop: Event, faults: "multiprocessing.Queue[str]") -> None:
    """Read what the newest revisions name, again and again."""
    registry = Registry.open(root)
    while not stop.is_set():
        try:
            catalog = registry.catalog()
            for versions in catalog.segments.values():
                if sum(each.is_current for each in versions) > 1:
                    faults.put(f"two current versions of {versions[0].key}")
                for segment in versions[-5:]:
                    registry.blob(segment.digest or "")
        except TranscoderError as error:
            faults.put(str(error))
        time.sleep(0.01)


def bad_states(root: Path, known: dict[str, tuple[int, int]]) -> list[str]:
    """Read everything; files that were right before and are untouched are not hashed again."""
    faults: list[str] = []
    try:
        registry = Registry.open(root)
        catalog = registry.catalog()
        revisions = [each.revision for each in registry.history()]
        registry.close()
    except TranscoderError as error:
        return [str(error)]
    if revisions[: catalog.revision] != list(range(1, catalog.revision + 1)):
        faults.append("the history has gaps")
    for versions in catalog.segments.values():
        numbers = [each.version for each in versions]
        if numbers != list(range(1, len(numbers) + 1)):
            faults.append(f"the versions of {versions[0].key} have gaps")
        for segment in versions:
            faults.extend(_file_faults(root, segment.digest or "", known))
    with sqlite3.connect(root / "registry.db") as connection:
        if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            faults.append("SQLite finds the database damaged")
        if connection.execute("PRAGMA foreign_key_check").fetchall():
            faults.append("a row names one that is not there")
    connection.close()
    return faults


def _file_faults(root: Path, digest: str, known: dict[str, tuple[int, int]]) -> list[str]:
    place = root / "blobs" / "sha256" / digest[:2] / digest
    try:
        mark = (place.stat().st_ino, place.stat().st_mtime_ns)
        if known.get(digest) == mark:
            return []
        known[digest] = mark
        right = sha256(place.read_bytes()).hexdigest() == digest
    except FileNotFoundError:
        return [f"the file {digest} is missing"]
    return [] if right else [f"the file {digest} is damaged"]


def start(context: ForkServerContext, root: Path, writer: int, first: int) -> ForkServerProcess:
    """Start a writer and wait until it has opened the registry."""
    ready = context.Semaphore(0)
    child = context.Process(
        target=write_for_ever, args=(root, writer, first, ready), daemon=True
    )
    child.start()
    ready.acquire(timeout=60)
    return child


def run(root: Path, kills: int, asked: argparse.Namespace, seed: int) -> Counter[str]:
    """Kill and check; give what was counted."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["multiplier", "transcoder.registry"])
    chance = random.Random(seed)  # noqa: S311 - times of kills
    stop, told = context.Event(), context.Queue()
    numbers = itertools.count(1_000, 1_000)
    readers = [
        context.Process(target=read_for_ever, args=(root, stop, told), daemon=True)
        for _ in range(asked.readers)
    ]
    for reader in readers:
        reader.start()
    writers = [start(context, root, each, next(numbers)) for each in range(asked.writers)]
    faults: list[str] = []
    known: dict[str, tuple[int, int]] = {}
    for _ in range(kills):
        time.sleep(chance.uniform(0.0, asked.longest_s))
        victim = chance.randrange(asked.writers)
        writers[victim].kill()
        writers[victim].join()
        faults += bad_states(root, known)
        writers[victim] = start(context, root, victim, next(numbers))
    stop.set()
    for reader in readers:
        reader.join(30)
    for writer in writers:
        writer.kill()
        writer.join()
    faults += bad_states(root, {})
    while not told.empty():
        faults.append(told.get())
    for fault in faults[:20]:
        print(f"bad: {fault}")
    found = Registry.open(root)
    versions = sum(len(each) for each in found.catalog().segments.values())
    return Counter(bad=len(faults), kills=kills, commits=found.revision(), versions=versions)


def main() -> None:
    """Print what was counted; the last line is the one that counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("--kills", 500), ("--writers", 4), ("--readers", 4), ("--seed", 0)):
        parser.add_argument(name, type=int, default=default)
    parser.add_argument("--longest-s", type=float, default=0.15)
    asked = parser.parse_args()
    began, counted = time.perf_counter(), Counter[str]()
    for start in range(0, asked.kills, _KILLS_A_REGISTRY):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "registry"
            fill(Registry.open(root))
            kills = min(_KILLS_A_REGISTRY, asked.kills - start)
            counted += run(root, kills, asked, asked.seed + start)
        seconds = time.perf_counter() - began
        print(
            f"{counted['kills']} kills, {seconds:.0f} s, bad states: {counted['bad']}",
            flush=True,
        )
    print(f"{asked.kills} kills of {asked.writers} writers beside {asked.readers} readers")
    print(f"{counted['commits']} commits, {counted['versions']} versions")
    print("the SHA-256 of every file checked")
    print(f"bad states: {counted['bad']}")


if __name__ == "__main__":
    main()
