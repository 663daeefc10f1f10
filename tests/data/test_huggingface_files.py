"""Real files through the real library, without a network."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import datasets
import huggingface_hub.constants
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile
from PIL import Image

from tests.data.data_worlds import catalog, dataset
from transcoder.data import Table, is_local, load_table
from transcoder.data._huggingface import load_huggingface
from transcoder.errors import DataError, UnknownNameError
from transcoder.vocabulary import Dataset, JsonValue, Split, Waveform

CSV = "number,english,german\n0,zero,null\n007,seven,sieben\n12,NA,\n"


def csv(tmp_path: Path, content: str = CSV, **columns: str) -> Dataset:
    file = tmp_path / "words.csv"
    file.write_text(content)
    options = options_for(tmp_path, "csv", file)
    return dataset("huggingface", options, **(columns or {"number": "label"}))


def options_for(tmp_path: Path, path: str, file: Path) -> dict[str, JsonValue]:
    return {"path": path, "data_files": str(file), "cache_dir": str(tmp_path / "cache")}


def parquet(tmp_path: Path, content: Mapping[str, pa.Array], **columns: str) -> Table:
    file = tmp_path / "words.parquet"
    pq.write_table(pa.table(content), file)
    options = options_for(tmp_path, "parquet", file)
    return load_table(dataset("huggingface", options, **columns), catalog())


def test_words_of_a_csv_stand_as_they_were_written(tmp_path: Path) -> None:
    words = csv(tmp_path, english="text<en>", german="text<de>")
    table = load_table(words, catalog())
    assert list(table.column("english")) == ["zero", "seven", "NA"]
    assert list(table.column("german")) == ["null", "sieben", ""]


def test_a_number_column_is_text_or_label_as_its_modality_says(tmp_path: Path) -> None:
    assert list(load_table(csv(tmp_path, number="text<en>"), catalog()).column("number")) == [
        "0",
        "007",
        "12",
    ]
    assert load_table(csv(tmp_path, number="label"), catalog()).column("number")[1:] == [7, 12]


def test_groups_and_strata_are_read_beside_the_columns(tmp_path: Path) -> None:
    words = replace(csv(tmp_path, english="text<en>"), group="number", stratum="german")
    table = load_table(words, catalog())
    assert list(table.groups) == ["0", "007", "12"]
    assert table.strata == ["null", "sieben", ""]


def test_without_a_group_each_row_is_one(tmp_path: Path) -> None:
    words = replace(csv(tmp_path, english="text<en>"), group="")
    assert list(load_table(words, catalog()).groups) == ["0", "1", "2"]


def test_parquet_gives_text_labels_and_vectors(tmp_path: Path) -> None:
    vectors = np.arange(6, dtype=np.float32).reshape(3, 2)
    table = parquet(
        tmp_path,
        {
            "text": pa.array([1, 2, 3]),
            "kind": pa.array([4, 5, 6]),
            "vector": pa.array(list(vectors)),
        },
        text="text<en>",
        kind="label",
        vector="{Vector}",
    )
    assert list(table.column("text")) == ["1", "2", "3"]
    assert list(table.column("kind")) == [4, 5, 6]
    [row] = table.column("vector")[2:]
    assert isinstance(row, dict)
    assert row["vector"].dtype == np.float32
    assert row["vector"].tolist() == [4.0, 5.0]


def test_json_lines_are_read(tmp_path: Path) -> None:
    file = tmp_path / "words.jsonl"
    file.write_text('{"english": "one"}\n{"english": "two"}\n')
    options = options_for(tmp_path, "json", file)
    table = load_table(dataset("huggingface", options, english="text<en>"), catalog())
    assert list(table.column("english")) == ["one", "two"]


def test_the_fingerprint_follows_the_content_of_the_file(tmp_path: Path) -> None:
    first = load_table(csv(tmp_path, english="text<en>"), catalog()).fingerprint
    again = load_table(csv(tmp_path, english="text<en>"), catalog()).fingerprint
    changed = CSV.replace("seven", "eight")
    other = load_table(csv(tmp_path, changed, english="text<en>"), catalog()).fingerprint
    assert first == again != other


@pytest.mark.parametrize("content", ["number,english\n", "number,english\n\n\n"])
def test_a_csv_without_rows_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(DataError, match="'words' cannot be used: it has no rows"):
        load_table(csv(tmp_path, content, english="text<en>"), catalog())


def test_a_parquet_file_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="it has no rows"):
        parquet(tmp_path, {"english": pa.array([], pa.string())}, english="text<en>")


def test_a_missing_column_is_told_with_those_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match="no column 'french', only 'number', 'english', 'german'"
    ):
        load_table(csv(tmp_path, english="text<en>", french="text<en>"), catalog())
    with pytest.raises(DataError, match="no column 'french', only 'english'"):
        parquet(tmp_path, {"english": pa.array(["a"])}, french="text<en>")


def test_a_value_of_another_type_is_told_with_column_and_row(tmp_path: Path) -> None:
    table = load_table(csv(tmp_path, "kind\n1\ntwo\n", kind="label"), catalog())
    with pytest.raises(
        DataError, match=r"column 'kind' holds str 'two' where a label.*at row 1"
    ):
        list(table.column("kind"))


def test_a_first_value_of_another_type_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"'english' holds float 0\.5 where text is wanted at row 0"
    ):
        parquet(tmp_path, {"english": pa.array([0.5])}, english="text<en>")


def test_a_hole_is_told_with_its_row(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'english' holds NoneType None where text is wanted"):
        parquet(tmp_path, {"english": pa.array([None, "a"])}, english="text<en>")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    options = options_for(tmp_path, "csv", tmp_path / "none.csv")
    with pytest.raises(DataError, match=r"there is no file '.*none\.csv'; make it, or correct"):
        load_table(dataset("huggingface", options, english="text<en>"), catalog())


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    options = options_for(tmp_path, "parquet", tmp_path / "words.csv")
    (tmp_path / "words.csv").write_text(CSV)
    with pytest.raises(DataError, match=r"it cannot be read .*[Pp]arquet.*; correct the files"):
        load_table(dataset("huggingface", options, english="text<en>"), catalog())


def test_without_a_network_the_remedy_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    options: dict[str, JsonValue] = {"path": "someone/words", "cache_dir": str(tmp_path)}
    with pytest.raises(
        DataError, match=r"network cannot be reached and 'someone/words'.*run once"
    ):
        load_table(dataset("huggingface", options, english="text<en>"), catalog())


def test_a_misspelt_option_is_told(tmp_path: Path) -> None:
    words = csv(tmp_path, english="text<en>")
    wrong = replace(words, options={**words.options, "datafiles": "x"})
    with pytest.raises(DataError, match=r"its options are .*'datafiles'.*; give 'path'"):
        load_table(wrong, catalog())


def test_pickled_rows_are_refused_before_anything_reads_them(tmp_path: Path) -> None:
    words = csv(tmp_path, english="text<en>")
    pickled = replace(words, options={**words.options, "path": "pandas"})
    with pytest.raises(
        DataError, match=r"its path 'pandas' reads pickled files.*save its rows"
    ):
        load_table(pickled, catalog())


def test_an_unknown_loader_is_told_with_those_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="no loader 'hugingface'; did you mean 'hugging"):
        load_table(replace(csv(tmp_path), loader="hugingface"), catalog())


def test_sound_is_read_from_the_files_that_a_column_names(tmp_path: Path) -> None:
    samples = np.linspace(-0.5, 0.5, 80, dtype=np.float32)
    soundfile.write(tmp_path / "a.wav", samples, 8000, subtype="FLOAT")
    words = csv(tmp_path, "sound\na.wav\n", sound="speech<en>")
    options = {**words.options, "folder": str(tmp_path)}
    [sound] = load_table(replace(words, options=options), catalog()).column("sound")
    assert isinstance(sound, Waveform)
    assert sound.rate_hz == 8000
    np.testing.assert_array_equal(sound.samples, samples)


def test_sound_that_cannot_be_read_is_told_with_its_file(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "two.wav", np.zeros((8, 2)), 8000)
    (tmp_path / "torn.wav").write_bytes(b"RIFF")
    for name, told in (
        ("two.wav", "in 2 channels"),
        ("torn.wav", "a file that cannot be read"),
    ):
        words = csv(tmp_path, f"sound\n{name}\n", sound="speech<en>")
        options = {**words.options, "folder": str(tmp_path)}
        with pytest.raises(DataError, match=f"{name}'.*{told}"):
            load_table(replace(words, options=options), catalog())


def test_reading_prints_nothing_and_brings_no_torch(tmp_path: Path) -> None:
    csv(tmp_path)
    program = (
        "import sys; from transcoder.data import load_table\n"
        "from tests.data.data_worlds import *\n"
        f"options = {options_for(tmp_path, 'csv', tmp_path / 'words.csv')!r}\n"
        "load_table(dataset('huggingface', options, english='text<en>'), catalog())\n"
        "assert 'torch' not in sys.modules\n"
    )
    here = {"PYTHONPATH": ":".join(path for path in sys.path if path), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=here, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_column_says_the_split_of_each_row(tmp_path: Path) -> None:
    file = tmp_path / "words.csv"
    file.write_text("english,part\na,train\nb,dev\nc,TEST\n", encoding="utf-8")
    options = options_for(tmp_path, "csv", file) | {"split_column": "part"}
    words = dataset("huggingface", options, english="text<en>")
    assert load_table(words, catalog()).splits == [Split.TRAIN, Split.VALIDATION, Split.TEST]
    file.write_text("english,part\na,train\nb,rest\n", encoding="utf-8")
    with pytest.raises(DataError, match="'part' holds 'rest' at row 1, which is no split"):
        load_table(words, catalog())


def test_several_splits_are_joined_and_told(tmp_path: Path) -> None:
    files = {"train": "a\nb\n", "validation": "c\n", "test": "d\n"}
    for name, rows in files.items():
        (tmp_path / f"{name}.csv").write_text(f"english\n{rows}", encoding="utf-8")
    options: dict[str, JsonValue] = {
        "path": "csv",
        "data_files": {name: str(tmp_path / f"{name}.csv") for name in files},
        "cache_dir": str(tmp_path / "cache"),
        "split": ["train", "validation", "test"],
        "split_column": "split",
    }
    table = load_table(dataset("huggingface", options, english="text<en>"), catalog())
    assert [*table.column("english")] == ["a", "b", "c", "d"]
    assert table.splits == [Split.TRAIN, Split.TRAIN, Split.VALIDATION, Split.TEST]


def test_the_first_rows_are_streamed_without_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "words.parquet"
    pq.write_table(
        pa.table({"english": [str(n) for n in range(5000)], "more": [0] * 5000}), file
    )
    options = options_for(tmp_path, "parquet", file) | {"rows": 3}
    words = dataset("huggingface", options, english="text<en>")
    assert [*load_table(words, catalog()).column("english")] == ["0", "1", "2"]
    assert not list((tmp_path / "cache").rglob("*.arrow"))


def test_pictures_of_a_folder_are_read_with_their_labels(tmp_path: Path) -> None:
    for name, value in (("dark", 0), ("light", 255)):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        pixels = np.full((2, 3), value, np.uint8)
        Image.fromarray(pixels).save(tmp_path / "pictures" / name / "one.png")
    options: dict[str, JsonValue] = {
        "path": "imagefolder",
        "data_dir": str(tmp_path / "pictures"),
        "cache_dir": str(tmp_path / "cache"),
    }
    held = replace(dataset("huggingface", options, image="image", label="label"), group="")
    table = load_table(held, catalog())
    assert [*table.column("label")] == [0, 1]
    np.testing.assert_array_equal(np.array(table.column("image")[:])[:, 0, 0], [0, 255])


def test_lists_of_one_length_are_read_as_one_block(tmp_path: Path) -> None:
    lists = pa.array([[1.0, 2.0], [3.0, 4.0]], pa.list_(pa.float32()))
    uneven = pa.array([[1.0], [3.0, 4.0]], pa.list_(pa.float32()))
    file = tmp_path / "vectors.parquet"
    pq.write_table(pa.table({"vector": lists, "uneven": uneven}), file)
    options = options_for(tmp_path, "parquet", file)
    made = load_huggingface(
        dataset("huggingface", options, vector="{Vector}"), ["vector", "uneven"]
    )
    np.testing.assert_array_equal(made["vector"].block(0, 2), [[1, 2], [3, 4]])
    assert made["uneven"].block(0, 2) is None


@pytest.mark.parametrize("more", [{}, {"rows": 2}], ids=["whole", "streamed"])
def test_sound_as_the_hub_keeps_it_is_read_by_soundfile(
    tmp_path: Path, more: dict[str, JsonValue]
) -> None:
    sound = BytesIO()
    soundfile.write(sound, np.full(9, 0.25, np.float32), 8000, format="WAV")
    rows = pa.table({"sound": [{"bytes": sound.getvalue(), "path": "a.wav"}] * 2})
    features = {"sound": {"sampling_rate": 8000, "_type": "Audio"}}
    told = {"huggingface": json.dumps({"info": {"features": features}})}
    pq.write_table(rows.replace_schema_metadata(told), tmp_path / "rows.parquet")
    options = options_for(tmp_path, "parquet", tmp_path / "rows.parquet") | more
    held = replace(dataset("huggingface", options, sound="speech<en>"), group="")
    first = load_table(held, catalog()).column("sound")[0]
    assert isinstance(first, Waveform)
    assert (first.rate_hz, first.samples.tolist()) == (8000, [0.25] * 9)


@pytest.mark.skipif(find_spec("torchcodec") is not None, reason="torchcodec reads it")
def test_a_folder_of_sound_names_the_loader_that_reads_it(tmp_path: Path) -> None:
    (tmp_path / "s" / "ann").mkdir(parents=True)
    soundfile.write(tmp_path / "s" / "ann" / "1.wav", np.zeros(9, np.float32), 8000)
    options: dict[str, JsonValue] = {
        "path": "audiofolder",
        "data_dir": str(tmp_path / "s"),
        "cache_dir": str(tmp_path / "c"),
    }
    held = replace(dataset("huggingface", options, audio="speech<en>"), group="")
    with pytest.raises(DataError, match="read sound in folders by loader 'folder'"):
        load_table(held, catalog())


@pytest.mark.parametrize(
    ("loader", "options", "local"),
    [
        ("huggingface", {"path": "csv", "data_files": "words.csv"}, True),
        ("huggingface", {"path": "csv", "data_files": ["https://a.example/words.csv"]}, False),
        ("huggingface", {"path": "opus_books", "name": "de-en"}, False),
        ("huggingface", {"path": "someone/pictures", "data_dir": "x"}, False),
        ("huggingface", {"path": str(Path(__file__).parent)}, True),
        ("openml", {"dataset_id": 28}, False),
        ("arrays", {"files": {"x": "x.npy"}}, True),
    ],
)
def test_it_is_known_whether_rows_are_on_this_machine(
    loader: str,
    options: Mapping[str, JsonValue],
    local: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    assert is_local(dataset(loader, options, english="text<en>")) is local
