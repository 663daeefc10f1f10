"""Where rows come from and which column holds what."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from transcoder.vocabulary._digest import JsonValue
from transcoder.vocabulary._modality import Modality
from transcoder.vocabulary._split import SplitShares


@dataclass(frozen=True, slots=True)
class DatasetType:
    """What a family of datasets promises, with variables: `(text<A>, text<B>)`."""

    name: str
    modalities: tuple[Modality, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column that holds values of a modality."""

    name: str
    modality: Modality


@dataclass(frozen=True, slots=True)
class Dataset:
    """Rows of paired values.

    Attributes:
        name: Unique in the registry.
        type: The dataset type that it keeps.
        loader: Who reads it: `huggingface`, `openml`, `folder` or `arrays`.
        options: What the loader needs; local paths are absolute.
        columns: The columns that hold modalities, in the order of the type.
        group: The column whose equal values never stand in two splits; `content(NAME)` for the
            content of one of `columns`, empty where each row stands for itself.
        stratum: The column by whose values scores are also shown, or None.
        shares: How groups are split.
        licence: SPDX identifier, or empty where unknown.
    """

    name: str
    type: str
    loader: str
    options: Mapping[str, JsonValue] = field(hash=False)
    columns: tuple[Column, ...]
    group: str
    stratum: str | None = None
    shares: SplitShares = field(default_factory=SplitShares)
    licence: str = ""

    def column(self, modality: Modality) -> Column:
        """Find the first column of a modality.

        Raises:
            KeyError: If there is none.
        """
        for column in self.columns:
            if column.modality == modality:
                return column
        raise KeyError(str(modality))
