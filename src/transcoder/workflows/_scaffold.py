"""A world file for networks that a user brings."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from filecmp import cmp
from itertools import pairwise
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

import yaml

from transcoder.errors import StorageError
from transcoder.files import whole_file, write_whole
from transcoder.interchange import read_model, read_signature
from transcoder.registry import Registry
from transcoder.vocabulary import JsonValue, Signature, Spec, TensorSpec
from transcoder.workflows._apply import stage_world
from transcoder.workflows._proposing import propose_spec

_HEADER = """\
# What: a world of {models}, proposed by `transcoder init` from what their files say.
# Read: an input is a modality of its own, and what a network gives is its private latent.
#       Rename what has a better name, and write down each licence.
# Use:  transcoder apply {file}
"""


@dataclass(frozen=True, slots=True)
class _Network:
    """One file, and what it is called."""

    model: str
    file: Path
    source: str
    target: str
    signature: Signature


def scaffold(folder: Path, files: Sequence[Path], rows: Sequence[Path] = ()) -> Path:
    """Write a world file beside copies of networks, and see that it can be applied.

    Each network is taken to lead from an input of its own to its private latent, and between
    the latents of the first and the second a transcoder is declared.

    Args:
        folder: Where to; made if it is not there.
        files: ONNX files; their names become the ids.
        rows: `.npy` or `.npz` files, one for each network in order, whose rows belong together.

    Returns:
        The path of the world file.

    Raises:
        InvalidModelError: If a file is no ONNX model that can be used.
        StorageError: If a file cannot be read, or there is a world already.
        CommitError: If a network cannot be registered as it is; all faults are named.
    """
    place = folder / "world.yaml"
    if place.exists():
        raise StorageError(str(place), "there is a world already", "choose another folder")
    if rows and len(rows) != len(files):
        reason = f"{len(rows)} files of rows stand beside {len(files)} networks"
        raise StorageError(str(folder), reason, "give one for each network, in order")
    networks = [_network(each) for each in files]
    _refuse_equal_names(networks, rows)
    try:
        with TemporaryDirectory() as nowhere:
            trial = _written(Path(nowhere), networks, rows)
            transaction = Registry.open(Path(nowhere) / "registry").start_transaction()
            stage_world(transaction, trial)
            transaction.preview()
        folder.mkdir(parents=True, exist_ok=True)
        return _written(folder, networks, rows)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(str(folder), reason, "choose another folder") from error


def _network(file: Path) -> _Network:
    model = re.sub(r"[^A-Za-z0-9_.\-]", "_", file.stem).lstrip(".-") or "net"
    signature = read_signature(read_model(file), file.name)
    argument = f"{model}_net" if re.fullmatch(r"[A-Z][0-9]?", model) else model
    return _Network(model, file, f"input<{argument}>", f"{{{model}}}", signature)


def _refuse_equal_names(networks: Sequence[_Network], rows: Sequence[Path]) -> None:
    """Refuse files that would take each other's place, and rows that are not there."""
    seen: set[str] = set()
    for each in networks:
        if each.model in seen:
            reason = f"another file is called {each.model!r} too"
            raise StorageError(str(each.file), reason, "rename one; the names become ids")
        seen.add(each.model)
    places: dict[str, Path] = {}
    for file in rows:
        if not file.is_file() or not os.access(file, os.R_OK):
            reason = "there is no such file that can be read"
            raise StorageError(str(file), reason, "give a file of rows")
        if places.setdefault(file.name, file.resolve()) != file.resolve():
            reason = f"another file of rows is called {file.name!r} too"
            raise StorageError(str(file), reason, "rename one; both are copied to one folder")


def _copy_network(file: Path, place: Path) -> None:
    """Copy a network, with its weights inside."""
    content = read_model(file)
    if _may_write(file, place, lambda: place.read_bytes() == content):
        write_whole(place, content)


def _copy_rows(file: Path, place: Path) -> None:
    if _may_write(file, place, lambda: cmp(file, place, shallow=False)):
        with whole_file(place) as aside:
            copyfile(file, aside)


def _may_write(file: Path, place: Path, is_there: Callable[[], bool]) -> bool:
    """Whether there is something to copy; nobody's other file is overwritten."""
    if file.resolve() == place.resolve() or (place.is_file() and is_there()):
        return False
    if place.exists():
        remedy = "choose another folder, or move that file away"
        raise StorageError(str(place), "there is another file of that name", remedy)
    return True


def _written(folder: Path, networks: Sequence[_Network], rows: Sequence[Path]) -> Path:
    for each in networks:
        _copy_network(each.file, folder / each.file.name)
    for file in rows:
        _copy_rows(file, folder / file.name)
    place = folder / "world.yaml"
    models = " and ".join(each.model for each in networks)
    text = yaml.safe_dump(_world(networks, rows), sort_keys=False, width=96)
    write_whole(place, f"{_HEADER.format(models=models, file=place)}{text}".encode())
    return place


def _world(networks: Sequence[_Network], rows: Sequence[Path]) -> Mapping[str, JsonValue]:
    modalities: dict[str, JsonValue] = {}
    models: dict[str, JsonValue] = {}
    for each in networks:
        names = _names(each.signature)
        specs = (
            propose_spec(each.model, each.signature.inputs, side="source", names=names),
            propose_spec(each.model, each.signature.outputs, side="target", names=names),
        )
        modalities |= {each.source: _carried(specs[0]), each.target: _carried(specs[1])}
        ends = {"source": each.source, "target": each.target, "onnx": each.file.name}
        models[each.model] = [{**ends, **({"names": names} if names else {}), "licence": ""}]
    for first, second in pairwise(networks[:2]):
        ends = {"source": first.target, "target": second.target, "kind": "transcoder"}
        models[f"{first.model}_to_{second.model}"] = [ends]
    return {
        "modality_types": {"input": {"parameters": ["N"]}},
        "modalities": modalities,
        **_data(networks, rows),
        "models": models,
    }


def _data(networks: Sequence[_Network], rows: Sequence[Path]) -> dict[str, JsonValue]:
    if not rows:
        return {}
    named = dict(zip((each.model for each in networks), rows, strict=True))
    pattern: JsonValue = [f"input<{chr(ord('A') + place)}>" for place in range(len(rows))]
    dataset: JsonValue = {
        "type": "rows",
        "loader": "arrays",
        "options": {"files": {model: file.name for model, file in named.items()}},
        "columns": {each.model: each.source for each in networks},
        "group": "",
        "licence": "",
    }
    return {"dataset_types": {"rows": pattern}, "datasets": {"rows": dataset}}


def _carried(spec: Spec) -> JsonValue:
    return {"spec": [str(tensor) for tensor in spec.tensors]}


def _names(signature: Signature) -> dict[str, str]:
    """Names that a world file can hold, for tensors whose own it cannot."""
    sides = {"source": signature.inputs, "target": signature.outputs}
    return {
        f"{side}.{plain}": tensor.name
        for side, tensors in sides.items()
        for tensor in tensors
        if (plain := _plain(tensor)) != tensor.name
    }


def _plain(tensor: TensorSpec) -> str:
    return re.sub(r"[^\w\-]", "_", tensor.name)
