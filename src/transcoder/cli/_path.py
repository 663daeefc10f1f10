"""`transcoder path`."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from transcoder.cli._options import (
    DifferentiableOption,
    ExcludeOption,
    ForbidOption,
    OraclesOption,
    PreferOption,
    ViaOption,
    WeightOption,
    preference,
)
from transcoder.cli._session import (
    DEFAULT_REGISTRY,
    JsonOption,
    RegistryOption,
    middleware,
    out,
    print_json,
)

if TYPE_CHECKING:
    from transcoder.planner import ExplainedPath


def path(
    source: Annotated[str, typer.Argument(help="Where to begin, such as 'text<en>'.")],
    target: Annotated[str, typer.Argument(help="Where to end, such as 'speech<en>'.")],
    via: ViaOption = None,
    k: Annotated[int, typer.Option("-k", min=1, help="How many of the best to show.")] = 1,
    prefer: PreferOption = "balanced",
    weight: WeightOption = None,
    exclude: ExcludeOption = None,
    forbid_licence: ForbidOption = None,
    registry: RegistryOption = DEFAULT_REGISTRY,
    *,
    oracles: OraclesOption = True,
    differentiable: DifferentiableOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show the best paths, what each step costs, and why not the next best."""
    from transcoder.workflows import describe_explained, describe_path

    with middleware(registry) as opened:
        wanted = preference(
            prefer,
            weight,
            forbidden=forbid_licence,
            exclude=exclude,
            oracles=oracles,
            differentiable=differentiable,
        )
        pieces = tuple(via or ())
        first, *others = opened.get_paths(source, target, pieces, wanted, k=k)
        found = opened.explain_path(first, pieces, wanted)
        if as_json:
            print_json(
                {
                    **describe_explained(found),
                    "others": [describe_path(each) for each in others],
                }
            )
            return
        _show(found)
        for number, other in enumerate(others, 2):
            cost = opened.explain_path(other, pieces, wanted).cost
            out.print(f"{number}. cost {cost:.4f}: {other}", highlight=False, markup=False)


def _show(found: "ExplainedPath") -> None:
    from transcoder.workflows import describe_edge, licences_of

    ends = f"{found.path.source} to {found.path.target}, cost {found.cost:.4f}"
    table = Table("", "step", "kind", "cost", "ms a row", title=escape(ends))
    for number, each in enumerate(found.edges, 1):
        kind = str(describe_edge(each.edge)["kind"])
        costs = (f"{each.terms.total:.4f}", f"{each.latency_ms:.3f}")
        table.add_row(str(number), escape(str(each.edge)), kind, *costs)
    out.print(table)
    out.print(f"licences: {', '.join(licences_of(found.path))}", highlight=False)
    out.print(f"next best: {found.sentence}", highlight=False, markup=False)
