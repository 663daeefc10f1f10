"""The jobs of a sweep: what each was asked, what it reached, and how far seeds agree."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from omegaconf import OmegaConf

from transcoder.recipe._trial import PRUNED
from transcoder.reports import RANKED_BY, PlainScore, RunResult, maybe_read_result

_STUDENT = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
)
"""Student's t that 95 % lie within, at 1, 2, ... degrees of freedom; the last also beyond."""


@dataclass(frozen=True, slots=True)
class Job:
    """One run of a sweep.

    Attributes:
        folder: Its own, in that of the sweep.
        asked: By key, the choices that were asked of it and not of all jobs.
        result: What it reached, or None where it failed or was ended.
    """

    folder: Path
    asked: Mapping[str, str]
    result: RunResult | None

    @property
    def has_failed(self) -> bool:
        """Whether there is no result, and nobody has ended it for that of others."""
        return self.result is None and not (self.folder / PRUNED).exists()

    @property
    def words(self) -> str:
        """What was asked, as it was typed."""
        return " ".join(f"{key}={value}" for key, value in self.asked.items())

    def maybe_score(self, metric: str) -> PlainScore | None:
        """Find a score of what the job registered as best."""
        if self.result is None:
            return None
        return self.result.scores.get(self.result.chosen, {}).get(metric)

    def maybe_net_score(self, metric: str) -> PlainScore | None:
        """Find a score of the trained net, registered as best or not; it is judged last."""
        scores = [*self.result.scores.values()] if self.result else []
        return scores[-1].get(metric) if scores else None


@dataclass(frozen=True, slots=True)
class SeedGroup:
    """Jobs that differ in nothing but the seed.

    Attributes:
        asked: What all of them were asked, in words.
        jobs: One for each seed, those that failed too.
    """

    asked: str
    jobs: tuple[Job, ...]

    @property
    def failed(self) -> int:
        """How many seeds gave no result."""
        return sum(job.has_failed for job in self.jobs)

    def mean(self, metric: str, *, of_net: bool = False) -> PlainScore | None:
        """Average a score over seeds, with Student's 95 % interval of the mean.

        Args:
            metric: Which.
            of_net: Whether of the trained nets, not of what was registered as best.
        """
        find = Job.maybe_net_score if of_net else Job.maybe_score
        scores = [score[0] for job in self.jobs if (score := find(job, metric))]
        if not scores:
            return None
        mean = math.fsum(scores) / len(scores)
        if len(scores) == 1:
            return mean, None, None
        spread = math.sqrt(math.fsum((each - mean) ** 2 for each in scores) / (len(scores) - 1))
        student = _STUDENT[min(len(scores) - 1, len(_STUDENT)) - 1]
        half = student * spread / math.sqrt(len(scores))
        return mean, mean - half, mean + half


def read_jobs(folder: Path) -> list[Job]:
    """Read all jobs of a sweep, the best on validation rows first, failed ones last."""
    jobs = [
        Job(path.parent, _asked(path), maybe_read_result(path.parent))
        for path in sorted(folder.glob("*/.hydra"), key=lambda path: _number(path.parent))
    ]
    return sorted(_without_common(jobs), key=_rank, reverse=True)


def seed_groups(jobs: Sequence[Job]) -> list[SeedGroup]:
    """Put together what differs in nothing but the seed, where there are several seeds.

    Of a seed that was tried again the first job counts, the best where `read_jobs` gave them.
    """
    groups: dict[str, dict[str, Job]] = {}
    for job in jobs:
        others = {key: value for key, value in job.asked.items() if key != "seed"}
        groups.setdefault(Job(job.folder, others, None).words, {}).setdefault(
            job.asked.get("seed", ""), job
        )
    several = (SeedGroup(asked, tuple(each.values())) for asked, each in groups.items())
    return [each for each in several if len(each.jobs) > 1]


def metric_of(jobs: Sequence[Job]) -> str | None:
    """Choose by what jobs are compared: the first metric that any of them has."""
    return next((name for name in RANKED_BY if any(x.maybe_score(name) for x in jobs)), None)


def _without_common(jobs: Sequence[Job]) -> list[Job]:
    if len(jobs) <= 1:
        return [*jobs]
    common = set.intersection(*(set(job.asked.items()) for job in jobs))
    return [
        replace(job, asked={key: x for key, x in job.asked.items() if (key, x) not in common})
        for job in jobs
    ]


def _asked(hydra: Path) -> dict[str, str]:
    typed = OmegaConf.load(hydra / "overrides.yaml")
    pairs = (str(each).lstrip("+~").partition("=") for each in typed)
    return {key: value for key, _, value in pairs if key != "recipe"}


def _number(job: Path) -> tuple[int, str]:
    return (int(job.name) if job.name.isdigit() else -1, job.name)


def _rank(job: Job) -> tuple[float, ...]:
    scores = [job.maybe_score(name) for name in RANKED_BY]
    return (float(job.result is not None), *(x[0] if x else -math.inf for x in scores))
