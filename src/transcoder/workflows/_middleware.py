"""The one facade that applications program against."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Literal, final, overload

from typing_extensions import override

from transcoder.data import StoreEntry
from transcoder.planner import (
    ExplainedPath,
    Preference,
    explain_path,
    find_opportunities,
    find_path,
    find_paths,
    require_opportunities,
)
from transcoder.registry import Commit, PastCommit, Registry, Swept, Transaction
from transcoder.serving import Converter, Cotangent, ServingSettings
from transcoder.vocabulary import (
    Catalog,
    Confident,
    EdgePath,
    Gradients,
    Modality,
    Opportunity,
    Segment,
    Tensors,
    Value,
)
from transcoder.workflows._apply import apply_world
from transcoder.workflows._calls import RegistryCalls
from transcoder.workflows._changes import Changes
from transcoder.workflows._convert_rows import Advance, convert_rows
from transcoder.workflows._export_path import PathFile, export_path
from transcoder.workflows._latencies import (
    Measured,
    find_unmeasured,
    latencies_stamp,
    measure_latencies,
    read_latencies,
    with_latencies,
)
from transcoder.workflows._preferences import preferred
from transcoder.workflows._store import Freed, Verified, remove_unused, store_of, verify_store
from transcoder.workflows._tellings import Tellings

ALLOWED = ("transcoder.oracles",)
"""Modules whose oracles run unless the caller says otherwise."""


@final
class Middleware(RegistryCalls[Commit], Tellings):
    """A registry with everything that can be asked of it, in one process.

    Args:
        registry: Where models, modalities, oracles and datasets are kept.
        allow: Modules whose oracles may run.
        serving: How much of the machine converting may take.
    """

    def __init__(
        self,
        registry: Registry,
        *,
        allow: Sequence[str] = ALLOWED,
        serving: ServingSettings | None = None,
    ) -> None:
        self._registry = registry
        self._allow = tuple(allow)
        self._settings = serving or ServingSettings()
        self._serving: tuple[int, Converter] | None = None
        self._planning: tuple[tuple[int, int], Catalog] | None = None

    @classmethod
    def open(
        cls,
        url: str | Path,
        *,
        create: bool = False,
        allow: Sequence[str] = ALLOWED,
        serving: ServingSettings | None = None,
    ) -> "Middleware":
        """Open the registry in a folder.

        Args:
            url: The folder.
            create: Whether to make it if it does not exist.
            allow: Modules whose oracles may run.
            serving: How much of the machine converting may take.

        Raises:
            StorageError: If there is no registry and none is to be made.
        """
        return cls(Registry.open(Path(url), create=create), allow=allow, serving=serving)

    @property
    @override
    def catalog(self) -> Catalog:
        return self._registry.catalog()

    def start_transaction(self, note: str = "") -> Changes:
        """Begin to stage changes; `commit()` makes all of them visible, or none.

        Args:
            note: For the history.
        """
        return Changes(self._registry.start_transaction(note))

    def transaction(self, note: str = "") -> Changes:
        """Stage changes in a `with` block, and commit them where it ends well."""
        return self.start_transaction(note)

    def get_history(self) -> list[PastCommit]:
        """Tell all commits, oldest first."""
        return self._registry.history()

    def find_retired(self) -> tuple[Segment, ...]:
        """Give the versions that can be restored."""
        return self._registry.retired()

    def sweep(self, older_than: timedelta) -> Swept:
        """Take away for good what nobody can see any more, where it is old enough.

        Args:
            older_than: How long versions have been retired, and files been stored.
        """
        return self._registry.sweep(older_than, note="gc")

    def get_stored(self) -> list[StoreEntry]:
        """List what frozen networks made of datasets, complete or not."""
        return store_of(self._registry).entries()

    def verify_stored(self) -> Verified:
        """Compare the files of the latent store with their digests."""
        return verify_store(store_of(self._registry))

    def remove_unused_stored(self) -> Freed:
        """Delete what no path can make any more, and what was interrupted over a day ago."""
        return remove_unused(self._registry)

    def apply(self, world: Path, *, measure: bool = False) -> Commit:
        """Register all that a world file declares, in one transaction.

        Args:
            world: The file.
            measure: Whether to add how long one row takes to the scores of new versions.
        """
        return apply_world(self._registry, world, measure=measure)

    def get_path(
        self,
        source: str,
        target: str,
        pieces: Sequence[str] = (),
        preference: Preference | str | None = None,
    ) -> EdgePath:
        """Find the best path between two modalities.

        Args:
            source: Such as `text<en>`.
            target: Such as `speech<en>`.
            pieces: Models, oracles or modalities that must be on it, in any order.
            preference: What counts as best: weights, or the name of some; see
                `read_preference`.

        Raises:
            NoPathError: If there is none; it says which transcoder would make one.
        """
        return find_path(
            self._planned,
            Modality.parse(source),
            Modality.parse(target),
            pieces=pieces,
            preference=preferred(preference),
        )

    def get_paths(
        self,
        source: str,
        target: str,
        pieces: Sequence[str] = (),
        preference: Preference | str | None = None,
        *,
        k: int = 3,
    ) -> tuple[EdgePath, ...]:
        """Find the k best paths, cheapest first, equally cheap ones by name; see `get_path`."""
        return find_paths(
            self._planned,
            Modality.parse(source),
            Modality.parse(target),
            k=k,
            pieces=pieces,
            preference=preferred(preference),
        )

    def explain_path(
        self,
        path: EdgePath,
        pieces: Sequence[str] = (),
        preference: Preference | str | None = None,
    ) -> ExplainedPath:
        """Price each step of a path, and say why it is taken and not the next best."""
        return explain_path(
            self._planned, path, pieces=pieces, preference=preferred(preference)
        )

    def measure(self, models: Sequence[str] = (), *, again: bool = False) -> Iterator[Measured]:
        """Measure how long segments take here for one row; the planner then counts with that.

        Args:
            models: Their ids; all if there are none.
            again: Whether to measure those that were measured already.

        Yields:
            What came of each, in order of name.
        """
        catalog = self.catalog
        known = None if again else read_latencies(self._registry.root)
        segments = find_unmeasured(catalog, models, known)
        yield from measure_latencies(
            catalog, segments, read_blob=self._registry.blob, root=self._registry.root
        )

    def require_training_opportunities(
        self, source: str, target: str, *, k: int = 1
    ) -> tuple[Opportunity, ...]:
        """Find at least one way to train the transcoder; see `get_training_opportunities`.

        Raises:
            NoOpportunityError: If there is none; it says what is lacking.
        """
        ends = Modality.parse(source), Modality.parse(target)
        return require_opportunities(self._planned, *ends, k=k)

    def get_training_opportunities(
        self, source: str, target: str, *, k: int = 1
    ) -> tuple[Opportunity, ...]:
        """Find every way to train the transcoder between two latents, best first.

        Args:
            source: The latent that it takes.
            target: The latent that it gives.
            k: How many combinations of routes to give of each opportunity.
        """
        ends = Modality.parse(source), Modality.parse(target)
        return find_opportunities(self._planned, *ends, k=k)

    @overload
    def convert(
        self, value: Value, path: EdgePath, *, return_gradients: Literal[False] = False
    ) -> Value: ...
    @overload
    def convert(
        self, value: Value, path: EdgePath, *, return_gradients: Literal[True],
        cotangent: Cotangent | None = None,
    ) -> Gradients: ...  # fmt: skip
    @overload
    def convert(
        self, value: Value, path: EdgePath, *, confidence: Literal[True]
    ) -> Confident: ...
    def convert(
        self, value: Value, path: EdgePath, *, return_gradients: bool = False,
        cotangent: Cotangent | None = None, confidence: bool = False,
    ) -> Value | Gradients | Confident:  # fmt: skip
        """Take one value along a path; with gradients, back along its last differentiable run.

        Args:
            value: Of the path's source.
            path: Where to go.
            return_gradients: Whether gradients are wanted too; torch is imported only then.
            cotangent: The weights of what stands at the end of the run; ones by default.
            confidence: Whether to say how far its latents lie from what each transcoder on the
                way was trained on; not together with gradients.
        """
        if confidence:
            return self._converter.convert_confidently(value, path)
        if return_gradients:
            return self._converter.convert(
                value, path, return_gradients=True, cotangent=cotangent
            )
        return self._converter.convert(value, path)

    @overload
    def convert_many(
        self, values: Iterable[Value], path: EdgePath,
        *, return_gradients: Literal[False] = False,
    ) -> Iterator[Value]: ...  # fmt: skip
    @overload
    def convert_many(
        self, values: Iterable[Value], path: EdgePath, *, return_gradients: Literal[True],
        cotangents: Iterable[Cotangent | None] | None = None,
    ) -> Iterator[Gradients]: ...  # fmt: skip
    def convert_many(
        self, values: Iterable[Value], path: EdgePath, *, return_gradients: bool = False,
        cotangents: Iterable[Cotangent | None] | None = None,
    ) -> Iterator[Value] | Iterator[Gradients]:  # fmt: skip
        """Take values along a path, in order; with gradients as `convert`."""
        if return_gradients:
            return self._converter.convert_many(
                values, path, return_gradients=True, cotangents=cotangents
            )
        return self._converter.convert_many(values, path)

    def convert_arrays(
        self, batch: Tensors, path: EdgePath, *, first: int = 0
    ) -> Tensors | list[Value]:
        """Take rows along a path that are one batch already, such as a stretch of a `.npy`.

        Args:
            batch: The tensors of the path's source, batch axis first, at least one row.
            path: Where to go.
            first: What errors call the first row.
        """
        return self._converter.convert_arrays(batch, path, first=first)

    def convert_rows(
        self,
        place: str,
        path: EdgePath,
        output: Path | None,
        *,
        column: str | None = None,
        advance: Advance | None = None,
    ) -> int:
        """Take every row of a file along a path, into another file; memory stays flat.

        Args:
            place: `.npy` or `.parquet` with one row for each value, a file of lines, or - for
                lines on standard input.
            path: Where to go.
            output: `.npy`, `.parquet` or lines; on standard output if there is none.
            column: Of a Parquet file; the first if it is not given.
            advance: Called with how many rows are done, and how many there are if known.

        Returns:
            How many rows there were.
        """
        parts = self.catalog, self._converter
        return convert_rows(place, path, output, parts=parts, column=column, advance=advance)

    def export_path(self, path: EdgePath) -> PathFile:
        """Make one ONNX file of the segments of a path, and compare it with the path.

        Args:
            path: With oracles at its ends at most; these are left out and named.

        Raises:
            PathExportError: If that cannot be; it says why.
        """
        return export_path(path, self.catalog, self._registry.blob)

    def close(self) -> None:
        """End the processes of oracles."""
        if self._serving is not None:
            self._serving[1].close()
            self._serving = None

    @override
    def _stage(self, note: str) -> AbstractContextManager[Transaction]:
        return self._registry.transaction(note)

    @override
    def _done(self, transaction: Transaction) -> Commit:
        return transaction.committed or Commit(self._registry.revision())

    @property
    @override
    def _kept(self) -> Registry:
        return self._registry

    @override
    def _blob(self, digest: str) -> bytes:
        return self._registry.blob(digest)

    @property
    def _planned(self) -> Catalog:
        """All that is registered, with what was measured here; one object until it changes."""
        catalog, root = self.catalog, self._registry.root
        state = catalog.revision, latencies_stamp(root)
        if self._planning is None or self._planning[0] != state:
            self._planning = state, with_latencies(catalog, read_latencies(root))
        return self._planning[1]

    @property
    def _converter(self) -> Converter:
        catalog = self.catalog
        if self._serving is None or self._serving[0] != catalog.revision:
            self.close()
            converter = Converter(
                catalog, self._registry.blob, allow=self._allow, settings=self._settings
            )
            self._serving = (catalog.revision, converter)
        return self._serving[1]
