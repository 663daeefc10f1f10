"""Whether the wanted latent is the one that lies nearest to the given one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transcoder.evaluation._bootstrap import Bootstrap, Scores
from transcoder.evaluation._latent import checked, mean_score
from transcoder.neighbours import unit_rows
from transcoder.vocabulary import Score, Split

_CHUNK = 2**22
"""How many cosines are held at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Retrieval:
    """At which place each row's own wanted latent came, among those of all rows.

    Attributes:
        ranks: From 1, int64 (row).
    """

    ranks: NDArray[np.int64]

    @property
    def pool(self) -> int:
        """How many latents it was to be found among."""
        return len(self.ranks)

    def recall(self, places: int) -> float:
        """Give the share of rows whose own latent came among the first places."""
        return float((self.ranks <= places).mean())

    @property
    def mrr(self) -> float:
        """Mean of one over the rank."""
        return float((1 / self.ranks).mean())

    @property
    def mean_rank(self) -> float:
        """Mean of the rank; (pool + 1) / 2 for chance."""
        return float(self.ranks.mean())

    def scores(
        self, split: Split, bootstrap: Bootstrap | None = None, *, by: str = ""
    ) -> tuple[Score, ...]:
        """Give recall at 1, 5 and 10, MRR and mean rank; the rows of each are the pool.

        A pool of one, in which everything is found, gives none.

        Args:
            split: Which rows they are.
            bootstrap: How intervals are drawn.
            by: What stands before each name, such as `csls_`; nothing for plain cosine.
        """
        if self.pool == 1:
            return ()
        draws = bootstrap or Bootstrap()
        ranks: Scores = self.ranks.astype(np.float64)
        measured: dict[str, Scores] = {
            f"recall_at_{most}": (ranks <= most).astype(np.float64) for most in (1, 5, 10)
        }
        measured |= {"mrr": np.reciprocal(ranks), "mean_rank": ranks}
        return tuple(
            mean_score(f"{split}/{by}{name}", values, draws)
            for name, values in measured.items()
        )


def retrieval(given: NDArray[np.floating], wanted: NDArray[np.floating]) -> Retrieval:
    """Rank, for each row, all wanted latents by cosine to the given one.

    Of equal cosines the row's own comes last, so that a transcoder that gives one vector for
    everything finds nothing. Memory grows with the rows, not with their square.

    Args:
        given: What the transcoder gave, any floating type (row, dim).
        wanted: What it should have given, any floating type (row, dim).

    Raises:
        DataError: If there are no rows or the shapes differ.
        NonFiniteError: If a latent holds NaN or infinity.
    """
    questions, answers = (unit_rows(each) for each in checked(given, wanted))
    ranks = np.empty(len(answers), dtype=np.int64)
    step = max(_CHUNK // len(answers), 1)
    for start in range(0, len(answers), step):
        cosines = questions[start : start + step] @ answers.T
        own = cosines[np.arange(len(cosines)), start + np.arange(len(cosines))]
        ranks[start : start + step] = (cosines >= own[:, None]).sum(axis=1)
    return Retrieval(ranks)
