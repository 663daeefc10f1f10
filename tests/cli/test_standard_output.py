"""Standard output that cannot take what a verb says."""

import json
from contextlib import redirect_stdout
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from transcoder.cli import app
from transcoder.vocabulary import Payload
from transcoder.workflows import Middleware


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> str:
    root = tmp_path_factory.mktemp("output") / "größe"
    with Middleware.open(root, create=True).transaction("grüße") as changes:
        changes.register_modality_type("text", payload=Payload.TEXT)
        changes.register_modality("text")
    return str(root)


def exit_code(registry: str, *arguments: str) -> object:
    return app([*arguments, "--registry", registry], standalone_mode=False)


@pytest.mark.parametrize(
    "arguments",
    [
        ("info",),
        ("info", "--json"),
        ("history",),
        ("convert", "hi", "--from", "text", "--to", "text"),
        ("convert", "hi", "--from", "text", "--to", "text", "-o", "-"),
    ],
)
def test_a_full_disk_behind_it_is_one_sentence(
    registry: str, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full, redirect_stdout(full):
        assert exit_code(registry, *arguments) == 1
    told = "'standard output' cannot be used: No space left on device; make room"
    assert capsys.readouterr().err.startswith(f"error: {told}")


def test_letters_that_its_encoding_lacks_are_one_sentence(
    registry: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ends = ("--from", "text", "--to", "text")
    with redirect_stdout(TextIOWrapper(BytesIO(), encoding="ascii")):
        assert exit_code(registry, "convert", "grüß", *ends) == 1
    told = r"its encoding 'ascii' has no '\xfc'; set PYTHONIOENCODING=utf-8"
    assert told in capsys.readouterr().err


def test_json_is_written_in_any_encoding(registry: str) -> None:
    written = BytesIO()
    with redirect_stdout(TextIOWrapper(written, encoding="latin-1")) as output:
        exit_code(registry, "history", "--json")
        output.flush()
        assert json.loads(written.getvalue())["commits"][0]["note"] == "grüße"
