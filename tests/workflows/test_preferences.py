"""Preferences by name and from files."""

from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from tests.tiny_world import write_tiny_world
from transcoder.errors import FaultsError, RecipeError, StorageError, UnknownNameError
from transcoder.files import shipped
from transcoder.planner import Preference
from transcoder.workflows import Middleware, find_preferences, read_preference

LEAVES = sorted((shipped("conf") / "preference").rglob("*.yaml"))


@pytest.mark.parametrize("path", LEAVES, ids=lambda path: path.stem)
def test_every_leaf_of_the_configuration_lists_every_key(path: Path) -> None:
    given = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert set(given) == {each.name for each in fields(Preference)}
    assert read_preference(path.stem) == read_preference(str(path))


def test_without_a_name_all_is_in_balance() -> None:
    assert list(find_preferences()) == [path.stem for path in LEAVES]
    assert read_preference() == Preference()


def test_the_facade_takes_a_preference_by_its_name(tmp_path: Path) -> None:
    opened = Middleware.open(tmp_path / "registry", create=True)
    opened.apply(write_tiny_world(tmp_path / "world"))
    ends = "text<en>", "text_latent"
    path = opened.get_path(*ends, preference="fast")
    shown = opened.explain_path(path, preference="fast")
    assert shown == opened.explain_path(path, preference=read_preference("fast"))
    assert shown != opened.explain_path(path)
    with pytest.raises(UnknownNameError, match="no preference 'fats'; did you mean 'fast'"):
        opened.get_path(*ends, preference="fats")


def test_a_file_says_what_differs_from_a_name(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("base: fast\nhops: 2\nallow_oracles: false\nexclude: [espeak]\n", "utf-8")
    fast = read_preference("fast")
    assert read_preference(str(file), {"size": 3.0}) == Preference(
        quality=fast.quality,
        latency=fast.latency,
        size=3.0,
        hops=2,
        allow_oracles=False,
        exclude=frozenset({"espeak"}),
    )


def test_a_single_weight_stands_above_the_name() -> None:
    assert read_preference("balanced", {"latency": 5.0}) == Preference(latency=5.0)


def test_unknown_names_and_weights_are_told_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="no preference 'fats'; did you mean 'fast'"):
        read_preference("fats")
    with pytest.raises(UnknownNameError, match=r"no weight of a preference 'hop'.*'hops'"):
        read_preference("fast", {"hop": 1.0})
    with pytest.raises(FaultsError, match=r"the weight 'hops' is -1.0"):
        read_preference("fast", {"hops": -1.0})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("latancy: 2", "there is no key 'latancy'; did you mean 'latency'"),
        ("hops: many", "'hops' cannot be 'many'"),
        ("allow_oracles: 1", "'allow_oracles' cannot be 1"),
        ("exclude: espeak", "'exclude' cannot be 'espeak'"),
        ("- 1", "it holds no keys; write 'latency: 1.0'"),
        ("a: [", "it is not YAML: while parsing a flow node expected"),
        ("latency: 2024-13-01", "it is not YAML: month must be in"),
        ("bas: fast", "there is no key 'bas'; did you mean 'base'"),
    ],
)
def test_a_file_with_faults_is_refused_with_all_of_them(
    tmp_path: Path, text: str, sentence: str
) -> None:
    (tmp_path / "bad.yaml").write_text(text, "utf-8")
    with pytest.raises(RecipeError, match=sentence):
        read_preference(str(tmp_path / "bad.yaml"))


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="name a YAML file of weights"):
        read_preference(str(tmp_path / "none.yaml"))
