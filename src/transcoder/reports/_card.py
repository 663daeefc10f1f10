"""A model card in the form that the Hugging Face Hub reads."""

import json
import re
from collections.abc import Mapping

import yaml

from transcoder.reports._markdown import plain, table
from transcoder.vocabulary import Dataset, JsonValue, Score, Segment

_METRICS = {"r2": "r_squared", "cosine": "cosine_similarity"}
"""Where the Hub has a name of its own."""
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


def model_card(segment: Segment, dataset: Dataset | None = None) -> str:
    """Write the card of a registered transcoder, or of any segment, from what is registered.

    The front matter is that of https://huggingface.co/docs/hub/model-cards, with the test
    scores as `model-index`.

    Args:
        segment: With its scores and its lineage.
        dataset: What it was trained on, where that is still registered.
    """
    front = yaml.safe_dump(_front(segment, dataset), sort_keys=False, allow_unicode=True)
    return "\n".join(["---", front + "---", "", *_body(segment, dataset), ""])


def _front(segment: Segment, dataset: Dataset | None) -> Mapping[str, JsonValue]:
    name = dataset.name if dataset else segment.lineage.get("dataset")
    tested = _tested(segment)
    front: dict[str, JsonValue] = {
        "license": segment.licence.lower() or "unknown",
        "library_name": "transcoder",
        "pipeline_tag": "feature-extraction",
        "tags": ["transcoder", "latent-space", "model-stitching", "onnx"],
    }
    if isinstance(name, str):
        front["datasets"] = [_hub_id(dataset) or name]
    if tested:
        front["metrics"] = list(dict.fromkeys(_metric(each) for each in tested))
    if tested and isinstance(name, str):
        front["model-index"] = [
            {"name": segment.name, "results": [_result(segment, name, dataset, tested)]}
        ]
    return front


def _result(
    segment: Segment, name: str, dataset: Dataset | None, tested: list[Score]
) -> Mapping[str, JsonValue]:
    ends = f"{segment.source} -> {segment.target}"
    return {
        "task": {"type": "feature-extraction", "name": ends},
        "dataset": {"type": _hub_id(dataset) or name, "name": name, "split": "test"},
        "metrics": [
            {"type": _metric(each), "value": each.value, "name": str(each.name)}
            for each in tested
        ],
    }


def _body(segment: Segment, dataset: Dataset | None) -> list[str]:
    kind = "transcoder" if segment.is_transcoder else "piece of a network"
    ends = f"`{segment.source}` to `{segment.target}`"
    model = segment.name
    lines = [f"# {plain(model)}", "", f"A {kind} from {ends}, version {segment.version}."]
    lines += ["It is one ONNX graph; it means something only between these two latents."]
    lines += ["", "## Use", "", "```sh", f"transcoder get-model {model} -o {model}.onnx", "```"]
    if segment.signature is not None:
        lines += ["", *(f"- takes `{each}`" for each in segment.signature.inputs)]
        lines += [f"- gives `{each}`" for each in segment.signature.outputs]
    lines += ["", "## How it was made", "", *_made(segment, dataset)]
    if segment.scores:
        rows = [(each.name, str(each), f"{each.rows:,}") for each in segment.scores]
        lines += ["", "## Judged chains", "", *_chains(segment)] if _chains(segment) else []
        lines += ["", "## Scores", "", *table(("score", "value [95 % interval]", "rows"), rows)]
    lines += ["", "## Limits", "", _limits(segment)]
    return lines


def _made(segment: Segment, dataset: Dataset | None) -> list[str]:
    lineage = segment.lineage
    told = [
        f"- {name}: {plain(str(lineage[name]))}"
        for name in (
            "recipe",
            "candidate",
            "seed",
            "dataset",
            "decision",
            "notes",
            "made_at",
            "run",
        )
        if lineage.get(name) not in (None, [])
    ]
    if dataset is not None:
        told.append(f"- licence of the rows: {plain(dataset.licence or 'unknown')}")
    told.append(f"- origin: {plain(segment.origin or 'unknown')}")
    told.append(f"- digest of the ONNX file: `{segment.digest}`")
    for name in ("opportunities", "packages"):
        if name in lineage:
            shown = json.dumps(lineage[name], indent=2, ensure_ascii=False)
            told += ["", f"{name.capitalize()}:", "", *(f"    {x}" for x in shown.splitlines())]
    return told


def _chains(segment: Segment) -> list[str]:
    """Say which chains the scores are of, and which say nothing."""
    told = segment.lineage.get("chains")
    return (
        [_chain(each) for each in told if isinstance(each, Mapping)]
        if isinstance(told, list)
        else []
    )


def _chain(chain: Mapping[str, JsonValue]) -> str:
    beside = "native" if "native" in chain else "pivot"
    refused = f"; refused: {plain(str(chain['refused']))}" if "refused" in chain else ""
    decides = ", by which it was chosen" if chain.get("decides") else ""
    leads = f"{plain(str(chain.get('path')))}; {beside}: {plain(str(chain.get(beside)))}"
    return f"- {plain(str(chain.get('name')))}{decides}: {leads}{refused}"


def _limits(segment: Segment) -> str:
    rows = max((each.rows for each in _tested(segment)), default=0)
    if not rows:
        return "Nothing was measured on test rows."
    return (
        f"The scores are of {rows:,} test rows of the dataset above, kept apart by group from "
        "what it was trained on; of other data they say nothing."
    )


def _tested(segment: Segment) -> list[Score]:
    return [each for each in segment.scores if each.name.startswith("test/")]


def _metric(score: Score) -> str:
    name = score.name.partition("/")[2].partition(" of ")[0]  # what is behind names a chain
    return _METRICS.get(name, name)


def _hub_id(dataset: Dataset | None) -> str | None:
    """Find the Hub's name of a dataset that comes from there."""
    path = dataset.options.get("path") if dataset and dataset.loader == "huggingface" else None
    return path if isinstance(path, str) and _HUB_ID.fullmatch(path) else None
