"""ONNX Runtime sessions, kept within a limit of bytes."""

from collections import OrderedDict
from collections.abc import Callable
from threading import RLock
from typing import TYPE_CHECKING, final

from transcoder.errors import ConversionError, InvalidModelError, UnknownNameError
from transcoder.sessions._bound import BoundSegment, one_line
from transcoder.vocabulary import Array, Segment, Spec, Tensors

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

DEFAULT_BYTE_LIMIT = 2 * 2**30
_MOST_BOUND = 4096
_QUIET = 4  # ONNX Runtime's severity "fatal"; what fails comes back as an exception anyway


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
        self._bound: dict[int, BoundSegment] = {}
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
        return self.bind(segment, source_spec, target_spec)(batch)

    def bind(self, segment: Segment, source_spec: Spec, target_spec: Spec) -> BoundSegment:
        """Make a segment ready, for many calls of what is given; otherwise as `run`."""
        specs = source_spec, target_spec
        bound = self._bound.get(id(segment))
        if bound is None or bound.segment is not segment or bound.specs != specs:
            if len(self._bound) >= _MOST_BOUND:
                self._bound.clear()
            bound = self._bound[id(segment)] = BoundSegment(segment, specs, self._session)
        return bound

    def close(self) -> None:
        """Drop all sessions; the pool can be used again."""
        with self._lock:
            self._sessions.clear()
            self._bound.clear()

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
            reason = f"ONNX Runtime does not load it: {one_line(error)}"
            raise InvalidModelError(segment.name, reason) from error

    def _shrink(self) -> None:
        held = sum(size for _, size in self._sessions.values())
        while held > self.byte_limit and len(self._sessions) > 1:
            _, (_, size_bytes) = self._sessions.popitem(last=False)
            held -= size_bytes
