"""`transcoder info`."""

from rich.markup import escape
from rich.table import Table

from transcoder.cli._session import (
    DEFAULT_REGISTRY,
    JsonOption,
    RegistryOption,
    middleware,
    out,
    print_json,
)
from transcoder.vocabulary import Catalog


def info(registry: RegistryOption = DEFAULT_REGISTRY, *, as_json: JsonOption = False) -> None:
    """Show the models, modalities, oracles, datasets and scores of a registry."""
    with middleware(registry) as opened:
        if as_json:
            print_json(opened.get_info())
            return
        catalog = opened.catalog
        said = f"registry {str(registry.resolve())!r}, revision {catalog.revision}"
        out.print(said, markup=False)
        for table in (
            _models(catalog),
            _modalities(catalog),
            _oracles(catalog),
            _data(catalog),
        ):
            out.print(table)


def _models(catalog: Catalog) -> Table:
    from transcoder.workflows import told_scores

    table = Table("model", "source", "target", "version", "kind", "parameters", "scores")
    table.title = "segments (* current)"
    for key in sorted(catalog.segments, key=str):
        for each in catalog.segments[key]:
            _add(
                table,
                each.name,
                str(each.source),
                str(each.target),
                f"{each.version}{' *' if each.is_current else ''}",
                each.kind.value,
                f"{each.signature.parameters:,}" if each.signature else "to be trained",
                told_scores(each) if each.is_transcoder else "",
            )
    return table


def _modalities(catalog: Catalog) -> Table:
    table = Table("modality", "carried by", "founded by", title="modalities")
    for modality, entry in sorted(catalog.modalities.items(), key=lambda item: str(item[0])):
        payload = catalog.modality_type(modality).payload
        carrier = str(entry.spec) if entry.spec else payload.value if payload else ""
        _add(table, str(modality), carrier, entry.founder or "")
    return table


def _oracles(catalog: Catalog) -> Table:
    table = Table("oracle", "source", "target", "exactness", "licence", title="oracles")
    for name, each in sorted(catalog.oracles.items()):
        source, target = str(each.source), str(each.target)
        _add(table, name, source, target, each.exactness.value, each.licence)
    return table


def _data(catalog: Catalog) -> Table:
    table = Table("dataset", "loader", "columns", "grouped by", title="datasets")
    for name, each in sorted(catalog.datasets.items()):
        columns = ", ".join(f"{column.name}: {column.modality}" for column in each.columns)
        _add(table, name, each.loader, columns, each.group)
    return table


def _add(table: Table, *cells: str) -> None:
    """Add a row of plain texts: `[batch, 16]` is no markup."""
    table.add_row(*map(escape, cells))
