"""Rows of files that are called alike."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from tests.data.data_worlds import catalog, dataset
from transcoder.data import load_table
from transcoder.errors import DataError
from transcoder.vocabulary import Dataset, JsonValue, Waveform
from transcoder.world import read_world

SPOKEN = {"sound": ".wav", "words": ".txt"}


def write(folder: Path, *names: str) -> None:
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / f"{name}.wav", np.full(9, number / 8, np.float32), 8000)
        (folder / f"{name}.txt").write_text(f"{name} said\n", encoding="utf-8")


def spoken(folder: Path) -> Dataset:
    options: dict[str, JsonValue] = {"folder": str(folder), "endings": {**SPOKEN}}
    columns = {"sound": "speech<en>", "words": "text<en>", "parent": "text<de>"}
    return replace(dataset("folder", options, **columns), group="parent")


def test_files_that_are_called_alike_are_a_row(tmp_path: Path) -> None:
    write(tmp_path, "ann/2", "ann/1", "bob/1")
    (tmp_path / "ann" / "1.txt").write_bytes(b"\xef\xbb\xbfann/1 said\r\n")
    table = load_table(spoken(tmp_path), catalog())
    assert [*table.column("words")] == ["ann/1 said", "ann/2 said", "bob/1 said"]
    assert table.groups == ["ann", "ann", "bob"]
    sound = table.column("sound")[1]
    assert isinstance(sound, Waveform)
    assert (sound.rate_hz, sound.samples.tolist()) == (8000, [0.0] * 9)


@pytest.mark.parametrize("channels", [3, 4])
def test_pictures_are_read_as_they_stand_in_the_file(tmp_path: Path, channels: int) -> None:
    pixels = np.arange(4 * channels, dtype=np.uint8).reshape(2, 2, channels)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    options: dict[str, JsonValue] = {"folder": str(tmp_path), "endings": {"picture": ".png"}}
    held = replace(dataset("folder", options, picture="image"), group="name")
    np.testing.assert_array_equal(load_table(held, catalog()).column("picture")[0], pixels)
    Image.fromarray(np.full((2, 2), 4096, np.uint16)).save(tmp_path / "a.png")
    with pytest.raises(DataError, match="a picture of more than 8 bits a channel, at row 0"):
        load_table(held, catalog())


def test_a_row_that_lacks_a_file_is_told(tmp_path: Path) -> None:
    write(tmp_path, "ann/1", "ann/2")
    (tmp_path / "ann" / "2.txt").unlink()
    told = r"1 rows have no file for column 'words', such as '.*ann/2\.txt'; make them"
    with pytest.raises(DataError, match=told):
        load_table(spoken(tmp_path), catalog())


def test_unreadable_files_are_left_out_up_to_the_limit(tmp_path: Path) -> None:
    write(tmp_path, "ann/1", "ann/2", "ann/3")
    (tmp_path / "ann" / "1.wav").write_bytes(b"no sound")
    (tmp_path / "ann" / "2.txt").write_bytes(b"\xff")
    with pytest.raises(DataError, match=r"'sound' holds .*, a file that cannot be read"):
        load_table(spoken(tmp_path), catalog())
    table = load_table(spoken(tmp_path), catalog(), max_skipped=2)
    assert len(table.fingerprint) == 64
    assert table.skipped.summary == "2 for an unreadable file (first row 0)"


def test_a_folder_that_is_not_there_or_empty_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no file below '.*' ends in \.wav or \.txt; correct"):
        load_table(spoken(tmp_path), catalog())
    with pytest.raises(DataError, match=r"there is no folder '.*none'; make it"):
        load_table(spoken(tmp_path / "none"), catalog())


def test_a_column_without_an_ending_is_told(tmp_path: Path) -> None:
    write(tmp_path, "1")
    other = dataset("folder", dict(spoken(tmp_path).options), german="text<de>")
    with pytest.raises(
        DataError, match=r"column 'german' has no ending, only \['sound', 'words"
    ):
        load_table(other, catalog())
    unknown = replace(other, options={"path": "x"})
    with pytest.raises(DataError, match="give 'folder', and 'endings' from each column's name"):
        load_table(unknown, catalog())


def test_the_dataset_of_the_guide_is_read(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
    world = guide.partition("```yaml\n")[2].partition("```")[0]
    write(tmp_path / "sounds", "ann/1", "bob/1")
    (tmp_path / "world.yaml").write_text(world, encoding="utf-8")
    (numbers,) = read_world(tmp_path / "world.yaml").nouns
    assert isinstance(numbers, Dataset)
    assert load_table(numbers, catalog()).groups == ["ann", "bob"]
