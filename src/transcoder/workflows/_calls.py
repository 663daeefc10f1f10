"""Every call that changes a registry, for one transaction each or for many in one."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Generic, TypeVar

from transcoder.errors import MalformedNameError, UnknownNameError
from transcoder.interchange import read_model, read_signature
from transcoder.registry import Kind, Noun, NounId, Transaction, id_of
from transcoder.vocabulary import (
    Catalog,
    Column,
    Dataset,
    DatasetType,
    Exactness,
    JsonValue,
    Modality,
    ModalityEntry,
    ModalityType,
    Oracle,
    OracleType,
    Payload,
    Score,
    Scorer,
    Scoring,
    Segment,
    SegmentKey,
    SegmentKind,
    Spec,
    SplitShares,
)
from transcoder.workflows._codec import Codec, stage_codec
from transcoder.workflows._describe import describe_catalog
from transcoder.workflows._finding import find_segment, require_keys
from transcoder.workflows._latencies import measured_segment

Done = TypeVar("Done")
"""What a call gives when it is done: a commit where each is one, nothing before the commit."""


class RegistryCalls(ABC, Generic[Done]):
    """What can be registered, taken away and looked up, in words and numbers.

    Each call raises CommitError, at the latest at the commit, if the result would not be
    consistent, and MalformedNameError for a name or a spec that cannot be read.
    """

    @property
    @abstractmethod
    def catalog(self) -> Catalog:
        """All that is registered, and what is staged here."""

    @abstractmethod
    def _stage(self, note: str) -> AbstractContextManager[Transaction]:
        """Give the transaction to stage in."""

    @abstractmethod
    def _done(self, transaction: Transaction) -> Done:
        """Say what came of a call, once its transaction is left."""

    @abstractmethod
    def _blob(self, digest: str) -> bytes:
        """Read a file."""

    def get_info(self) -> Mapping[str, JsonValue]:
        """Everything registered, in plain values."""
        return describe_catalog(self.catalog)

    def get_model(
        self,
        model: str,
        source: str | None = None,
        target: str | None = None,
        version: int | None = None,
    ) -> tuple[Segment, bytes]:
        """Find one segment of a model, and its ONNX file.

        Args:
            model: The id.
            source: Needed where the model has several segments.
            target: Likewise.
            version: The current one if it is not given.

        Raises:
            UnknownNameError: If none, or more than one, answers to that.
        """
        found = find_segment(self.catalog, model, source, target, version=version)
        return found, self._blob(str(found.digest))

    def register_model(  # noqa: PLR0913 - all that is known of a model is said in one call
        self,
        model_id: str,
        source: str,
        target: str,
        onnx: bytes | Path | None,
        *,
        codec: Codec | None = None,
        kind: SegmentKind = SegmentKind.SEGMENT,
        names: Mapping[str, str] | None = None,
        licence: str = "",
        origin: str = "",
        scores: Sequence[Score] = (),
        lineage: Mapping[str, JsonValue] | None = None,
        make_current: bool = True,
        measure: bool = False,
    ) -> Segment:
        """Register a version of one segment of a model.

        Args:
            model_id: Several segments may stand under one id.
            source: What it takes: `text<en>` with a codec, `tokens<EnTTS>`, `{EnTTS}`.
            target: What it gives.
            onnx: The file, or where it is, weights beside it included; None declares a
                transcoder yet to be trained.
            codec: The program between content and the tensors of the network.
            kind: Whether it is a piece of a network or joins two; without a file always a
                transcoder.
            names: From names in the specs to names in the graph, where they differ.
            licence: SPDX identifier, or empty where unknown.
            origin: Where the file comes from, for people.
            scores: How good it is.
            lineage: How it was made.
            make_current: Whether paths shall take it.
            measure: Whether to run it now and add how long one row takes to its scores, as
                `latency_ms`; its two modalities must be registered or staged before.

        Returns:
            The segment; its number is final once the transaction is committed.

        Raises:
            InvalidModelError: If the file is no ONNX model that can be used.
            ConversionError: If it is to be measured and cannot be run.
        """
        key = SegmentKey(model_id, Modality.parse(source), Modality.parse(target))
        file = read_model(onnx) if isinstance(onnx, Path) else onnx
        signature = read_signature(file, model_id) if file is not None else None
        renamed = dict(names or {})
        with self._stage(f"register model {model_id}") as transaction:
            if codec is not None:
                key = stage_codec(
                    transaction, codec, key=key, signature=signature, names=renamed
                )
            segment = Segment(
                key,
                kind=SegmentKind.TRANSCODER if file is None else kind,
                signature=signature,
                names=renamed,
                licence=licence,
                origin=origin,
                scores=tuple(scores),
                lineage=dict(lineage or {}),
            )
            if measure and file is not None:
                segment = measured_segment(transaction.catalog, segment, file)
            staged = transaction.put_segment(segment, file, make_current=make_current)
        committed = transaction.committed
        return committed.segments[-1] if committed is not None else staged

    def unregister_model(
        self, model_id: str, source: str | None = None, target: str | None = None
    ) -> Done:
        """Retire the segments of a model, or those between the given ends.

        Raises:
            UnknownNameError: If there is none.
        """
        with self._stage(f"unregister model {model_id}") as transaction:
            for key in require_keys(transaction.catalog, model_id, source, target):
                transaction.remove(key)
        return self._done(transaction)

    def restore(self, model_id: str, source: str, target: str, version: int) -> Done:
        """Make a version current again, one that was retired too.

        Raises:
            UnknownNameError: If there is no such version, or it was swept.
        """
        key = SegmentKey(model_id, Modality.parse(source), Modality.parse(target))
        with self._stage(f"restore {key} #{version}") as transaction:
            transaction.restore(key, version)
        return self._done(transaction)

    def register_modality_type(
        self,
        name: str,
        parameters: Sequence[str] = (),
        payload: Payload | None = None,
        scored_against: Sequence[str] = (),
    ) -> Done:
        """Register a family of content.

        Args:
            name: Such as `logits`.
            parameters: The names of its variables, such as `V`.
            payload: What its values are in Python; None where a spec carries them.
            scored_against: What judges or trains a net that gives it, each written like
                `cross_entropy: tokens<V>`.
        """
        scorings = tuple(_scoring(each) for each in scored_against)
        return self._put(ModalityType(name, tuple(parameters), payload, scorings))

    def register_modality(
        self,
        modality_type: str,
        arguments: Sequence[str] = (),
        spec: Sequence[str] = (),
        *,
        founder: str | None = None,
    ) -> Done:
        """Register a type with its arguments, or a latent.

        Args:
            modality_type: `text`, or a whole name: `text<en>`, `text_latent@1`, `{EnTTS}`, or
                a UUID, which is a private latent.
            arguments: Of the type, such as `en`.
            spec: What carries it, one text for each tensor: `hidden: float32[batch, 96]`;
                nothing for content.
            founder: The model whose segment defines the space of a standard latent.
        """
        text = f"{modality_type}<{', '.join(arguments)}>" if arguments else modality_type
        carried = Spec.parse(*spec) if spec else None
        return self._put(ModalityEntry(Modality.parse(text), carried, founder))

    def register_oracle_type(
        self, name: str, source: str, target: str, exactness: Exactness = Exactness.EXACT
    ) -> Done:
        """Register what a family of programs promises: `text<L>`, `speech<L>`."""
        ends = Modality.parse(source), Modality.parse(target)
        return self._put(OracleType(name, *ends, exactness))

    def register_oracle(  # noqa: PLR0913 - a call of the design
        self,
        oracle_type: str,
        entry_point: str,
        version: str,
        parameters: Mapping[str, JsonValue] | None = None,
        *,
        name: str = "",
        source: str | None = None,
        target: str | None = None,
        licence: str = "",
    ) -> Done:
        """Register a program between two modalities.

        Args:
            oracle_type: The promise that it keeps.
            entry_point: `module:Class`.
            version: Part of its identity.
            parameters: Keyword arguments of the entry point.
            name: By default that of its type.
            source: Needed where the type has variables there.
            target: Likewise.
            licence: SPDX identifier, or empty where unknown.

        Raises:
            UnknownNameError: If there is no such oracle type.
        """
        with self._stage(f"register oracle {name or oracle_type}") as transaction:
            types = transaction.catalog.oracle_types
            if oracle_type not in types:
                raise UnknownNameError("oracle type", oracle_type, types)
            promised = types[oracle_type]
            oracle = Oracle(
                name or oracle_type,
                oracle_type,
                Modality.parse(source) if source is not None else promised.source,
                Modality.parse(target) if target is not None else promised.target,
                promised.exactness,
                entry_point,
                version,
                dict(parameters or {}),
                licence,
            )
            transaction.put(oracle)
        return self._done(transaction)

    def register_dataset_type(self, name: str, *modality_types: str) -> Done:
        """Register what a family of datasets promises: `text<A>`, `text<B>`."""
        return self._put(DatasetType(name, tuple(map(Modality.parse, modality_types))))

    def register_dataset(  # noqa: PLR0913 - a call of the design
        self,
        name: str,
        dataset_type: str,
        source: Mapping[str, JsonValue],
        columns: Mapping[str, str],
        *,
        group: str,
        stratum: str | None = None,
        shares: SplitShares | None = None,
        licence: str = "",
    ) -> Done:
        """Register rows of paired values.

        Args:
            name: Unique in the registry.
            dataset_type: The promise that it keeps.
            source: Where its rows are: the `loader` (`huggingface`, `openml` or `arrays`), and
                what that needs.
            columns: The modality of each column, in the order of the type.
            group: The column whose equal values never stand in two splits; empty where each row
                is a group of its own.
            stratum: The column by whose values scores are also shown.
            shares: How groups are split.
            licence: SPDX identifier, or empty where unknown.

        Raises:
            MalformedNameError: If the source names no loader.
        """
        options = dict(source)
        loader = options.pop("loader", None)
        if not isinstance(loader, str):
            wanted = '{"loader": "huggingface", "path": "csv", ...}'
            raise MalformedNameError("source of a dataset", str(dict(source)), wanted)
        dataset = Dataset(
            name,
            dataset_type,
            loader,
            options,
            tuple(Column(each, Modality.parse(text)) for each, text in columns.items()),
            group,
            stratum,
            shares or SplitShares(),
            licence,
        )
        return self._put(dataset)

    def unregister(self, kind: Kind, name: str) -> Done:
        """Take away anything but a model.

        Args:
            kind: What it is.
            name: Its name; of a modality, as it is written.

        Raises:
            UnknownNameError: If there is no such thing.
        """
        if kind is Kind.SEGMENT:
            return self.unregister_model(name)
        with self._stage(f"unregister {kind} {name}") as transaction:
            if kind is Kind.MODALITY:
                transaction.remove(transaction.catalog.resolve(Modality.parse(name)))
            else:
                transaction.remove(NounId(kind, name))
        return self._done(transaction)

    def unregister_modality_type(self, name: str) -> Done:
        """Take a modality type away."""
        return self.unregister(Kind.MODALITY_TYPE, name)

    def unregister_modality(self, name: str) -> Done:
        """Take a modality away."""
        return self.unregister(Kind.MODALITY, name)

    def unregister_oracle_type(self, name: str) -> Done:
        """Take an oracle type away."""
        return self.unregister(Kind.ORACLE_TYPE, name)

    def unregister_oracle(self, name: str) -> Done:
        """Take an oracle away."""
        return self.unregister(Kind.ORACLE, name)

    def unregister_dataset_type(self, name: str) -> Done:
        """Take a dataset type away."""
        return self.unregister(Kind.DATASET_TYPE, name)

    def unregister_dataset(self, name: str) -> Done:
        """Take a dataset away."""
        return self.unregister(Kind.DATASET, name)

    def _put(self, noun: Noun) -> Done:
        with self._stage(f"register {id_of(noun)}") as transaction:
            transaction.put(noun)
        return self._done(transaction)


def _scoring(text: str) -> Scoring:
    by, colon, against = text.partition(":")
    if not colon or by.strip() not in set(Scorer):
        wanted = f"cross_entropy: tokens<V>, with one of {', '.join(Scorer)}"
        raise MalformedNameError("scoring", text, wanted)
    return Scoring(Scorer(by.strip()), Modality.parse(against))
