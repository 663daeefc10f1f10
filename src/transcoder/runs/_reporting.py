"""The report that a run leaves in its folder."""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from transcoder.files import write_whole
from transcoder.planner import When, learning_graph
from transcoder.recipe import RunConfig
from transcoder.reports import (
    Arrow,
    Bar,
    Clouds,
    Graph,
    Ladder,
    Look,
    Place,
    Report,
    RunResult,
    report_html,
    report_markdown,
)
from transcoder.runs._candidates import Candidate
from transcoder.runs._identity import package_versions
from transcoder.runs._materials import Materials
from transcoder.runs._plan import TrainingPlan
from transcoder.runs._shown_rows import shown_rows
from transcoder.sessions import Runner, split_rows
from transcoder.vocabulary import (
    EdgePath,
    JsonValue,
    JudgedChain,
    Opportunity,
    Segment,
    Spec,
    Split,
    Value,
)
from transcoder.workflows import REPORT_HTML, REPORT_MARKDOWN

_LOOKS = {
    When.ONCE: Look.THIN,
    When.TRAINED: Look.THICK,
    When.EACH_STEP: Look.DOTTED,
    When.COMPARED: Look.PLAIN,
}
_METRICS = {
    "test/retention": "retention",
    "test/r2": "R²",
    "test/csls_recall_at_1": "R@1 by CSLS",
    "test/cosine": "cosine",
}
"""By what candidates are compared, as far as it was measured; at most two of them."""
_MOST_LADDERS = 2
_TOLD_ABOVE = frozenset({"candidates", "chains", "decision", "opportunities"})
_CLOUD_ROWS = 400


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """What a run has at hand when it is over.

    Attributes:
        config: What was asked.
        plan: What it was trained on.
        materials: The rows and their latents.
        runner: Runs the candidates.
        candidates: Everyone who was judged, the cheapest first.
        chain: By which they were chosen, or None.
        per_row: The chosen one's score of each judged test row, (row).
        cosines: Of its latents with the wanted ones, (row).
        result: What was reached.
        lineage: As it was registered.
        notes: What weakens what was measured.
        folder: Of the run.
    """

    config: RunConfig
    plan: TrainingPlan
    materials: Materials
    runner: Runner
    candidates: Sequence[Candidate]
    chain: JudgedChain | None
    per_row: NDArray[np.float64]
    cosines: NDArray[np.float64]
    result: RunResult
    lineage: Mapping[str, JsonValue]
    notes: Sequence[str]
    folder: Path

    @property
    def chosen(self) -> Candidate:
        """Who was registered as best."""
        return next(each for each in self.candidates if each.name == self.result.chosen)


def write_report(findings: Findings) -> None:
    """Write `report.html` and `report.md` into the folder of a run.

    Raises:
        StorageError: If they cannot be written.
        TranscoderError: If a shown row cannot be taken along its chain.
    """
    report = _report(findings)
    written = {REPORT_HTML: report_html(report), REPORT_MARKDOWN: report_markdown(report)}
    for name, text in written.items():
        write_whole(findings.folder / name, text.encode())


def _report(findings: Findings) -> Report:
    plan, chosen = findings.plan, findings.chosen
    worst, best = shown_rows(
        plan,
        findings.materials,
        findings.runner,
        segment=chosen.segment,
        chain=findings.chain,
        ranked_by=(findings.per_row, findings.cosines),
    )
    return Report(
        title=str(chosen.segment.key),
        facts=_facts(findings),
        result=findings.result,
        graphs=tuple((each.sentence, _graph(each)) for each in plan.trained),
        curves=read_curves(findings.folder),
        ladders=_ladders(findings.result),
        clouds=_clouds(findings),
        best=best,
        worst=worst,
        scored_by="cosine" if findings.chain is None else findings.chain.scorer.value,
        lineage={
            name: value for name, value in findings.lineage.items() if name not in _TOLD_ABOVE
        },
    )


