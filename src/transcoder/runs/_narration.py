"""What a user sees of a long run."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import final

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text
from typing_extensions import override

from transcoder.recipe import make_console


@final
class Narrator:
    """Tells of stages in words, with a bar for each long one.

    Args:
        console: Where to.
        is_silent: Whether nothing is to be told.
    """

    def __init__(self, console: Console | None = None, *, is_silent: bool = False) -> None:
        self._console = console or make_console()
        self._console.quiet = is_silent
        self._stage = 0

    @property
    def is_watched(self) -> bool:
        """Whether a person is looking, so that bars make sense."""
        return self._console.is_terminal and not self._console.quiet

    def stage(self, title: str) -> None:
        """Begin the next stage."""
        self._stage += 1
        self._console.print(Text(f"{self._stage} {title}", style="bold"))

    def say(self, text: str) -> None:
        """Add one line to the stage."""
        self._console.print(Text(f"  {text}"))

    def show(self, shown: RenderableType) -> None:
        """Print a table."""
        self._console.print(shown)

    @contextmanager
    def bar(self, name: str, total: int) -> Iterator[Callable[[int], None]]:
        """Show a bar with a rate and the time left while something long runs.

        Args:
            name: What runs.
            total: How many rows it has.
        """
        columns: list[ProgressColumn] = [
            TextColumn("  {task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeRemainingColumn(),
        ]
        bars = Progress(
            *columns, console=self._console, transient=True, disable=not self.is_watched
        )
        with bars:
            task = bars.add_task(name, total=total)
            yield lambda rows: bars.advance(task, rows)


class _Rate(ProgressColumn):
    @override
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f} rows/s" if task.speed else "")
