"""Choose on validation rows, report on test rows, register in one transaction."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from transcoder.errors import ConflictError
from transcoder.evaluation import Choice, Judgement, choose_current
from transcoder.recipe import RunConfig
from transcoder.registry import Registry
from transcoder.reports import (
    ChainResult,
    PlainScore,
    RunResult,
    write_result,
)
from transcoder.runs._candidates import Candidate
from transcoder.runs._chains import Chains
from transcoder.runs._identity import choices_of, package_versions
from transcoder.runs._judging import Bench
from transcoder.runs._plan import TrainingPlan
from transcoder.runs._tables import plain_score
from transcoder.vocabulary import JsonValue, Score, Segment, Split
from transcoder.workflows import measured_score

_TRIES = 20


@dataclass(frozen=True, slots=True, eq=False)
class Entrants:
    """Who stood before the bench.

    Attributes:
        net: The trained adapter.
        rungs: All closed forms, the cheapest first.
        best: The best of them on validation rows, or None where no closed form fits.
    """

    net: Candidate
    rungs: Sequence[Candidate]
    best: Candidate | None


@dataclass(frozen=True, slots=True, eq=False)
class Provenance:
    """Where a version comes from.

    Attributes:
        config: What was asked.
        plan: What it was trained on.
        identity: Of the run.
        fingerprints: Of the rows of each dataset.
        folder: Of the run.
        seconds: How long it has taken so far.
        notes: What weakens what was measured.
    """

    config: RunConfig
    plan: TrainingPlan
    identity: str
    fingerprints: Sequence[str]
    folder: Path
    seconds: Callable[[], float]
    notes: Sequence[str]


def register_run(
    registry: Registry,
    entrants: Entrants,
    *,
    bench: Bench,
    chains: Chains,
    provenance: Provenance,
) -> RunResult:
    """Register the net, and the closed form where the net is no better than one.

    If another run makes its version current meanwhile, the choice is made again against that.

    Raises:
        ConflictError: If others are faster time and again.
    """
    for _ in range(_TRIES - 1):
        with suppress(ConflictError):
            return _register(registry, entrants, bench, chains, provenance)
    return _register(registry, entrants, bench, chains, provenance)


def _register(
    registry: Registry,
    entrants: Entrants,
    bench: Bench,
    chains: Chains,
    provenance: Provenance,
) -> RunResult:
    present = registry.catalog().current(entrants.net.segment.key)
    choice = choose_current(
        bench.judgement(entrants.net, Split.VALIDATION),
        [bench.judgement(each, Split.VALIDATION) for each in entrants.rungs],
        present=_judged(present, bench),
        replace=provenance.config.registry.replace,
        insist=provenance.config.insist,
        bootstrap=bench.bootstrap,
    )
    everyone = (*entrants.rungs, entrants.net)
    scores = {
        each.name: (
            *bench.judgement(each, Split.VALIDATION).scores,
            *bench.judgement(each, Split.TEST).scores,
        )
        for each in everyone
    }
    chosen = next(each for each in everyone if each.name == choice.candidate)
    compared = dict.fromkeys(filter(None, (entrants.best, chosen, entrants.net)))
    walked = chains.results(tuple(compared))
    lineage = {
        **_lineage(provenance, scores, choice),
        "chains": [_told(each) for each in walked],
    }
    transaction = registry.start_transaction(f"run {provenance.identity[:16]}")
    for candidate in dict.fromkeys((entrants.net, chosen)):
        segment = dataclasses.replace(
            candidate.segment,
            scores=(
                *scores[candidate.name],
                *chains.scores(candidate),
                _latency(candidate, provenance.plan),
            ),
            lineage={**lineage, "candidate": candidate.name},
            origin=f"recipe {provenance.config.name}",
        )
        transaction.put_segment(
            segment,
            candidate.onnx,
            make_current=choice.becomes_current and candidate is chosen,
            expected_current=present.version if present is not None else None,
        )
    registered = transaction.commit().segments[-1]
    result = dataclasses.replace(
        _result(provenance, choice, registered),
        test_rows=len(bench.judgement(chosen, Split.TEST).per_row),
        scores={name: _by_name(each) for name, each in scores.items()},
        chains=walked,
    )
    write_result(provenance.folder, result)
    return result


def register_unjudged(registry: Registry, net: Candidate, provenance: Provenance) -> RunResult:
    """Register a map that nothing could judge; it takes no other version's place unasked."""
    present = registry.catalog().current(net.segment.key)
    becomes = present is None or provenance.config.registry.replace
    choice = Choice(net.name, becomes, "the recipe insists, and nothing could judge it")
    segment = dataclasses.replace(
        net.segment,
        scores=(_latency(net, provenance.plan),),
        lineage={**_lineage(provenance, {}, choice), "candidate": net.name},
        origin=f"recipe {provenance.config.name}",
    )
    transaction = registry.start_transaction(f"run {provenance.identity[:16]}")
    transaction.put_segment(segment, net.onnx, make_current=becomes)
    registered = transaction.commit().segments[-1]
    result = _result(provenance, choice, registered)
    write_result(provenance.folder, result)
    return result


def _result(provenance: Provenance, choice: Choice, registered: Segment) -> RunResult:
    """Tell what was registered; scores are for who has some."""
    return RunResult(
        identity=provenance.identity,
        chosen=choice.candidate,
        why=choice.why,
        version=registered.version,
        is_current=registered.is_current,
        was_finished=False,
        seconds=provenance.seconds(),
        test_rows=0,
        scores={choice.candidate: {}},
        transcoder=str(registered.key),
    )


def _told(chain: ChainResult) -> JsonValue:
    """Say which chain it is and why nothing can be said by it; scores are kept as scores."""
    return {
        "name": chain.name,
        "decides": chain.decides,
        "path": chain.path,
        "pivot" if chain.is_pivot else "native": chain.beside,
        "rows": chain.rows,
        **({"refused": chain.refused} if chain.refused else {}),
    }


def _latency(candidate: Candidate, plan: TrainingPlan) -> Score:
    specs = plan.source_spec, plan.target_spec
    return measured_score(candidate.segment, candidate.onnx, specs)


def _judged(present: Segment | None, bench: Bench) -> Judgement | None:
    if present is None or not present.is_runnable:
        return None
    name = f"version {present.version}"
    return bench.judge_segment(name, present, Split.VALIDATION)


def _lineage(
    provenance: Provenance, scores: Mapping[str, Sequence[Score]], choice: Choice
) -> Mapping[str, JsonValue]:
    plan, config = provenance.plan, provenance.config
    return {
        "run": provenance.identity,
        "recipe": config.name,
        "seed": config.seed,
        "choices": choices_of(config),
        "dataset": plan.dataset.name,
        "datasets": list(dict.fromkeys(feed.dataset.name for feed in plan.feeds)),
        "fingerprints": list(provenance.fingerprints),
        "frozen": list(plan.digests),
        "opportunities": [each.sentence for each in plan.trained],
        "candidates": {name: _by_name(each) for name, each in scores.items()},
        "decision": choice.why,
        "notes": list(provenance.notes),
        "packages": package_versions(),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(provenance.seconds(), 1),
    }


def _by_name(scores: Sequence[Score]) -> dict[str, PlainScore]:
    return {score.name: plain_score(score) for score in scores}
