"""What `transcoder store` shows, finds damaged and takes away."""

import json
import os
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.tiny_world import write_tiny_world
from transcoder.cli import app
from transcoder.data import LatentStore, Table, materialize
from transcoder.registry import Registry
from transcoder.sessions import OraclePool, Runner, SessionPool
from transcoder.vocabulary import Route
from transcoder.workflows import Middleware


def call(registry: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["store", *arguments, "--registry", str(registry)])


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    """The words of a column as latents of A, stored."""
    world = write_tiny_world(tmp_path / "world")
    folder = tmp_path / "registry"
    CliRunner().invoke(app, ["apply", str(world), "--registry", str(folder)])
    store_words(folder)
    return folder


def store_words(folder: Path) -> None:
    kept = Registry.open(folder)
    catalog = kept.catalog()
    with_words = Middleware(kept).get_path("text<en>", "{A}")
    oracles = OraclePool(["transcoder.oracles"])
    try:
        materialize(
            Route("words", "english", with_words),
            Table("words", {"english": ["ab", "cd", "ef"]}, groups=["0", "1", "2"]),
            catalog=catalog,
            runner=Runner(catalog, SessionPool(kept.blob, threads=1), oracles, 8),
            store=LatentStore(folder / "store"),
        )
    finally:
        oracles.close()


def entry(registry: Path) -> Path:
    [found] = LatentStore(registry / "store").entries()
    return found.folder


def interrupt(registry: Path) -> Path:
    """Leave an entry as a killed run does."""
    done = entry(registry)
    told = json.loads((done / "meta.json").read_text())
    partial = done.rename(done.with_name(f"{done.name}.partial"))
    (partial / "meta.json").unlink()
    sizes = {name: size for name, (size, _) in told["files"].items()}
    (partial / "progress.json").write_text(json.dumps({**told, "files": sizes, "rows": 2}))
    return partial


def grow_old(folder: Path, days: float) -> None:
    then = time.time() - days * 86_400
    for file in (*folder.iterdir(), folder):
        os.utime(file, (then, then))


def unregister_a(registry: Path) -> None:
    with Registry.open(registry).transaction() as changes:
        [segment] = [each for each in changes.catalog.find_current() if each.name == "A"]
        changes.remove(segment)


def test_an_empty_store_is_shown_whole_and_has_nothing_to_remove(tmp_path: Path) -> None:
    Registry.open(tmp_path / "registry", create=True)
    assert json.loads(call(tmp_path / "registry", "ls", "--json").stdout) == {"entries": []}
    assert "0 whole, 0 damaged, 0 partial" in call(tmp_path / "registry", "verify").stdout
    assert "0 entries" in call(tmp_path / "registry", "rm", "--unused").stdout


def test_ls_shows_route_rows_size_and_state(registry: Path) -> None:
    [shown] = json.loads(call(registry, "ls", "--json").stdout)["entries"]
    assert shown["key"] == entry(registry).name
    assert shown["route"].startswith("words.english: text<en> => [A.tokenizer] => ")
    assert (shown["rows"], shown["state"]) == (3, "complete")
    assert shown["size_bytes"] > 3 * 32 * 4
    assert shown["age_s"] < 600
    printed = call(registry, "ls").stdout
    assert "complete" in printed
    assert shown["key"][:4] in printed


def test_ls_shows_how_far_an_interrupted_entry_is(registry: Path) -> None:
    grow_old(interrupt(registry), days=3)
    [shown] = json.loads(call(registry, "ls", "--json").stdout)["entries"]
    assert (shown["rows"], shown["state"]) == (2, "partial")
    assert "A.tokenizer" in shown["route"]
    assert "3 d" in call(registry, "ls").stdout


def test_what_is_no_entry_is_passed_over(registry: Path) -> None:
    (registry / "store" / ("1" * 64)).write_text("a file")
    (registry / "store" / "notes").mkdir()
    assert len(json.loads(call(registry, "ls", "--json").stdout)["entries"]) == 1


def test_verify_exits_with_one_and_names_what_is_damaged(registry: Path) -> None:
    assert call(registry, "verify").exit_code == 0
    values = entry(registry) / "0.values"
    content = bytearray(values.read_bytes())
    content[5] ^= 1
    values.write_bytes(content)
    done = call(registry, "verify")
    assert done.exit_code == 1
    assert f"damaged {entry(registry).name[:12]}" in done.stdout
    told = call(registry, "verify", "--json")
    assert told.exit_code == 1
    [reason] = json.loads(told.stdout)["damaged"].values()
    assert "'0.values' has changed since it was written" in reason


@pytest.mark.parametrize("meta", ["", '{"format": 2}', '{"format": 2, "files": {"a": 3}}'])
def test_verify_names_an_entry_whose_description_is_damaged(registry: Path, meta: str) -> None:
    (entry(registry) / "meta.json").write_text(meta)
    done = call(registry, "verify")
    assert done.exit_code == 1
    assert "meta.json is missing or damaged" in done.stdout


def test_an_interrupted_entry_is_no_damage(registry: Path) -> None:
    interrupt(registry)
    done = call(registry, "verify")
    assert (done.exit_code, done.stdout) == (0, "0 whole, 0 damaged, 1 partial\n")


def test_what_a_path_can_still_make_stays(registry: Path) -> None:
    grow_old(entry(registry), days=400)
    assert "0 entries of 0 bytes removed" in call(registry, "rm", "--unused").stdout
    assert entry(registry).exists()


def test_what_an_unregistered_model_made_is_removed(registry: Path) -> None:
    unregister_a(registry)
    folder = entry(registry)
    size = sum(file.stat().st_size for file in folder.iterdir())
    told = json.loads(call(registry, "rm", "--unused", "--json").stdout)
    assert [each["key"] for each in told["removed"]] == [folder.name]
    assert (told["size_bytes"], told["busy"]) == (size, [])
    assert LatentStore(registry / "store").entries() == []


def test_an_entry_of_an_earlier_version_is_shown_and_removed(registry: Path) -> None:
    meta = entry(registry) / "meta.json"
    meta.write_text(json.dumps({**json.loads(meta.read_text()), "format": 1}))
    assert "outdated" in call(registry, "ls").stdout
    assert "1 entries" in call(registry, "rm", "--unused").stdout
    assert LatentStore(registry / "store").entries() == []


def test_an_interrupted_entry_is_removed_after_a_day(registry: Path) -> None:
    partial = interrupt(registry)
    assert "0 entries" in call(registry, "rm", "--unused").stdout
    grow_old(partial, days=1.1)
    assert "1 entries" in call(registry, "rm", "--unused").stdout
    assert not partial.exists()


def test_an_entry_that_a_process_works_on_is_left_and_said(registry: Path) -> None:
    partial = interrupt(registry)
    grow_old(partial, days=2)
    key = partial.name.removesuffix(".partial")
    with LatentStore(registry / "store").locked(key):
        said = call(registry, "rm", "--unused").stdout
    assert f"left, a process works on it: {key[:12]}" in said
    assert partial.exists()


def test_an_entry_that_changed_since_it_was_listed_is_left(registry: Path) -> None:
    store = LatentStore(registry / "store")
    [listed] = store.entries()
    (listed.folder / "more").write_text("more")
    assert not store.try_remove(listed)
    assert listed.folder.exists()


def test_rm_wants_to_be_told_what(registry: Path) -> None:
    done = call(registry, "rm")
    assert done.exit_code == 2
    assert "--unused" in done.stderr
    assert entry(registry).exists()
