"""Values that no type can refuse are refused before any work starts."""

import math
from copy import deepcopy
from dataclasses import fields, is_dataclass, replace

import pytest

from transcoder.errors import RecipeError
from transcoder.recipe import (
    AttentionConfig,
    DataConfig,
    ObjectiveConfig,
    OptimizerConfig,
    PrefixChoice,
    ResidualConfig,
    RunConfig,
    TrainerConfig,
    check_run,
)

RUN = RunConfig(name="run", adapter=ResidualConfig())


def test_what_the_defaults_say_is_accepted() -> None:
    check_run(RUN)


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        (replace(RUN, objective=ObjectiveConfig(mse=0.0)), "every weight of objective is 0"),
        (replace(RUN, objective=ObjectiveConfig(cosine=-1)), "objective.cosine=-1 is not a"),
        (replace(RUN, seed=-1), "seed=-1 is not a whole number from 0"),
        (replace(RUN, resamples=0), "resamples=0 is not a whole number above 0"),
        (replace(RUN, trainer=TrainerConfig(max_epochs=-1)), "max_epochs=-1 is not a whole"),
        (
            replace(RUN, prefix=PrefixChoice.auto, trainer=TrainerConfig(devices=2)),
            "prefix=auto measures in one process",
        ),
        (
            replace(RUN, adapter=AttentionConfig(width=12, heads=4)),
            "adapter.width=12 is no multiple of twice adapter.heads=4",
        ),
        (
            replace(RUN, trainer=TrainerConfig(devices=0)),
            "devices=0 is not a whole number above 0",
        ),
        (replace(RUN, trainer=TrainerConfig(accelerator="x")), "accelerator=x is none of auto"),
        (replace(RUN, trainer=TrainerConfig(precision="8")), "precision=8 is none of 16-mixed"),
        (replace(RUN, old_more="a.npy"), "old_more asks for files of vectors; give old=FILE"),
        (replace(RUN, paired=False), "paired asks for files of vectors; give old=FILE"),
        (replace(RUN, hub_dim=8), "hub_dim=8 is of no hub; give hub=NAME"),
        (
            replace(RUN, hub="global@1", hub_dim=8, data=DataConfig(pairs=9)),
            "takes all rows; leave out data.pairs",
        ),
        (replace(RUN, data=DataConfig(batch_size=0)), "data.batch_size=0 is not a whole"),
        (replace(RUN, data=DataConfig(balance=2.0)), "balance=2.0 is not a number from 0 to 1"),
        (
            replace(RUN, optimizer=OptimizerConfig(learning_rate=math.nan)),
            "learning_rate=nan is not a finite number above 0",
        ),
        (
            replace(RUN, adapter=ResidualConfig(dropout=1.0)),
            "dropout=1.0 is not a number from 0",
        ),
    ],
)
def test_a_value_out_of_range_is_named(run: RunConfig, sentence: str) -> None:
    with pytest.raises(RecipeError, match=sentence):
        check_run(run)


def test_all_values_out_of_range_are_named_at_once() -> None:
    with pytest.raises(RecipeError) as caught:
        check_run(replace(RUN, seed=-1, resamples=0))
    assert len(caught.value.faults) == 2


def test_every_number_of_a_run_has_a_rule() -> None:
    for each in fields(RUN):
        section = getattr(RUN, each.name) if is_dataclass(getattr(RUN, each.name)) else None
        for key, value in getattr(section, "__dict__", {}).items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                broken = deepcopy(RUN)
                setattr(getattr(broken, each.name), key, -1)
                with pytest.raises(RecipeError, match=rf"{each.name}.{key}=-1"):
                    check_run(broken)
