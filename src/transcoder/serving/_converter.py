"""Take values along a path."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, final, overload

from transcoder.serving._cotangent import Cotangent
from transcoder.serving._differentiator import Differentiator
from transcoder.sessions import OraclePool, Runner, SessionPool
from transcoder.vocabulary import Catalog, EdgePath, Gradients, Tensors, Value


@final
class Converter:
    """Runs paths over the networks and oracles of one state of a registry.

    Args:
        catalog: Knows the modalities.
        read_blob: Gives the ONNX file of a digest.
        allow: Modules whose oracles may run.
        sessions: What runs segments; by default a pool with its own defaults.
    """

    def __init__(
        self,
        catalog: Catalog,
        read_blob: Callable[[str], bytes],
        *,
        allow: Sequence[str],
        sessions: SessionPool | None = None,
    ) -> None:
        self._oracles = OraclePool(allow)
        self._runner = Runner(catalog, sessions or SessionPool(read_blob), self._oracles)
        self._differentiator = Differentiator(self._runner, read_blob)

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
