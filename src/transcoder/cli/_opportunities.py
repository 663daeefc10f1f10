"""`transcoder opportunities`."""

from typing import Annotated

import typer
from rich.table import Table

from transcoder.cli._session import (
    DEFAULT_REGISTRY,
    JsonOption,
    RegistryOption,
    middleware,
    out,
    print_json,
)


def opportunities(
    source: Annotated[str, typer.Argument(help="The latent that it takes, such as '{EnTTS}'.")],
    target: Annotated[str, typer.Argument(help="The latent that it gives: 'text_latent'.")],
    registry: RegistryOption = DEFAULT_REGISTRY,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show every way in which a missing transcoder could be trained, best first."""
    from transcoder.workflows import describe_opportunity

    with middleware(registry) as opened:
        found = opened.get_training_opportunities(source, target)
        if as_json:
            print_json({"opportunities": [describe_opportunity(each) for each in found]})
            return
        table = Table("", "kind", "grade", "in words", title=f"{source} -> {target}")
        for number, each in enumerate(found, 1):
            grade = each.grade.name.lower()
            table.add_row(str(number), each.kind.value, grade, each.sentence)
        out.print(table)
