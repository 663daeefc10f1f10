"""How good every judged chain through a transcoder is, beside the one that decides."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias, final

import numpy as np

from transcoder.data import group_of_content, is_local
from transcoder.errors import DataError, TranscoderError
from transcoder.evaluation import Exam, Questions, chain_scores, prepare_exam, row_scores
from transcoder.reports import ChainResult
from transcoder.runs._candidates import Candidate
from transcoder.runs._judging import Bench
from transcoder.runs._materials import Materials, Rows, Source, spread
from transcoder.runs._plan import TrainingPlan
from transcoder.runs._tables import plain_score
from transcoder.sessions import Runner, split_rows
from transcoder.vocabulary import (
    Content,
    Dataset,
    Edge,
    EdgePath,
    JudgedChain,
    Score,
    Split,
    Tensors,
    Value,
)

_Judged: TypeAlias = tuple[Score, ...] | str
"""Scores on test rows, or why there are none."""


@final
class Chains:
    """Judges files by every chain on test rows; what is frozen answers once for all of them.

    Args:
        plan: Knows the chains.
        materials: Of each feed; what they store is not computed again.
        bench: Knows which chain decides, and what came of it.
        runner: Runs the chains.
        most_rows: By how many rows chains besides the deciding one are judged, at most.
        read: Reads the rows of a dataset that nothing was trained on.
    """

    def __init__(
        self,
        plan: TrainingPlan,
        materials: Sequence[Materials],
        bench: Bench,
        *,
        runner: Runner,
        most_rows: int,
        read: Callable[[Dataset], Source],
    ) -> None:
        self._plan = plan
        self._materials = materials
        self._bench = bench
        self._runner = runner
        self._most_rows = most_rows
        self._read = read
        self._sources: dict[tuple[str, str], Source] = {}
        self._natives: dict[tuple[str, ...], dict[int, float]] = {}
        self._entered: dict[tuple[str, ...], Tensors] = {}
        self._walked: dict[tuple[object, ...], dict[tuple[Edge, ...], list[Value]]] = {}
        self._exams: dict[JudgedChain, Exam | str] = {}
        self._judged: dict[tuple[JudgedChain, str | None], _Judged] = {}

    def results(self, candidates: Sequence[Candidate]) -> tuple[ChainResult, ...]:
        """Tell of every chain what some candidates score."""
        found = {chain: self._result(chain, candidates) for chain in self._shortest_first()}
        return tuple(found[chain] for chain in self._ordered())

    def scores(self, candidate: Candidate) -> Iterator[Score]:
        """Give what a candidate scores by chains that do not decide, named by the chain."""
        for chain in self._ordered():
            judged = self._judge(chain, candidate)
            if chain != self._bench.chain and not isinstance(judged, str):
                for score in judged:
                    yield replace(score, name=f"{score.name} of {chain.name}")

    def _ordered(self) -> list[JudgedChain]:
        return sorted(self._plan.chains, key=lambda chain: chain != self._bench.chain)

    def _shortest_first(self) -> list[JudgedChain]:
        """Walk short chains before those that go on from their content."""
        return sorted(self._plan.chains, key=lambda chain: len(chain.after.edges))

    def _result(self, chain: JudgedChain, candidates: Sequence[Candidate]) -> ChainResult:
        judged = {each.name: self._judge(chain, each) for each in candidates}
        scores = {name: each for name, each in judged.items() if not isinstance(each, str)}
        return ChainResult(
            name=chain.name,
            decides=chain == self._bench.chain,
            path=f"{chain.before} ... {chain.after}",
            beside=str(chain.native),
            is_pivot=chain.is_pivot,
            rows=max((each[0].rows for each in scores.values()), default=0),
            scored_by=chain.scorer.value,
            refused=next((each for each in judged.values() if isinstance(each, str)), ""),
            scores={
                name: {
                    score.name.removeprefix(f"{Split.TEST}/"): plain_score(score)
                    for score in found
                }
                for name, found in scores.items()
            },
        )

    def _judge(self, chain: JudgedChain, candidate: Candidate) -> _Judged:
        key = chain, candidate.segment.digest
        if key not in self._judged:
            try:
                self._judged[key] = self._scored(chain, candidate)
            except TranscoderError as error:
                # One chain that cannot be walked says nothing of the others.
                self._judged[key] = str(error)
        return self._judged[key]

    def _scored(self, chain: JudgedChain, candidate: Candidate) -> _Judged:
        names = [f"{Split.TEST}/{name}" for name in (chain.scorer, "native", "retention")]
        if chain == self._bench.chain:
            found = self._bench.judgement(candidate, Split.TEST)
            scores = tuple(each for each in found.scores if each.name in names)
            return scores or self._bench.refused[chain]
        if chain not in self._exams:
            self._exams[chain] = self._bench.refused.get(chain) or self._prepared(chain)
        exam = self._exams[chain]
        if isinstance(exam, str):
            return exam
        path = EdgePath(candidate.segment.source, (candidate.segment,)).then(chain.after)
        questions, spec = exam.questions, self._runner.catalog.spec(path.source)
        content = self._walk(
            (chain.dataset, chain.column, str(chain.before)),
            path,
            split_rows(questions.sources, spec),
        )
        per_row = row_scores(chain.scorer, content, wanted=questions.answers)
        return chain_scores(per_row, exam, chain.scorer, self._bench.bootstrap)

    def _walk(
        self, begin: tuple[object, ...], path: EdgePath, values: Sequence[Value]
    ) -> list[Value]:
        """Take values along a path, from where another chain has brought them already."""
        known = self._walked.setdefault(begin, {})
        places = range(len(path.edges), 0, -1)
        done = next((each for each in places if path.edges[:each] in known), 0)
        start, given = path.modalities[done], known[path.edges[:done]] if done else values
        rest = EdgePath(start, path.edges[done:])
        known[path.edges] = self._runner.run(rest, given) if rest.edges else [*given]
        return known[path.edges]

    def _prepared(self, chain: JudgedChain) -> Exam | str:
        try:
            rows, questions = self._questions(chain)
            native = self._native(chain, rows, questions)
            return prepare_exam(questions, self._runner, chain=chain, native=native)
        except TranscoderError as error:
            return str(error)

    def _questions(self, chain: JudgedChain) -> tuple[Rows, Questions]:
        stored = self._maybe_stored(chain)
        source = stored or self._source(chain)
        rows = spread(source.rows[Split.TEST], self._most_rows)

        def values(column: str) -> list[Content]:
            found = source.table.column(column)
            return [found[int(row)] for row in rows]  # type: ignore[misc]  # a dataset's columns hold content

        given = (
            stored.source.take(rows)
            if stored is not None
            else self._latents(chain, values(chain.column))
        )
        native, answers = values(chain.native_column), values(chain.reference)
        return rows, Questions(Split.TEST, given, native=native, answers=answers)

    def _native(self, chain: JudgedChain, rows: Rows, questions: Questions) -> np.ndarray:
        """Let a native chain answer rows that it has not answered yet."""
        decides = self._bench.chain
        if decides is not None and not self._natives:
            known, scores = self._bench.native(Split.TEST)
            before = zip(known.tolist(), scores.tolist(), strict=False)
            self._natives[_native_key(decides)] = dict(before)
        found = self._natives.setdefault(_native_key(chain), {})
        new = [place for place, row in enumerate(rows.tolist()) if row not in found]
        if new:
            begin = chain.dataset, chain.native_column, rows[new].tobytes()
            asked = [questions.native[place] for place in new]
            answered = self._walk(begin, chain.native, asked)
            wanted = [questions.answers[place] for place in new]
            scores = row_scores(chain.scorer, answered, wanted=wanted)
            found.update(zip(rows[new].tolist(), scores.tolist(), strict=True))
        return np.array([found[row] for row in rows.tolist()])

    def _latents(self, chain: JudgedChain, values: list[Content]) -> Tensors:
        key = chain.dataset, chain.column, str(chain.before)
        if key not in self._entered:
            latents = self._runner.run_batch(chain.before, values)
            self._entered[key] = {} if isinstance(latents, list) else latents
        return self._entered[key]

    def _maybe_stored(self, chain: JudgedChain) -> Materials | None:
        """Find the stored latents of what a chain takes to A."""
        wanted = chain.dataset, chain.column, chain.before
        for feed, each in zip(self._plan.feeds, self._materials, strict=True):
            if wanted == (feed.dataset.name, feed.input.column, feed.input.path):
                return each
        return None

    def _source(self, chain: JudgedChain) -> Source:
        """Take the rows that judge; of other datasets what nothing was learnt from."""
        for feed, each in zip(self._plan.feeds, self._materials, strict=True):
            if chain.dataset == feed.dataset.name:
                return Source(each.table, each.rows)
        key = chain.dataset, chain.column
        if key not in self._sources:
            dataset = self._runner.catalog.dataset(chain.dataset)
            if not is_local(dataset):
                remedy = f"give data.dataset={chain.dataset} to train and judge by them"
                raise DataError(chain.dataset, "its rows are not on this machine", remedy)
            source = self._read(dataset)
            self._sources[key] = self._unlearnt(source, chain)
        return self._sources[key]

    def _unlearnt(self, source: Source, chain: JudgedChain) -> Source:
        """Leave out test rows whose content in the chain's column was trained on."""
        learnt = {
            group_of_content(each.table.column(feed.input.column)[int(row)])
            for feed, each in zip(self._plan.feeds, self._materials, strict=True)
            if feed.input.path.source == chain.before.source
            for row in each.rows[Split.TRAIN]
        }
        column, rows = source.table.column(chain.column), source.rows[Split.TEST]
        kept = [row for row in rows.tolist() if group_of_content(column[row]) not in learnt]
        if not kept:
            reason = "every row of its test split stands among the training rows"
            raise DataError(chain.dataset, reason, "add rows that nothing was trained on")
        return Source(source.table, {**source.rows, Split.TEST: np.array(kept)})


def _native_key(chain: JudgedChain) -> tuple[str, ...]:
    return chain.dataset, chain.native_column, chain.reference, chain.scorer, str(chain.native)
