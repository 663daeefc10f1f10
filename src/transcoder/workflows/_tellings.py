"""The part of the facade that tells what was trained and how good it is."""

from abc import ABC, abstractmethod
from pathlib import Path

from transcoder.errors import DataError
from transcoder.registry import Registry
from transcoder.reports import Graph, model_card
from transcoder.vocabulary import JsonValue
from transcoder.workflows._atlas import atlas
from transcoder.workflows._finding import find_segment
from transcoder.workflows._runs import (
    REPORT_HTML,
    REPORT_MARKDOWN,
    Run,
    Sweep,
    find_run,
    find_runs,
    find_sweeps,
)


class Tellings(ABC):
    """What can be told of a registry in which something was trained."""

    @property
    @abstractmethod
    def _kept(self) -> Registry: ...

    def get_runs(self) -> tuple[Run, ...]:
        """List all runs: by transcoder, the best on validation rows first."""
        return find_runs(self._kept)

    def get_sweeps(self) -> tuple[Sweep, ...]:
        """List all sweeps, the newest first."""
        return tuple(find_sweeps(self._kept))

    def get_report(self, run: str | None = None) -> tuple[Path, Path]:
        """Find the report of a run.

        Args:
            run: The beginning of its name; the last that was registered if it is not given.

        Returns:
            The page and the Markdown file.

        Raises:
            UnknownNameError: If none, or more than one, answers to that.
            DataError: If the run left no report.
        """
        found = find_run(self._kept, run)
        html, markdown = found.folder / REPORT_HTML, found.folder / REPORT_MARKDOWN
        if not html.is_file() or not markdown.is_file():
            reason = "it left no report" if found.result else "it is not finished"
            remedy = "remove its result.json and train it again" if found.result else "run it"
            raise DataError(f"run {found.name}", reason, remedy)
        return html, markdown

    def get_atlas(self) -> Graph:
        """Draw all modalities and what joins them, transcoders with their scores."""
        return atlas(self._kept.catalog())

    def get_card(
        self,
        model: str,
        source: str | None = None,
        target: str | None = None,
        version: int | None = None,
    ) -> str:
        """Write the model card of one segment, in the form that the Hugging Face Hub reads.

        Args:
            model: The id.
            source: Needed where the model has several segments.
            target: Likewise.
            version: The current one if it is not given.

        Raises:
            UnknownNameError: If none, or more than one, answers to that.
        """
        catalog = self._kept.catalog()
        segment = find_segment(catalog, model, source, target, version=version)
        name: JsonValue = segment.lineage.get("dataset")
        return model_card(segment, catalog.datasets.get(str(name)))
