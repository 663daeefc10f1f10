"""A world file for networks that a user brings."""

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from transcoder.errors import StorageError
from transcoder.interchange import read_signature
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
    networks = [_network(each, files) for each in files]
    with TemporaryDirectory() as nowhere:
        trial = _written(Path(nowhere), networks, rows)
        transaction = Registry.open(Path(nowhere) / "registry").start_transaction()
        stage_world(transaction, trial)
        transaction.preview()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _written(folder, networks, rows)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(str(folder), reason, "choose another folder") from error


def _network(file: Path, files: Sequence[Path]) -> _Network:
    model = re.sub(r"[^A-Za-z0-9_.\-]", "_", file.stem).lstrip(".-") or "net"
    if sum(other.stem == file.stem for other in files) > 1:
        reason = f"another file is called {file.stem!r} too"
        raise StorageError(str(file), reason, "rename one; the names become ids")
    try:
        signature = read_signature(file.read_bytes(), file.name)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(str(file), reason, "name an ONNX file that can be read") from error
    argument = f"{model}_net" if re.fullmatch(r"[A-Z][0-9]?", model) else model
    return _Network(model, file, f"input<{argument}>", f"{{{model}}}", signature)


def _written(folder: Path, networks: Sequence[_Network], rows: Sequence[Path]) -> Path:
    for file in (*(each.file for each in networks), *rows):
        if file.resolve() != (folder / file.name).resolve():
            shutil.copyfile(file, folder / file.name)
    place = folder / "world.yaml"
    models = " and ".join(each.model for each in networks)
    text = yaml.safe_dump(_world(networks, rows), sort_keys=False, width=96)
    place.write_text(_HEADER.format(models=models, file=place) + text, encoding="utf-8")
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
