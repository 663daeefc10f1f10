"""Files of many values through the command line."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from tests.tiny_world import write_tiny_world
from transcoder.cli import app

TO_LATENT = ("--from", "text<en>", "--to", "text_latent", "--rows")
FROM_LATENT = ("--from", "text_latent", "--to", "text<de>", "--rows")


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rows")
    world = write_tiny_world(folder / "world")
    CliRunner().invoke(app, ["apply", str(world), "--registry", str(folder / "reg")])
    return folder / "reg"


def convert(registry: Path, *arguments: str, lines: str | None = None) -> Result:
    whole = ["convert", *arguments, "--registry", str(registry)]
    return CliRunner().invoke(app, whole, input=lines)


def test_lines_become_vectors_and_vectors_lines(registry: Path, tmp_path: Path) -> None:
    latents = str(tmp_path / "latents.parquet")
    made = convert(registry, "-", *TO_LATENT, "-o", latents, lines="qz\nab\nhi\n")
    assert made.stdout == f"wrote 3 rows to {latents}\n"
    assert convert(registry, latents, *FROM_LATENT).stdout == "qz\nab\nhi\n"
    assert convert(registry, latents, *FROM_LATENT, "-o", "-").stdout == "qz\nab\nhi\n"
    ten = ("--from", "text_latent", "--to", "text_latent", "--rows")
    array = str(tmp_path / "latents.npy")
    shown = json.loads(convert(registry, latents, *ten, "-o", array, "--json").stdout)
    assert shown["rows"] == 3
    assert np.load(array).shape == (3, 32)


def test_a_row_that_fails_is_told_by_its_number_and_leaves_no_file(
    registry: Path, tmp_path: Path
) -> None:
    made = convert(
        registry, "-", *TO_LATENT, "-o", str(tmp_path / "a.parquet"), lines="qz\nq7\n"
    )
    assert made.exit_code == 1
    assert "at value 1: '7' in 'q7' is not in the alphabet" in made.stderr
    assert list(tmp_path.iterdir()) == []


def test_nan_in_a_stretch_is_told_by_its_row(registry: Path, tmp_path: Path) -> None:
    vectors = np.zeros((3000, 32), np.float32)
    vectors[2500, 7] = np.nan
    np.save(tmp_path / "a.npy", vectors)
    made = convert(registry, str(tmp_path / "a.npy"), *FROM_LATENT)
    assert "NaN or infinity in 'hidden' at row 2500" in made.stderr


@pytest.mark.parametrize("dtype", ["float64", "float16", ">f4"])
def test_floating_numbers_of_another_length_are_brought_to_it(
    registry: Path, tmp_path: Path, dtype: str
) -> None:
    made = convert(registry, "qz", *TO_LATENT[:-1], "-o", str(tmp_path / "one.npz"))
    assert made.exit_code == 0, made.stderr
    latent = np.load(tmp_path / "one.npz")["hidden"].astype(dtype)
    np.save(tmp_path / "one.npy", latent)
    np.save(tmp_path / "all.npy", latent[None])
    assert convert(registry, str(tmp_path / "one.npy"), *FROM_LATENT[:-1]).stdout == "qz\n"
    assert convert(registry, str(tmp_path / "all.npy"), *FROM_LATENT).stdout == "qz\n"
    np.save(tmp_path / "all.npy", np.full((1, 32), 7))
    assert (
        "is int64 (32,) but"
        in convert(registry, str(tmp_path / "all.npy"), *FROM_LATENT).stderr
    )


def test_numbers_that_are_too_large_are_told_by_their_row(
    registry: Path, tmp_path: Path
) -> None:
    vectors = np.zeros((3, 32))
    vectors[1, 5] = 1e300
    np.save(tmp_path / "a.npy", vectors)
    made = convert(registry, str(tmp_path / "a.npy"), *FROM_LATENT)
    assert "NaN or infinity in 'hidden' at row 1" in made.stderr


def test_vectors_of_another_width_are_one_sentence(registry: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((4, 31), np.float32))
    made = convert(registry, str(tmp_path / "a.npy"), *FROM_LATENT)
    assert made.exit_code == 1
    assert "'hidden' is float32 (31,) but float32 (32) is wanted" in made.stderr


def test_json_without_a_file_for_the_rows_is_wrong_usage(registry: Path) -> None:
    assert convert(registry, "-", *TO_LATENT, "--json", lines="qz\n").exit_code == 2


def test_lines_that_are_no_text_are_one_sentence(registry: Path) -> None:
    whole = ["convert", "-", *TO_LATENT, "-o", "a.parquet", "--registry", str(registry)]
    made = CliRunner().invoke(app, whole, input=b"qz\n\xff\n")
    assert made.exit_code == 1
    assert "'standard input' cannot be used: it is not UTF-8 text" in made.stderr


@pytest.mark.parametrize("option", ["--gradients", "--cotangent", "--confidence"])
def test_what_is_of_one_value_is_refused_for_rows(registry: Path, option: str) -> None:
    given = () if option == "--confidence" else ("a.npz",)
    made = convert(registry, "-", *TO_LATENT, option, *given, lines="qz\n")
    assert made.exit_code == 2
    assert "one value" in made.stderr


def test_a_column_of_one_value_is_refused(registry: Path) -> None:
    made = convert(registry, "qz", *TO_LATENT[:-1], "--column", "v")
    assert made.exit_code == 2
    assert "add --rows" in made.stderr
