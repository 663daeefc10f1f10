"""Take values along a path."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, final, overload

from transcoder.errors import FaultsError
from transcoder.serving._confidence import ConfidentRunner
from transcoder.serving._cotangent import Cotangent
from transcoder.serving._differentiator import Differentiator
from transcoder.sessions import (
    DEFAULT_BYTE_LIMIT,
    DEFAULT_LIMIT_S,
    OraclePool,
    Runner,
    SessionPool,
)
from transcoder.vocabulary import Catalog, Confident, EdgePath, Gradients, Tensors, Value


@dataclass(frozen=True, slots=True)
class ServingSettings:
    """How much of the machine converting may take.

    Attributes:
        threads: Within one operator of a network; 0 lets ONNX Runtime choose.
        providers: ONNX Runtime's execution providers, best first.
        byte_limit: Of the ONNX files that are kept loaded at one time.
        oracle_limit_s: Seconds that an oracle may take for one list of values.
        batch_size: Values that go together.

    Raises:
        FaultsError: If a number is out of range.
    """

    threads: int = 0
    providers: tuple[str, ...] = ("CPUExecutionProvider",)
    byte_limit: int = DEFAULT_BYTE_LIMIT
    oracle_limit_s: float = DEFAULT_LIMIT_S
    batch_size: int = 256

    def __post_init__(self) -> None:
        least = {"threads": 0, "byte_limit": 0, "batch_size": 1}
        faults = [
            f"{name!r} is {getattr(self, name)} but at least {wanted} is wanted"
            for name, wanted in least.items()
            if getattr(self, name) < wanted
        ]
        if not self.oracle_limit_s > 0:
            faults.append(f"'oracle_limit_s' is {self.oracle_limit_s} but a time is wanted")
        if faults:
            raise FaultsError("the serving settings", faults, "give other numbers")


@final
class Converter:
    """Runs paths over the networks and oracles of one state of a registry.

    Args:
        catalog: Knows the modalities.
        read_blob: Gives the ONNX file of a digest.
        allow: Modules whose oracles may run.
        settings: How much of the machine it may take.
    """

    def __init__(
        self,
        catalog: Catalog,
        read_blob: Callable[[str], bytes],
        *,
        allow: Sequence[str],
        settings: ServingSettings | None = None,
    ) -> None:
        asked = settings or ServingSettings()
        self._oracles = OraclePool(allow, limit_s=asked.oracle_limit_s)
        pool = SessionPool(
            read_blob,
            byte_limit=asked.byte_limit,
            threads=asked.threads,
            providers=asked.providers,
        )
        self._runner = Runner(catalog, pool, self._oracles, asked.batch_size)
        self._differentiator = Differentiator(self._runner, read_blob)
        self._confident = ConfidentRunner(self._runner, read_blob)

    @overload
    def convert(
        self, value: Value, path: EdgePath, *, return_gradients: Literal[False] = False
    ) -> Value: ...
    @overload
    def convert(
        self, value: Value, path: EdgePath, *, return_gradients: Literal[True],
        cotangent: Cotangent | None = None,
    ) -> Gradients: ...  # fmt: skip
    def convert(
        self, value: Value, path: EdgePath, *, return_gradients: bool = False,
        cotangent: Cotangent | None = None,
    ) -> Value | Gradients:  # fmt: skip
        """Take one value along a path.

        Args:
            value: Of the path's source.
            path: Where to go.
            return_gradients: Whether gradients are wanted too: the vector-Jacobian product
                over the last unbroken run of segments, from its first floating tensors.
            cotangent: The weights of what stands at the end of that run, in its shape, by name
                or as one array; ones by default.

        Raises:
            NoGradientError: If gradients are wanted and there are none.
            TranscoderError: If an edge fails; it names the edge.
        """
        if return_gradients:
            return next(self._differentiator.run_many(path, [value], [cotangent]))
        return self._runner.run(path, [value])[0]

    def convert_confidently(self, value: Value, path: EdgePath) -> Confident:
        """Take one value along a path, and say at each transcoder how familiar it is.

        Args:
            value: Of the path's source.
            path: Where to go.

        Raises:
            NoConfidenceError: If no transcoder is on it, or one does not know its training.
            TranscoderError: If an edge fails; it names the edge.
        """
        return self._confident.run(path, value)

    @overload
    def convert_many(
        self, values: Iterable[Value], path: EdgePath,
        *, return_gradients: Literal[False] = False, first: int = 0,
    ) -> Iterator[Value]: ...  # fmt: skip
    @overload
    def convert_many(
        self, values: Iterable[Value], path: EdgePath, *, return_gradients: Literal[True],
        cotangents: Iterable[Cotangent | None] | None = None,
    ) -> Iterator[Gradients]: ...  # fmt: skip
    def convert_many(
        self, values: Iterable[Value], path: EdgePath, *, return_gradients: bool = False,
        cotangents: Iterable[Cotangent | None] | None = None, first: int = 0,
    ) -> Iterator[Value] | Iterator[Gradients]:  # fmt: skip
        """Take values along a path in batches, in order, holding one batch at a time.

        Args:
            values: Of the path's source.
            path: Where to go.
            return_gradients: As of `convert`.
            cotangents: One for each value.
            first: What errors call the first value, where no gradients are wanted.

        Raises:
            NoGradientError: If gradients are wanted and there are none.
            TranscoderError: If an edge fails; it names the edge and the index of the value.
        """
        if return_gradients:
            return self._differentiator.run_many(path, values, cotangents)
        return self._runner.run_many(path, values, first=first)

    def convert_arrays(
        self, batch: Tensors, path: EdgePath, *, first: int = 0
    ) -> Tensors | list[Value]:
        """Take rows along a path that are one batch already.

        Args:
            batch: The tensors of the path's source, batch axis first, at least one row.
            path: Where to go.
            first: What errors call the first row.

        Returns:
            The tensors of the path's target, batch axis first; a list where it is content.

        Raises:
            TranscoderError: If an edge fails; it names the edge and the index of the row.
        """
        count = len(next(iter(batch.values()), ()))
        return self._runner.run_arrays(path, batch, numbers=range(first, first + count))

    def close(self) -> None:
        """End the processes of oracles."""
        self._oracles.close()
