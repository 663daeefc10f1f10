"""One value of each kind, in through standard input and out through standard output."""

import re
from io import BytesIO
from pathlib import Path
from tempfile import gettempdir

import numpy as np
import pytest
import soundfile
from PIL import Image
from typer.testing import CliRunner, Result

from transcoder.cli import app
from transcoder.vocabulary import Payload
from transcoder.workflows import Middleware

SOUND = np.linspace(-0.5, 0.5, 800, dtype=np.float32)
PICTURE = np.arange(6 * 5 * 3, dtype=np.uint8).reshape(6, 5, 3)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("streams") / "registry"
    with Middleware.open(root, create=True).transaction() as changes:
        for payload in Payload:
            changes.register_modality_type(payload, payload=payload)
            changes.register_modality(payload)
    return root


def through(registry: Path, kind: str, content: bytes, *arguments: str) -> Result:
    ends = ["--from", kind, "--to", kind, "--registry", str(registry)]
    return CliRunner().invoke(app, ["convert", "-", *ends, *arguments], input=content)


def sound_file(suffix: str) -> bytes:
    file = BytesIO()
    soundfile.write(file, SOUND, 16000, format=suffix, subtype="PCM_16")
    return file.getvalue()


def picture_file(suffix: str) -> bytes:
    file = BytesIO()
    Image.fromarray(PICTURE).save(file, format=suffix)
    return file.getvalue()


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_sound_goes_in_and_out(registry: Path, suffix: str) -> None:
    done = through(registry, "waveform", sound_file(suffix), "-o", "-")
    assert done.exit_code == 0, done.stderr
    samples, rate_hz = soundfile.read(BytesIO(done.stdout_bytes), dtype="float32")
    assert rate_hz == 16000
    assert np.abs(samples - SOUND).max() < 2 / 2**15


def test_a_png_goes_in_and_out_unchanged(registry: Path) -> None:
    done = through(registry, "image", picture_file("png"), "-o", "-")
    assert np.array_equal(np.asarray(Image.open(BytesIO(done.stdout_bytes))), PICTURE)


def test_a_jpeg_goes_in_as_its_pixels(registry: Path) -> None:
    content = picture_file("jpeg")
    done = through(registry, "image", content, "-o", "-")
    wanted = np.asarray(Image.open(BytesIO(content)))
    assert np.array_equal(np.asarray(Image.open(BytesIO(done.stdout_bytes))), wanted)


def test_an_array_goes_in_and_out(registry: Path) -> None:
    file = BytesIO()
    np.save(file, np.eye(3))
    done = through(registry, "array", file.getvalue(), "-o", "-")
    assert np.array_equal(np.load(BytesIO(done.stdout_bytes)), np.eye(3))


def test_sound_from_standard_input_becomes_a_file(registry: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.flac"
    done = through(registry, "waveform", sound_file("wav"), "-o", str(output))
    assert done.stdout == f"wrote {output}\n"
    assert soundfile.info(output).format == "FLAC"


def test_text_and_labels_go_in_and_out(registry: Path) -> None:
    assert through(registry, "text", "grüß\n".encode(), "-o", "-").stdout == "grüß\n"
    assert through(registry, "text", b"\xef\xbb\xbfhi\r\n", "-o", "-").stdout == "hi\n"
    assert through(registry, "label", b"7\n", "-o", "-").stdout == "7\n"


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("waveform", "'standard input' cannot be used: .*; give a .wav or .flac file"),
        ("image", "'standard input' cannot be used: .*; give a .png or .jpg file"),
        ("array", "'standard input' cannot be used: .*; give a .npy or .npz file"),
        ("text", "'standard input' cannot be used: it is not UTF-8 text; give text in UTF-8"),
        ("label", "'nonsense' cannot be used: it is not a whole number; "),
    ],
)
def test_what_is_not_of_its_kind_is_one_sentence(
    registry: Path, kind: str, sentence: str
) -> None:
    failed = through(registry, kind, b"\xff" if kind == "text" else b"nonsense", "-o", "-")
    assert failed.exit_code == 1
    assert gettempdir() not in failed.stderr
    assert re.search(sentence, " ".join(failed.stderr.split()))


def test_a_value_and_json_cannot_both_go_out(registry: Path) -> None:
    failed = through(registry, "text", b"hi", "-o", "-", "--json")
    assert failed.exit_code == 2
