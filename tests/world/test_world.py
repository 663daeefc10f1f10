"""A world file is read strictly, and all its faults are told at once."""

from pathlib import Path

import pytest

from transcoder.errors import RecipeError
from transcoder.recipe import RECIPE_FOLDER
from transcoder.vocabulary import Dataset, Modality, ModalityEntry, SegmentKind
from transcoder.world import read_world

WORLDS = sorted(RECIPE_FOLDER.glob("worlds/*/world.yaml"))


def written(folder: Path, text: str) -> Path:
    path = folder / "world.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", WORLDS, ids=lambda path: path.parent.name)
def test_every_shipped_world_is_read(path: Path) -> None:
    assert read_world(path).segments


def test_a_founder_and_a_spec_are_read(tmp_path: Path) -> None:
    text = 'modalities:\n  text_latent@1: {spec: ["h: float32[batch, 4]"], founder: EnDe}\n'
    (entry,) = read_world(written(tmp_path, text)).nouns
    assert isinstance(entry, ModalityEntry)
    assert (str(entry.modality), entry.founder) == ("text_latent@1", "EnDe")


def test_a_transcoder_without_a_file_is_yet_to_be_trained(tmp_path: Path) -> None:
    text = 'models:\n  T: {source: "{A}", target: text_latent, kind: transcoder}\n'
    (segment,) = read_world(written(tmp_path, text)).segments
    assert segment.onnx is None
    assert segment.kind is SegmentKind.TRANSCODER
    assert segment.key.target == Modality("text_latent")


def test_local_files_of_a_dataset_become_absolute(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a\n1\n", encoding="utf-8")
    text = (
        "datasets:\n  d: {type: t, loader: huggingface, columns: {a: text<en>}, group: a,\n"
        "      options: {path: csv, data_files: rows.csv}}\n"
    )
    (dataset,) = read_world(written(tmp_path, text)).nouns
    assert isinstance(dataset, Dataset)
    assert dataset.options["data_files"] == [str((tmp_path / "rows.csv").resolve())]


def test_folders_and_files_of_splits_become_absolute(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a\n1\n", encoding="utf-8")
    (tmp_path / "sounds").mkdir()
    text = (
        "datasets:\n  d: {type: t, loader: huggingface, columns: {a: text<en>}, group: a,\n"
        "      options: {path: csv, data_files: {train: rows.csv}, folder: sounds}}\n"
    )
    (dataset,) = read_world(written(tmp_path, text)).nouns
    assert isinstance(dataset, Dataset)
    assert dataset.options["data_files"] == {"train": str((tmp_path / "rows.csv").resolve())}
    assert dataset.options["folder"] == str((tmp_path / "sounds").resolve())


def test_a_part_of_a_file_of_rows_may_be_named(tmp_path: Path) -> None:
    (tmp_path / "both.npz").touch()
    text = (
        "datasets:\n  rows: {type: t, loader: arrays, columns: {a: t, b: t}, group: '',\n"
        "      options: {files: {a: 'both.npz:ada', b: both.npz}}}\n"
    )
    (dataset,) = read_world(written(tmp_path, text)).nouns
    assert isinstance(dataset, Dataset)
    both = str((tmp_path / "both.npz").resolve())
    assert dataset.options["files"] == {"a": f"{both}:ada", "b": both}
    outside = text.replace("both.npz:ada", "../both.npz:ada")
    with pytest.raises(RecipeError, match="lies outside"):
        read_world(written(tmp_path, outside))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("modality_types:\n  t: {scored_against: 5}\n", "5 is not a list"),
        ("modality_types:\n  t: {scored_against: [a]}\n", "'a' is not a mapping"),
        (
            "modality_types:\n  t: {scored_against: [{by: x, against: t}]}\n",
            "'x' is none of cosine, cross_entropy",
        ),
        ("modality_types:\n  t: {payload: smell}\n", "'smell' is none of array, image, label"),
        (
            "datasets:\n  d: {type: t, loader: l, options: {}, columns: 4, group: g}\n",
            "4 is not a mapping",
        ),
        (
            "datasets: {d: {type: t, loader: l, options: {}, columns: {}, group: g,shares: 4}}",
            "4 is not a mapping",
        ),
    ],
)
def test_a_value_of_another_kind_is_told_in_words(
    tmp_path: Path, text: str, sentence: str
) -> None:
    with pytest.raises(RecipeError, match=sentence):
        read_world(written(tmp_path, text))


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = (
        "modalites: {}\n"
        "modalities:\n  text<en: {}\n"
        "oracles:\n  o: {type: nothing, source: a, target: b, entry_point: e, version: 1}\n"
        'models:\n  M: {source: "{A}", onnx: m.onnx}\n'
    )
    with pytest.raises(RecipeError) as caught:
        read_world(written(tmp_path, text))
    told = "\n".join(caught.value.faults)
    assert "unknown key 'modalites'" in told
    assert "'text<en' is not a modality" in told
    assert "there is no oracle type 'nothing' in this file" in told
    assert "lacks the key 'target'" in told


@pytest.mark.parametrize("where", ["../secret.onnx", "/etc/hostname"])
def test_a_file_outside_the_folder_is_refused(tmp_path: Path, where: str) -> None:
    (tmp_path / "secret.onnx").write_bytes(b"x")
    (tmp_path / "world").mkdir()
    text = f'models:\n  M: {{source: "{{A}}", target: "{{B}}", onnx: {where}}}\n'
    with pytest.raises(RecipeError, match="lies outside"):
        read_world(written(tmp_path / "world", text))


def test_a_symbolic_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.onnx").write_bytes(b"x")
    (tmp_path / "world").mkdir()
    (tmp_path / "world" / "m.onnx").symlink_to(tmp_path / "secret.onnx")
    text = 'models:\n  M: {source: "{A}", target: "{B}", onnx: m.onnx}\n'
    with pytest.raises(RecipeError, match="lies outside"):
        read_world(written(tmp_path / "world", text))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: [", "it is not YAML"),
        ("a: 2024-13-01\n", "it is not YAML: month must be in"),
        ("- a\n", "its top level is not a mapping"),
        ("models: {}\nmodels: {}\n", "the key 'models' stands twice"),
        ("a: &a {b: 1}\nc: {<<: *a}\n", "the key '<<' is a merge key"),
        ("a: &a [*a]\n", "an alias stands inside of what it stands for"),
        ("models: !!python/object/apply:os.system [echo]\n", "it is not YAML"),
    ],
)
def test_what_is_no_world_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(RecipeError, match=sentence):
        read_world(written(tmp_path, text))


def test_a_world_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="cannot be read: No such file"):
        read_world(tmp_path / "nothing.yaml")


def test_a_small_file_cannot_stand_for_a_huge_one(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(RecipeError, match="its aliases stand for more than 1000000 values"):
        read_world(written(tmp_path, "\n".join(lines)))
