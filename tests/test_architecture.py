"""What the linters cannot see: sizes of files, faces of packages, weight of importing."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "transcoder"
FILES = sorted(SOURCE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_file_can_be_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_nobody_reaches_behind_the_face_of_another_package(path: Path) -> None:
    package = path.relative_to(SOURCE).parts[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("transcoder."):
            parts = (node.module or "").split(".")[1:]
            inside = [part for part in parts if part.startswith("_")]
            assert not inside or parts[0] == package, (
                f"line {node.lineno} imports {node.module}"
            )


@pytest.mark.parametrize(
    "package", sorted(SOURCE.glob("*/__init__.py")), ids=lambda p: p.parent.name
)
def test_a_face_lists_what_it_shows_in_order(package: Path) -> None:
    tree = ast.parse(package.read_text(encoding="utf-8"))
    assigned = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id == "__all__"
    ]
    names = ast.literal_eval(assigned[0])
    order = sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    assert names == order


@pytest.mark.parametrize(
    "arguments", [["-c", "import transcoder"], ["-m", "transcoder", "--help"]]
)
def test_what_serves_starts_without_torch(arguments: list[str]) -> None:
    heavy = "{'torch', 'lightning', 'onnxruntime', 'hydra', 'datasets'}"
    script = (
        "import sys, atexit\n"
        f"atexit.register(lambda: print('HEAVY', sorted({heavy} & set(sys.modules))))\n"
        "import runpy\n"
    )
    if arguments[0] == "-m":
        script += "sys.argv = ['transcoder', '--help']\n"
        script += "runpy.run_module('transcoder', run_name='__main__')\n"
    else:
        script += "import transcoder\n"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert "HEAVY []" in done.stdout, done.stdout + done.stderr
