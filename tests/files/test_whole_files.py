"""Files are there whole or not at all, and trouble is told by the name that the user knows."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from transcoder.errors import StorageError
from transcoder.files import whole_file, write_whole


def test_a_file_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    for content in (b"one", b"two"):
        write_whole(path, content)
    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]


def test_the_place_to_write_to_has_the_suffix_of_the_path(tmp_path: Path) -> None:
    with whole_file(tmp_path / "sound.wav") as place:
        place.write_bytes(b"RIFF")
        assert place.suffix == ".wav"


def interrupt(path: Path) -> None:
    with whole_file(path) as place:
        place.write_bytes(b"half")
        raise KeyboardInterrupt


def test_a_block_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    write_whole(path, b"old")
    with pytest.raises(KeyboardInterrupt):
        interrupt(path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_lacking_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"there is no folder '.*nowhere'; choose another"):
        write_whole(tmp_path / "nowhere" / "net.onnx", b"x")


def test_a_folder_of_that_name_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="there is a folder of that name; choose another"):
        write_whole(tmp_path, b"x")


def fail_to_open(path: Path) -> None:
    with whole_file(path) as place:
        message = f"cannot open {place}."
        raise OSError(message)


def test_a_library_that_tells_of_the_place_beside_is_corrected(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"cannot open .*/out\.wav; choose") as caught:
        fail_to_open(tmp_path / "out.wav")
    assert ".part" not in str(caught.value)


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_whole(pipe, b"through")
    reader.join(timeout=10)
    assert read == [b"through"]
    assert pipe.is_fifo()


FULL = """
import resource, signal, sys
from pathlib import Path
from transcoder.errors import StorageError
from transcoder.files import write_whole
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_whole(Path(sys.argv[1]), b"new" * 1000)
except StorageError as error:
    print(error)
"""


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    write_whole(path, b"old")
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=True
    )
    assert "File too large; choose another place for the output" in done.stdout
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
