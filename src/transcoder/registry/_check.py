"""Whether a whole state is consistent."""

from collections.abc import Iterable, Iterator

from transcoder.errors import UnknownNameError
from transcoder.registry._check_segments import segment_faults, space_faults
from transcoder.registry._nouns import State
from transcoder.vocabulary import (
    Catalog,
    Dataset,
    Modality,
    ModalityEntry,
    ModalityType,
    Oracle,
    OracleType,
)


def find_faults(before: State, after: State) -> list[str]:
    """Find everything that is wrong with a state that is about to be committed.

    Args:
        before: What is registered now and was checked when it was committed.
        after: What would be registered.
    """
    catalog = after.catalog
    return [
        *(fault for each in catalog.modality_types.values() for fault in _type(each, catalog)),
        *(fault for each in catalog.modalities.values() for fault in _entry(each, catalog)),
        *(fault for each in catalog.oracle_types.values() for fault in _promise(each, catalog)),
        *(fault for each in catalog.oracles.values() for fault in _oracle(each, catalog)),
        *_dataset_type_faults(catalog),
        *(fault for each in catalog.datasets.values() for fault in _dataset(each, catalog)),
        *segment_faults(before, after),
        *space_faults(before, after),
    ]


def _type(found: ModalityType, catalog: Catalog) -> Iterator[str]:
    if len(set(found.parameters)) != len(found.parameters):
        yield f"modality type {found.name!r} names a parameter twice"
    for scoring in found.scored_against:
        for fault in _pattern(scoring.against, catalog):
            yield f"modality type {found.name!r} is scored against {fault}"


def _pattern(pattern: Modality, catalog: Catalog) -> Iterator[str]:
    """What is wrong with a use of a modality type, with or without variables."""
    if pattern.is_latent:
        return
    known = catalog.modality_types.get(pattern.name)
    if known is None:
        error = UnknownNameError("modality type", pattern.name, catalog.modality_types)
        yield f"{pattern}, but {error}"
    elif len(known.parameters) != len(pattern.arguments):
        yield f"{pattern}, but the type is {known.pattern}"


def _entry(entry: ModalityEntry, catalog: Catalog) -> Iterator[str]:
    modality = entry.modality
    for fault in _pattern(modality, catalog):
        yield f"modality {fault}"
    if modality.variables:
        yield f"modality {modality} is a pattern; give its variables a value"
    if modality.is_standard_latent and modality.version is None:
        yield f"modality {modality} is a standard latent without a version; write {modality}@1"
    if entry.founder is not None and not modality.is_standard_latent:
        yield f"modality {modality} has a founder, which only a standard latent can have"
    if not modality.is_latent and modality.name not in catalog.modality_types:
        return
    payload = catalog.modality_type(modality).payload
    if entry.spec is None and payload is None:
        yield f"modality {modality} has neither a spec nor a type with a payload; give one"
    if entry.spec is not None and payload is not None:
        yield f"modality {modality} has a spec, but its type has the payload {payload.value!r}"


def _promise(found: OracleType, catalog: Catalog) -> Iterator[str]:
    for verb, pattern in (("takes", found.source), ("gives", found.target)):
        for fault in _pattern(pattern, catalog):
            yield f"oracle type {found.name!r} {verb} {fault}"


def _oracle(oracle: Oracle, catalog: Catalog) -> Iterator[str]:
    for verb, modality in (("takes", oracle.source), ("gives", oracle.target)):
        if modality not in catalog.modalities:
            fault = _unknown(modality, catalog)
            yield f"oracle {oracle.name!r} {verb} {modality}, but {fault}"
    module, _, name = oracle.entry_point.partition(":")
    if not module or not name:
        yield f"oracle {oracle.name!r} has {oracle.entry_point!r}; write it as module:Class"
    promised = catalog.oracle_types.get(oracle.type)
    if promised is None:
        error = UnknownNameError("oracle type", oracle.type, catalog.oracle_types)
        yield f"oracle {oracle.name!r}: {error}"
        return
    pairs = ((promised.source, oracle.source), (promised.target, oracle.target))
    misfit = _misfit(pairs)
    if misfit is not None:
        wanted = f"{promised.source} => {promised.target}"
        yield f"oracle '{oracle}' does not keep its type {promised.name!r}, {wanted}: {misfit}"
    if oracle.exactness is not promised.exactness:
        exactness = f"{oracle.exactness.value}, its type {promised.exactness.value}"
        yield f"oracle {oracle.name!r} is {exactness}; say the same in both"


def _dataset_type_faults(catalog: Catalog) -> Iterator[str]:
    for found in catalog.dataset_types.values():
        for pattern in found.modalities:
            for fault in _pattern(pattern, catalog):
                yield f"dataset type {found.name!r} has {fault}"


def _dataset(dataset: Dataset, catalog: Catalog) -> Iterator[str]:
    names = [column.name for column in dataset.columns]
    if len(set(names)) != len(names):
        yield f"dataset {dataset.name!r} names a column twice"
    for column in dataset.columns:
        if column.modality not in catalog.modalities:
            fault = _unknown(column.modality, catalog)
            yield f"dataset {dataset.name!r}, column {column.name!r}: {fault}"
    promised = catalog.dataset_types.get(dataset.type)
    if promised is None:
        error = UnknownNameError("dataset type", dataset.type, catalog.dataset_types)
        yield f"dataset {dataset.name!r}: {error}"
        return
    columns = tuple(column.modality for column in dataset.columns)
    misfit = _misfit(zip(promised.modalities, columns, strict=False))
    if len(columns) != len(promised.modalities):
        misfit = f"it has {len(columns)} columns, the type {len(promised.modalities)}"
    if misfit is not None:
        shown = f"({', '.join(map(str, columns))})"
        wanted = f"({', '.join(map(str, promised.modalities))})"
        kept = f"does not keep its type {dataset.type!r} {wanted}: {misfit}"
        yield f"dataset {dataset.name!r} {shown} {kept}"


def _misfit(pairs: Iterable[tuple[Modality, Modality]]) -> str | None:
    """Why modalities do not keep patterns; None where they do."""
    bound: dict[str, str] = {}
    for pattern, concrete in pairs:
        alone = pattern.match(concrete, {})
        if alone is None:
            return f"{concrete} is no {pattern}"
        for variable, value in alone.items():
            if bound.setdefault(variable, value) != value:
                return f"{variable} would be both {bound[variable]!r} and {value!r}"
    return None


def _unknown(modality: Modality, catalog: Catalog) -> str:
    return str(UnknownNameError("modality", str(modality), map(str, catalog.modalities)))
