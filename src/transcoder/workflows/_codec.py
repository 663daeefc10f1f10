"""A network and the program between it and content, registered together."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from transcoder.errors import CommitError, UnknownNameError
from transcoder.registry import Transaction
from transcoder.vocabulary import (
    JsonValue,
    Modality,
    ModalityEntry,
    Oracle,
    SegmentKey,
    Signature,
    Spec,
)
from transcoder.workflows._proposing import propose_spec


@dataclass(frozen=True, slots=True)
class Codec:
    """The program that stands between content and the tensors of one network.

    Attributes:
        tensors: The tensor modality between the program and the network: `tokens<EnTTS>`.
        oracle_type: Which promise it keeps: `tokenizer`.
        entry_point: `module:Class`.
        version: Part of its identity.
        parameters: Keyword arguments of the entry point.
        spec: What carries the tensors, one text for each; if it is empty, what the ONNX file
            takes or gives.
        name: By default the model's id and the oracle type: `EnTTS.tokenizer`.
        licence: SPDX identifier of the program, or empty where unknown.
    """

    tensors: str
    oracle_type: str
    entry_point: str
    version: str = "1"
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    spec: tuple[str, ...] = ()
    name: str = ""
    licence: str = ""


def stage_codec(
    transaction: Transaction,
    codec: Codec,
    *,
    key: SegmentKey,
    signature: Signature | None,
    names: Mapping[str, str],
) -> SegmentKey:
    """Stage the program and its tensor modality.

    Args:
        transaction: Where to.
        codec: What stands between.
        key: The model, from content to a latent or back.
        signature: What its file takes and gives.
        names: From names in specs to names in the graph, where they differ.

    Returns:
        The key of the segment alone, with the tensor modality in the place of the content.

    Raises:
        CommitError: If not exactly one end is content.
        UnknownNameError: If there is no such oracle type.
        MalformedNameError: If the tensor modality cannot be read.
    """
    tensors = Modality.parse(codec.tensors)
    is_front = _content_is_source(transaction, key)
    source, target = (key.source, tensors) if is_front else (tensors, key.target)
    if tensors not in transaction.catalog.modalities or codec.spec:
        spec = Spec.parse(*codec.spec) if codec.spec else None
        if spec is None and signature is not None:
            ends = signature.inputs if is_front else signature.outputs
            side = "source" if is_front else "target"
            spec = propose_spec(key.model, ends, side=side, names=names)
        transaction.put(ModalityEntry(tensors, spec))
    transaction.put(_oracle(transaction, codec, SegmentKey(key.model, source, target)))
    if is_front:
        return SegmentKey(key.model, tensors, key.target)
    return SegmentKey(key.model, key.source, tensors)


def _content_is_source(transaction: Transaction, key: SegmentKey) -> bool:
    source, target = (
        transaction.catalog.modality_type(end).payload is not None
        for end in (key.source, key.target)
    )
    if source == target:
        found = "both ends are" if source else "neither end is"
        fault = (
            f"{key} has one codec, but {found} content; give it where one end is, and "
            "register oracle and segment apart elsewhere"
        )
        raise CommitError([fault])
    return source


def _oracle(transaction: Transaction, codec: Codec, ends: SegmentKey) -> Oracle:
    types = transaction.catalog.oracle_types
    if codec.oracle_type not in types:
        raise UnknownNameError("oracle type", codec.oracle_type, types)
    return Oracle(
        codec.name or f"{ends.model}.{codec.oracle_type}",
        codec.oracle_type,
        ends.source,
        ends.target,
        types[codec.oracle_type].exactness,
        codec.entry_point,
        codec.version,
        codec.parameters,
        codec.licence,
    )