def _facts(findings: Findings) -> Mapping[str, str]:
    config, plan, result = findings.config, findings.plan, findings.result
    rows = findings.materials.rows
    counts = ", ".join(f"{len(rows[split]):,} {split.value}" for split in Split)
    state = "current" if result.is_current else "not current"
    notes = {"note": "; ".join(findings.notes)} if findings.notes else {}
    return {
        **notes,
        "recipe": config.name,
        "registered": f"{result.chosen}, version {result.version}, {state}",
        "adapter": f"{config.adapter.kind}, {config.trainer.max_epochs} epochs at most",
        "rows": f"{counts}, of dataset {plan.dataset.name}",
        "pairs": ", ".join(dict.fromkeys(each.grade.name.lower() for each in plan.trained)),
        "licence of the rows": plan.dataset.licence or "unknown",
        "chosen by": "latents" if findings.chain is None else findings.chain.name,
        "seed": str(config.seed),
        "took": f"{result.seconds:.1f} s",
        "versions": ", ".join(f"{name} {each}" for name, each in package_versions().items()),
    }


def _graph(opportunity: Opportunity) -> Graph:
    """Give a learning graph to those who draw."""
    found = learning_graph(opportunity)
    return Graph(
        tuple(Place(each.name, each.text) for each in found.nodes),
        tuple(
            Arrow(each.source, each.target, each.by, _LOOKS[each.when]) for each in found.edges
        ),
    )


def read_curves(folder: Path) -> Mapping[str, tuple[tuple[float, float], ...]]:
    """Read the losses that a fit has logged, those before a kill included, by name and step."""
    found: dict[str, dict[float, float]] = {}
    logs = sorted(folder.glob("csv/**/metrics.csv"), key=lambda path: (len(str(path)), path))
    for log in logs:
        with log.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                for name, text in row.items():
                    if "/" in name and text:
                        found.setdefault(name, {})[float(row["step"])] = float(text)
    finite = {
        name: tuple(sorted((step, loss) for step, loss in each.items() if math.isfinite(loss)))
        for name, each in found.items()
    }
    return {name: points for name, points in finite.items() if points}


def _ladders(result: RunResult) -> tuple[Ladder, ...]:
    ladders = []
    for metric, heading in _METRICS.items():
        bars = tuple(
            Bar(name, *scores[metric], is_chosen=name == result.chosen)
            for name, scores in result.scores.items()
            if metric in scores
        )
        if bars:
            ladders.append(Ladder(heading, bars))
    return tuple(ladders[:_MOST_LADDERS])


def _clouds(findings: Findings) -> Clouds | None:
    """Look at latents on the first two principal axes of those that were wanted."""
    plan, materials = findings.plan, findings.materials
    judged = materials.rows[Split.TEST]
    places = np.linspace(0, len(judged) - 1, min(_CLOUD_ROWS, len(judged)))
    rows = judged[places.round().astype(np.int64)]
    if len(rows) <= 1 or materials.target is None:
        return None
    wanted = _points(
        split_rows(materials.target.take(rows), plan.target_spec), plan.target_spec
    )
    middle = wanted.mean(axis=0)
    _, lengths, axes = np.linalg.svd(wanted - middle, full_matrices=False)
    flat = np.zeros((2, wanted.shape[1]))
    flat[: len(axes[:2])] = axes[:2]
    total = float((lengths**2).sum())
    questions = split_rows(materials.source.take(rows), plan.source_spec)
    given = {
        f"{when}: {each.name}": (_given(each.segment, questions, findings) - middle) @ flat.T
        for when, each in _before_and_after(findings)
    }
    share = float((lengths[:2] ** 2).sum()) / total if total else 1.0
    return Clouds((wanted - middle) @ flat.T, given, share)


def _before_and_after(findings: Findings) -> list[tuple[str, Candidate]]:
    """Take the latent as it is, what the closed forms make of it, and the trained net."""
    *rungs, net = findings.candidates
    scores = findings.result.scores
    plain = [("before", each) for each in rungs if each.name == "identity"]
    ranked = [each for each in rungs if "validation/r2" in scores[each.name]]
    best = sorted(ranked, key=lambda each: scores[each.name]["validation/r2"][0])[-1:]
    return [*plain, *(("closed form", each) for each in best), ("after", net)]


def _given(segment: Segment, rows: Sequence[Value], findings: Findings) -> NDArray[np.float64]:
    given = findings.runner.run(EdgePath(segment.source, (segment,)), rows)
    return _points(given, findings.plan.target_spec)


def _points(rows: Sequence[Value], spec: Spec) -> NDArray[np.float64]:
    """Take the first tensor of each row, of a sequence the mean of its steps, to (row, dim)."""
    arrays = [np.asarray(row[spec.names[0]]) for row in rows if isinstance(row, Mapping)]
    means = [each.reshape(-1, each.shape[-1]).mean(axis=0) for each in arrays]
    return np.array(means, dtype=np.float64)
