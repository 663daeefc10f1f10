"""Values as files: what is written is read again, and what cannot be is refused."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from transcoder.errors import StorageError
from transcoder.serving import read_value, write_value
from transcoder.vocabulary import Payload, Value, Waveform


def test_text_and_labels_come_from_the_command_line() -> None:
    assert read_value("seven", Payload.TEXT) == "seven"
    assert read_value("7", Payload.LABEL) == 7
    with pytest.raises(StorageError, match="'x' cannot be used: it is not a whole number"):
        read_value("x", Payload.LABEL)


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_sound_survives_its_file(tmp_path: Path, suffix: str) -> None:
    samples = (np.sin(np.arange(800) / 20) / 2).astype(np.float32)
    write_value(Waveform(samples, 8000), tmp_path / f"a{suffix}")
    read = read_value(str(tmp_path / f"a{suffix}"), Payload.WAVEFORM)
    assert isinstance(read, Waveform)
    assert read.rate_hz == 8000
    np.testing.assert_allclose(read.samples, samples, atol=1e-4)


def test_arrays_and_named_tensors_survive_their_files(tmp_path: Path) -> None:
    array = np.arange(6.0).reshape(2, 3)
    write_value(array, tmp_path / "a.npy")
    write_value({"hidden": array}, tmp_path / "a.npz")
    np.testing.assert_array_equal(np.asarray(read_value(str(tmp_path / "a.npy"), None)), array)
    named = read_value(str(tmp_path / "a.npz"), None)
    assert isinstance(named, dict)
    np.testing.assert_array_equal(named["hidden"], array)


def test_a_picture_of_more_than_eight_bits_is_refused_not_clipped(tmp_path: Path) -> None:
    Image.fromarray(np.full((2, 2), 4096, np.uint16)).save(tmp_path / "a.png")
    with pytest.raises(StorageError, match="more than 8 bits a channel; save it with 8"):
        read_value(str(tmp_path / "a.png"), Payload.IMAGE)


def test_text_is_written_with_a_line_end(tmp_path: Path) -> None:
    write_value("sieben", tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "sieben\n"


def test_pickled_arrays_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(StorageError, match="allow_pickle=False"):
        read_value(str(tmp_path / "a.npy"), Payload.ARRAY)


def test_a_damaged_archive_is_one_sentence(tmp_path: Path) -> None:
    place = tmp_path / "a.npz"
    np.savez_compressed(place, a=np.arange(999))
    content = bytearray(place.read_bytes())
    content[100:400] = bytes(300)
    place.write_bytes(content)
    with pytest.raises(StorageError, match=r"give a \.npy or \.npz file"):
        read_value(str(place), None)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        StorageError, match="there is no such file; give a file that holds wave"
    ):
        read_value(str(tmp_path / "a.wav"), Payload.WAVEFORM)


def test_a_file_that_is_no_sound_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"nothing")
    with pytest.raises(StorageError, match=r"give a .wav or .flac file"):
        read_value(str(tmp_path / "a.wav"), Payload.WAVEFORM)


@pytest.mark.parametrize("value", ["text", Waveform(np.zeros(9, np.float32), 8000)])
def test_what_cannot_be_written_leaves_nothing(tmp_path: Path, value: str | Waveform) -> None:
    with pytest.raises(StorageError, match="choose another place for the output"):
        write_value(value, tmp_path / "no" / "a.wav")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 3), (3, 4, 4)])
def test_a_picture_survives_its_file(tmp_path: Path, shape: tuple[int, ...]) -> None:
    picture = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    write_value(picture, tmp_path / "a.png")
    np.testing.assert_array_equal(read_value(str(tmp_path / "a.png"), Payload.IMAGE), picture)


def test_a_jpeg_is_read_as_height_width_channel(tmp_path: Path) -> None:
    write_value(np.full((5, 7, 3), 200, np.uint8), tmp_path / "a.jpg")
    read = np.asarray(read_value(str(tmp_path / "a.jpg"), Payload.IMAGE))
    assert read.shape == (5, 7, 3)
    assert read.dtype == np.uint8


def test_what_is_no_picture_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"a picture is uint8 .* not float64 \(2, 2\)"):
        write_value(np.zeros((2, 2)), tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "a.png").write_bytes(b"nothing")
    with pytest.raises(StorageError, match=r"give a \.png or \.jpg file"):
        read_value(str(tmp_path / "a.png"), Payload.IMAGE)


def test_a_lone_tensor_may_stand_in_a_numpy_file(tmp_path: Path) -> None:
    write_value({"hidden": np.arange(3)}, tmp_path / "a.npy")
    assert np.load(tmp_path / "a.npy").tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("a.wav", {"hidden": np.zeros(3)}, "a name for sound, and the value is named tensors"),
        ("a.PNG", "seven", "a name for an array, and the value is text"),
        ("a.npy", {"a": np.zeros(1), "b": np.zeros(1)}, "an array, and the value is named ten"),
        ("a.npz", np.zeros(3), "a name for named tensors, and the value is an array"),
        ("a.txt", Waveform(np.zeros(9, np.float32), 8000), "for text, and the value is sound"),
    ],
)
def test_a_suffix_that_says_something_else_is_refused(
    tmp_path: Path, name: str, value: Value, sentence: str
) -> None:
    with pytest.raises(StorageError, match=sentence):
        write_value(value, tmp_path / name)
    assert list(tmp_path.iterdir()) == []
