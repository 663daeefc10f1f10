"""Oracles: allow-listed Python code, called with lists."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol, TypeAlias, cast, final, runtime_checkable

from transcoder.errors import OracleError, TranscoderError
from transcoder.sessions._checks import ValueCheck
from transcoder.sessions._deadline import Deadline, OverdueError
from transcoder.sessions._entry_points import load_entry_point
from transcoder.sessions._workers import OracleWorkers
from transcoder.vocabulary import Oracle, Value

DEFAULT_ALLOW = ("transcoder.oracles",)
"""The modules whose oracles may always run."""

DEFAULT_LIMIT_S = 300.0
"""How long an oracle may take for one list of values where nothing else is said."""

_Callable: TypeAlias = Callable[[list[Value]], object]


@runtime_checkable
class _Closing(Protocol):
    def close(self) -> None: ...


@final
class OraclePool:
    """Runs oracles; one instance for each identity, made when first used.

    Args:
        allow: Names of modules and packages whose code may run, whatever is inside included.
        limit_s: Seconds that an oracle may take for one list of values.
        processes: How many processes of its own an oracle is run in, which share each list;
            with 0 it runs in this one.
    """

    def __init__(
        self,
        allow: Sequence[str] = DEFAULT_ALLOW,
        *,
        limit_s: float = DEFAULT_LIMIT_S,
        processes: int = 0,
    ) -> None:
        self.allow = tuple(allow)
        self.limit_s = limit_s
        self.processes = processes
        self._instances: dict[str, _Callable] = {}
        self._deadline: Deadline[object] = Deadline(limit_s)

    def run(
        self, oracle: Oracle, values: Sequence[Value], *, check: ValueCheck | None = None
    ) -> list[Value]:
        """Call an oracle.

        Args:
            oracle: What to call.
            values: What to call it with.
            check: What each answer must pass; the runner gives that of the oracle's target.

        Returns:
            As many answers, in the same order.

        Raises:
            OracleNotAllowedError: If its module is not on the allow-list.
            OracleError: If it cannot be made, fails, takes too long, or answers with something
                else than a list of as many right values.
        """
        instance = self._instance(oracle)
        given = list(values)
        answers = self._called(oracle, instance, given)
        if not isinstance(answers, list) or len(answers) != len(given):
            found = f"a {type(answers).__name__!r}"
            if isinstance(answers, Sequence):
                found += f" of {len(answers)}"
            raise OracleError(oracle.name, None, f"it gave {found}, not a list of {len(given)}")
        if check is not None:
            for index, answer in enumerate(answers):
                fault = check(answer)
                if fault is not None:
                    raise OracleError(oracle.name, index, fault)
        return answers

    def close(self) -> None:
        """Let go of all oracles; the pool can be used again."""
        self._deadline.close()
        instances, self._instances = self._instances, {}
        for instance in instances.values():
            if isinstance(instance, _Closing):
                instance.close()

    def _instance(self, oracle: Oracle) -> _Callable:
        digest = oracle.digest
        if digest not in self._instances:
            self._instances[digest] = self._make(oracle)
        return self._instances[digest]

    def _make(self, oracle: Oracle) -> _Callable:
        try:
            found = cast(
                "Callable[..., _Callable]", load_entry_point(oracle.entry_point, self.allow)
            )
            if self.processes:
                return OracleWorkers(oracle, processes=self.processes)
            made = found(**oracle.parameters)
        except TranscoderError:
            raise
        except Exception as error:
            reason = f"{oracle.entry_point!r} cannot be made: {_told(error)}"
            raise OracleError(oracle.name, None, reason) from error
        return made

    def _called(self, oracle: Oracle, instance: _Callable, values: list[Value]) -> object:
        try:
            return self._deadline.run(lambda: instance(values))
        except OverdueError as error:
            reason = (
                f"it gave no answer to {len(values)} values within {self.limit_s:g} s and was "
                "given up; see whether it hangs, or allow it more time"
            )
            raise OracleError(oracle.name, None, reason) from error
        except OracleError as error:
            raise OracleError(oracle.name, error.index, error.reason) from error
        except TranscoderError:
            raise
        except Exception as error:
            index = self._first_failing(instance, values)
            raise OracleError(oracle.name, index, _told(error)) from error

    def _first_failing(self, instance: _Callable, values: list[Value]) -> int | None:
        """Find the value that fails alone too; a failed batch does not say which it was."""
        for index, value in enumerate(values):
            try:
                self._deadline.run(partial(instance, [value]))
            except Exception:  # noqa: BLE001 # any failure answers the question
                return index
        return None


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
