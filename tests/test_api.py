"""The table of docs/api.md is true, and leaves nothing out."""

import ast
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from transcoder.cli import app
from transcoder.workflows import Middleware

ROOT = Path(__file__).parent.parent
ROWS = [
    tuple(cell.strip() for cell in line.strip("|").split("|"))
    for line in (ROOT / "docs" / "api.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| `")
]


def quoted(cell: str) -> str:
    found = re.match(r"`([^`]+)`", cell)
    return found[1] if found else ""


@pytest.mark.parametrize("call", sorted({quoted(row[0]) for row in ROWS}))
def test_a_call_of_the_table_is_a_call_of_the_facade(call: str) -> None:
    assert callable(getattr(Middleware, call)) or isinstance(
        getattr(Middleware, call), property
    )


def test_every_public_call_stands_in_the_table() -> None:
    public = {name for name in dir(Middleware) if not name.startswith("_")}
    assert public == {quoted(row[0]) for row in ROWS}


@pytest.mark.parametrize("verb", sorted({quoted(row[1]) for row in ROWS} - {""}))
def test_a_verb_of_the_table_is_a_verb_of_the_command_line(verb: str) -> None:
    program, *words = verb.split()
    names = [word for word in words if not word.startswith("-")]
    shown = CliRunner(env={"COLUMNS": "200"}).invoke(app, [*names, "--help"])
    assert program == "transcoder"
    assert shown.exit_code == 0, shown.output
    assert f"Usage: root {' '.join(names)} " in shown.output
    assert all(word in shown.output for word in words)


@pytest.mark.parametrize("test", sorted({quoted(row[2]) for row in ROWS}))
def test_a_test_of_the_table_is_there(test: str) -> None:
    file, _, name = test.partition("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}
