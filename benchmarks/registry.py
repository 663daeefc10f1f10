"""The registry against MLflow's registry on SQLite, in one run.

Run:  python benchmarks/registry.py [--versions 1000] [--repeats 3]
MLflow comes with the extra `benchmarks`; without it only our own figures are printed.

Both register one version of each of many models, which all name one small file: MLflow keeps no
file itself, only where it is, and its models are made before the clock starts.
The line "distinct files" stores as many files, which MLflow has no counterpart for.
"""

import argparse
import gc
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from multiplier import fill, onnx_file, segment_of

from transcoder.registry import Registry
from transcoder.vocabulary import Segment

_BATCHES = 5
"""Registries filled in one transaction each, for that is too short to be timed once."""


def seconds(action: Callable[[], object]) -> float:
    """Time one call, with garbage collected before and as always meanwhile."""
    gc.collect()
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def ours(folder: Path, count: int) -> dict[str, float]:
    """Measure this registry, in seconds."""
    file = onnx_file(1.0)

    def opened(name: str) -> Registry:
        registry = Registry.open(folder / name)
        fill(registry)
        return registry

    def named(number: int) -> Segment:
        return segment_of(f"Net{number}")

    def one_by_one(registry: Registry) -> None:
        for number in range(count):
            with registry.transaction() as transaction:
                transaction.put_segment(named(number), file)

    def together(registry: Registry, files: Mapping[int, bytes]) -> None:
        with registry.transaction() as transaction:
            for number in range(count):
                transaction.put_segment(named(number), files.get(number, file))

    distinct = {number: onnx_file(2.0 + number) for number in range(count)}
    alone, stored = opened("alone"), opened("stored")
    batches = [opened(f"batch{number}") for number in range(_BATCHES)]
    found = {
        "register one by one": seconds(lambda: one_by_one(alone)),
        "register in one transaction": statistics.median(
            seconds(partial(together, each, {})) for each in batches
        ),
        "the same, distinct files": seconds(lambda: together(stored, distinct)),
    }
    key = named(count // 2).key
    reader = Registry.open(folder / "stored")
    reader.catalog()
    found["get one with its file"] = (
        seconds(
            lambda: [
                reader.blob(current.digest or "")
                for _ in range(200)
                if (current := reader.catalog().current(key)) is not None
            ]
        )
        / 200
    )
    found["list all, first time"] = seconds(
        lambda: list(Registry.open(folder / "stored").catalog().find_current())
    )
    found["list all, again"] = seconds(lambda: list(reader.catalog().find_current()))
    return found


def theirs(folder: Path, count: int) -> dict[str, float]:
    """Measure MLflow's registry, in seconds."""
    from mlflow import MlflowClient

    url = f"sqlite:///{folder / 'mlflow.db'}"
    client = MlflowClient(tracking_uri=url, registry_uri=url)
    file = folder / "net.onnx"
    file.write_bytes(onnx_file(1.0))

    def register() -> None:
        for number in range(count):
            client.create_model_version(f"Net{number}", source=str(file))

    def get() -> None:
        for _ in range(200):
            version = client.get_model_version(f"Net{count // 2}", "1")
            Path(version.source).read_bytes()

    for number in range(count):
        client.create_registered_model(f"Net{number}")
    found = {"register one by one": seconds(register)}
    found["register in one transaction"] = found["register one by one"]
    found["get one with its file"] = seconds(get) / 200
    listing = seconds(lambda: client.search_registered_models(max_results=min(1000, count)))
    return {**found, "list all, first time": listing, "list all, again": listing}


def main() -> None:
    """Print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--versions", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    has_mlflow = find_spec("mlflow") is not None
    runs: list[tuple[dict[str, float], dict[str, float]]] = []
    for _ in range(asked.repeats):
        with tempfile.TemporaryDirectory() as folder:
            mine = ours(Path(folder), asked.versions)
            other = theirs(Path(folder), asked.versions) if has_mlflow else {}
            runs.append((mine, other))
    print(f"{asked.versions} models, median of {asked.repeats}")
    print(f"{'':30} {'transcoder':>12} {'MLflow':>12} {'ratio':>8}")
    for line in runs[0][0]:
        mine_s = statistics.median(run[0][line] for run in runs)
        shown = f"{line:30} {mine_s * 1e3:9.2f} ms"
        if line in runs[0][1]:
            other_s = statistics.median(run[1][line] for run in runs)
            shown += f" {other_s * 1e3:9.2f} ms {other_s / mine_s:7.1f}x"
        print(shown)
    if not has_mlflow:
        print("MLflow is not installed; pip install 'transcoder[benchmarks]' to compare")


if __name__ == "__main__":
    main()
