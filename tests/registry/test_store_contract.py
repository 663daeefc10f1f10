"""What every place that keeps a registry must do; another database joins the lists."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from tests.registry.registry_worlds import JOINT, filled_registry
from transcoder.errors import CorruptBlobError, StorageError
from transcoder.registry import Action
from transcoder.registry._blobs import BlobFolder
from transcoder.registry._diff import Delta, diff
from transcoder.registry._draft import Draft
from transcoder.registry._nouns import State
from transcoder.registry._sqlite import SqliteStore
from transcoder.registry._staged import RemoveSegment
from transcoder.registry._store import Blobs, Store

STORES: list[Callable[[Path], Store]] = [lambda folder: SqliteStore(folder / "registry.db")]
BLOBS: list[Callable[[Path], Blobs]] = [lambda folder: BlobFolder(folder / "blobs")]
FILE = b"a file"
DIGEST = sha256(FILE).hexdigest()
TOMORROW = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    made: Store = request.param(tmp_path)
    return made


@pytest.fixture(params=BLOBS)
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    made: Blobs = request.param(tmp_path)
    return made


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> State:
    """The state of a filled registry, at revision 1."""
    root = filled_registry(tmp_path_factory.mktemp("world")).root
    return SqliteStore(root / "registry.db").load()


def sizes(state: State) -> dict[str, int]:
    return {e.digest: 1 for versions in state.segments.values() for e in versions if e.digest}


def write(
    store: Store, base: int, delta: Delta, world: State, *, is_ready: bool = True
) -> bool:
    return store.write(
        base, delta, blobs=sizes(world), note=f"on {base}", is_ready=lambda: is_ready
    )


def retire_joint(store: Store, world: State) -> None:
    """Write the world and, as another revision, the world without its joint."""
    assert write(store, 0, diff(State(), world), world)
    draft = Draft(world)
    draft.apply(RemoveSegment(JOINT))
    after, _ = draft.finish()
    assert write(store, 1, diff(world, after), world)


def test_a_new_store_is_empty(store: Store) -> None:
    assert (store.revision(), store.load(), store.history()) == (0, State(), [])


def test_what_is_written_is_read(store: Store, world: State) -> None:
    assert write(store, 0, diff(State(), world), world)
    assert store.load() == world
    (told,) = store.history()
    assert (told.revision, told.note) == (1, "on 0")
    assert told.changed == diff(State(), world).changes


def test_only_one_of_two_that_write_on_one_base_succeeds(store: Store, world: State) -> None:
    delta = diff(State(), world)
    assert [write(store, 0, delta, world) for _ in range(2)] == [True, False]
    assert store.load() == world


def test_nothing_is_written_where_files_were_swept_meanwhile(
    store: Store, world: State
) -> None:
    assert not write(store, 0, diff(State(), world), world, is_ready=False)
    assert (store.load(), store.history()) == (State(), [])


def test_retired_versions_are_swept_by_age_and_their_number_is_kept(
    store: Store, world: State
) -> None:
    retire_joint(store, world)
    assert store.sweep(datetime.now(UTC) - timedelta(hours=1), note="gc") == ()
    (swept,) = store.sweep(TOMORROW, note="gc")
    assert swept.action is Action.SWEPT
    state = store.load()
    assert (state.revision, state.retired, state.swept) == (3, {}, {JOINT: 1})


def test_nobody_writes_while_files_are_swept(store: Store, world: State) -> None:
    retire_joint(store, world)
    with store.while_nobody_writes() as named:
        assert named == sizes(world).keys()
    store.sweep(TOMORROW, note="gc")
    with store.while_nobody_writes() as named:
        assert len(named) == len(sizes(world)) - 1


def test_a_file_is_stored_once_and_read_by_its_digest(blobs: Blobs) -> None:
    for _ in range(2):
        blobs.put({DIGEST: FILE})
    assert (blobs.read(DIGEST), blobs.holds([DIGEST])) == (FILE, True)
    assert blobs.find_old(-60) == {DIGEST: len(FILE)}


def test_a_file_that_is_not_there_is_an_error_when_read(blobs: Blobs) -> None:
    assert not blobs.holds([DIGEST])
    with pytest.raises(StorageError, match="the file is missing"):
        blobs.read(DIGEST)


def test_a_file_that_is_not_what_its_name_says_is_found(blobs: Blobs) -> None:
    blobs.put({DIGEST: b"another"})
    with pytest.raises(CorruptBlobError):
        blobs.read(DIGEST)


def test_a_deleted_file_can_be_stored_again(blobs: Blobs) -> None:
    blobs.put({DIGEST: FILE})
    blobs.delete([DIGEST, "0" * 64])
    assert not blobs.holds([DIGEST])
    blobs.put({DIGEST: FILE})
    assert blobs.read(DIGEST) == FILE


def test_young_files_are_not_old(blobs: Blobs) -> None:
    blobs.put({DIGEST: FILE})
    assert blobs.find_old(60) == {}
    assert blobs.sweep_incoming(0) == 0
