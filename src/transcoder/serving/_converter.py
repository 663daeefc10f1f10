"""Take values along a path."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import final

from transcoder.sessions import OraclePool, Runner, SessionPool
from transcoder.vocabulary import Catalog, EdgePath, Value


@final
class Converter:
    """Runs paths over the networks and oracles of one state of a registry.

    Args:
        catalog: Knows the modalities.
        read_blob: Gives the ONNX file of a digest.
        allow: Modules whose oracles may run.
    """

    def __init__(
        self, catalog: Catalog, read_blob: Callable[[str], bytes], *, allow: Sequence[str]
    ) -> None:
        self._oracles = OraclePool(allow)
        self._runner = Runner(catalog, SessionPool(read_blob), self._oracles)

    def convert(self, value: Value, path: EdgePath) -> Value:
        """Take one value along a path.

        Raises:
            TranscoderError: If an edge fails; it names the edge.
        """
        return self._runner.run(path, [value])[0]

    def convert_many(self, values: Iterable[Value], path: EdgePath) -> Iterator[Value]:
        """Take values along a path in batches, in order, holding one batch at a time.

        Raises:
            TranscoderError: If an edge fails; it names the edge and the index of the value.
        """
        return self._runner.run_many(path, values)

    def close(self) -> None:
        """End the processes of oracles."""
        self._oracles.close()
