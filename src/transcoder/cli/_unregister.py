"""`transcoder unregister`."""

from enum import StrEnum
from typing import Annotated

import typer

from transcoder.cli._options import FromOption, ToOption, say_commit
from transcoder.cli._session import (
    DEFAULT_REGISTRY,
    JsonOption,
    RegistryOption,
    middleware,
)
from transcoder.registry import Kind


class Unregistered(StrEnum):
    """What can be taken away, as the command line calls it."""

    MODEL = "model"
    MODALITY_TYPE = "modality-type"
    MODALITY = "modality"
    ORACLE_TYPE = "oracle-type"
    ORACLE = "oracle"
    DATASET_TYPE = "dataset-type"
    DATASET = "dataset"


def unregister(
    kind: Annotated[Unregistered, typer.Argument(help="What it is; transcoders are models.")],
    name: Annotated[str, typer.Argument(help="Its name.")],
    source: FromOption = None,
    target: ToOption = None,
    registry: RegistryOption = DEFAULT_REGISTRY,
    *,
    as_json: JsonOption = False,
) -> None:
    """Take one thing away; versions of models are retired and can be restored."""
    with middleware(registry) as opened:
        if kind is Unregistered.MODEL:
            commit = opened.unregister_model(name, source, target)
        else:
            commit = opened.unregister(Kind(kind.value.replace("-", " ")), name)
        say_commit(commit, as_json=as_json)
