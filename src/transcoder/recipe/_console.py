"""Where tables are printed."""

from rich.console import Console

_PLAIN_WIDTH = 140


def make_console() -> Console:
    """Make a console that is wide enough for tables where nobody's window limits it."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_PLAIN_WIDTH)
