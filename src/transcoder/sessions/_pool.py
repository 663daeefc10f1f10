"""ONNX Runtime sessions, kept within a limit of bytes."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import RLock
from typing import TYPE_CHECKING, final

import numpy as np

from transcoder.errors import ConversionError, InvalidModelError, UnknownNameError
from transcoder.sessions._batches import numpy_dtype
from transcoder.vocabulary import Array, Segment, Spec, Tensors

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

DEFAULT_BYTE_LIMIT = 2 * 2**30
_MOST_PLANS = 4096
_QUIET = 3  # ONNX Runtime's severity "error"; what fails comes back as an exception anyway
_NUMPY_DTYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(float16)": "float16",
    "tensor(bool)": "bool",
    **{f"tensor(int{bits})": f"int{bits}" for bits in (8, 16, 32, 64)},
    **{f"tensor(uint{bits})": f"uint{bits}" for bits in (8, 16, 32, 64)},
}


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a segment's specs meet its graph.

    Attributes:
        segment: Whose plan it is; being held, its identity cannot pass to another.
        specs: Its source's and its target's.
        inputs: Name in the graph, name in the source spec, dtype or None where not compared.
        outputs: Names in the graph, in the order of the target spec.
        names: Names in the target spec.
    """

    segment: Segment
    specs: tuple[Spec, Spec]
    inputs: tuple[tuple[str, str, np.dtype[np.generic] | None], ...]
    outputs: tuple[str, ...]
    names: tuple[str, ...]


@final
class SessionPool:
    """Runs segments; sessions are made when first used and the longest unused are dropped.

    Args:
        read_blob: Gives the bytes of an ONNX file by its digest.
        byte_limit: How many bytes of ONNX files may have a session at one time; the one that
            was used last always has one.
        threads: Threads within one operator; 0 lets ONNX Runtime choose.
        providers: ONNX Runtime's execution providers, best first.
    """

    def __init__(
        self,
        read_blob: Callable[[str], bytes],
        *,
        byte_limit: int = DEFAULT_BYTE_LIMIT,
        threads: int = 0,
        providers: tuple[str, ...] = ("CPUExecutionProvider",),
    ) -> None:
        self.byte_limit = byte_limit
        self.threads = threads
        self.providers = providers
        self._read_blob = read_blob
        self._added: dict[str, bytes] = {}
        self._sessions: OrderedDict[str, tuple[InferenceSession, int]] = OrderedDict()
        self._plans: dict[int, _Plan] = {}
        self._lock = RLock()

    def add(self, digest: str, onnx_bytes: bytes) -> None:
        """Bring in a file that no registry holds yet."""
        with self._lock:
            self._added[digest] = onnx_bytes

    def run(
        self, segment: Segment, batch: Tensors, source_spec: Spec, target_spec: Spec
    ) -> dict[str, Array]:
        """Take one batch through one segment; nothing is cast.

        Args:
            segment: What to run; it must have a file.
            batch: The tensors of the source spec, batch axis first.
            source_spec: What carries the segment's source.
            target_spec: What carries its target.

        Returns:
            The tensors of the target spec, batch axis first.

        Raises:
            UnknownNameError: If ONNX Runtime has no such execution provider here.
            ConversionError: If the segment has no file, the batch does not fit the graph, or
                ONNX Runtime fails.
            InvalidModelError: If ONNX Runtime refuses the file.
        """
        session = self._session(segment)
        specs = source_spec, target_spec
        plan = self._plans.get(id(segment))
        if plan is None or plan.segment is not segment or plan.specs != specs:
            plan = self._plan(session, segment, specs)
        feed: dict[str, Array] = {}
        for graph_name, name, dtype in plan.inputs:
            array = batch.get(name)
            if array is None:
                raise ConversionError(str(segment), None, f"the batch has no tensor {name!r}")
            if dtype is not None and array.dtype != dtype:
                reason = (
                    f"{name!r} is {array.dtype} but the graph takes {dtype}; "
                    "correct the spec of its source, or export the model for that dtype"
                )
                raise ConversionError(str(segment), None, reason)
            feed[graph_name] = array
        try:
            arrays = session.run(plan.outputs, feed)
        except Exception as error:
            shapes = ", ".join(f"{name!r} {batch[name].shape}" for _, name, _ in plan.inputs)
            reason = (
                f"ONNX Runtime refused {shapes}: {_one_line(error).rstrip('. ')}; its source "
                f"is {source_spec}: correct that spec, or export the model with dynamic axes"
            )
            raise ConversionError(str(segment), None, reason) from error
        return dict(zip(plan.names, arrays, strict=True))

    def close(self) -> None:
        """Drop all sessions; the pool can be used again."""
        with self._lock:
            self._sessions.clear()
            self._plans.clear()

    def _plan(
        self, session: "InferenceSession", segment: Segment, specs: tuple[Spec, Spec]
    ) -> _Plan:
        if len(self._plans) >= _MOST_PLANS:
            self._plans.clear()
        plan = self._plans[id(segment)] = _make_plan(session, segment, specs)
        return plan

    def _session(self, segment: Segment) -> "InferenceSession":
        if segment.digest is None:
            raise ConversionError(str(segment), None, "it has no file yet; train it first")
        with self._lock:
            held = self._sessions.get(segment.digest)
            if held is not None:
                self._sessions.move_to_end(segment.digest)
                return held[0]
            onnx_bytes = self._added.get(segment.digest) or self._read_blob(segment.digest)
            session = self._make(segment, onnx_bytes)
            self._sessions[segment.digest] = (session, len(onnx_bytes))
            self._shrink()
            return session

    def _make(self, segment: Segment, onnx_bytes: bytes) -> "InferenceSession":
        import onnxruntime

        known = onnxruntime.get_available_providers()
        for provider in self.providers:
            if provider not in known:
                raise UnknownNameError("execution provider", provider, known)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = _QUIET
        try:
            return onnxruntime.InferenceSession(
                onnx_bytes, sess_options=options, providers=list(self.providers)
            )
        except Exception as error:
            reason = f"ONNX Runtime does not load it: {_one_line(error)}"
            raise InvalidModelError(segment.name, reason) from error

    def _shrink(self) -> None:
        held = sum(size for _, size in self._sessions.values())
        while held > self.byte_limit and len(self._sessions) > 1:
            _, (_, size_bytes) = self._sessions.popitem(last=False)
            held -= size_bytes


def _make_plan(
    session: "InferenceSession", segment: Segment, specs: tuple[Spec, Spec]
) -> _Plan:
    source_spec, target_spec = specs
    served = {segment.input_name(name): name for name in source_spec.names}
    inputs: list[tuple[str, str, np.dtype[np.generic] | None]] = []
    for each in session.get_inputs():
        if each.name not in served:
            reason = (
                f"its graph takes {each.name!r}, which no tensor of {source_spec} serves; "
                f"register it with names, such as source.{source_spec.names[0]}={each.name}"
            )
            raise ConversionError(str(segment), None, reason)
        dtype = _NUMPY_DTYPES.get(each.type)
        inputs.append((each.name, served[each.name], numpy_dtype(dtype) if dtype else None))
    given = [each.name for each in session.get_outputs()]
    outputs = tuple(segment.output_name(name) for name in target_spec.names)
    for name, output in zip(target_spec.names, outputs, strict=True):
        if output not in given:
            reason = (
                f"its graph gives {given} but not {output!r}, the tensor {name!r}; register it "
                f"with names, such as target.{name}={given[0] if given else '...'}"
            )
            raise ConversionError(str(segment), None, reason)
    return _Plan(segment, specs, tuple(inputs), outputs, target_spec.names)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
