"""Folders that come with the package."""

from pathlib import Path

_PACKAGE = Path(__file__).parent.parent


def shipped(name: str) -> Path:
    """Find a folder that comes with the package: inside it, or beside `src` in a checkout.

    >>> (shipped("conf") / "train.yaml").is_file()
    True
    """
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent.parent / name
