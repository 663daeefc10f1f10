"""The typed schema of a run; the only place that knows Hydra."""

from transcoder.recipe._checks import check_run
from transcoder.recipe._console import make_console
from transcoder.recipe._main import explain, main
from transcoder.recipe._mount import CONFIG_FOLDER, RECIPE_FOLDER, find_recipes, mount
from transcoder.recipe._schema import (
    AdapterConfig,
    DataConfig,
    DebugChoice,
    LinearConfig,
    LowRankConfig,
    MlpConfig,
    ObjectiveConfig,
    OptimizerConfig,
    PrefixChoice,
    RegistryConfig,
    ResidualConfig,
    RunConfig,
    TargetChoice,
    TrainerConfig,
    TranscoderConfig,
    WeightsConfig,
)
from transcoder.recipe._sweep import SweepTable, sweep_table

__all__ = [
    "CONFIG_FOLDER",
    "RECIPE_FOLDER",
    "AdapterConfig",
    "DataConfig",
    "DebugChoice",
    "LinearConfig",
    "LowRankConfig",
    "MlpConfig",
    "ObjectiveConfig",
    "OptimizerConfig",
    "PrefixChoice",
    "RegistryConfig",
    "ResidualConfig",
    "RunConfig",
    "SweepTable",
    "TargetChoice",
    "TrainerConfig",
    "TranscoderConfig",
    "WeightsConfig",
    "check_run",
    "explain",
    "find_recipes",
    "main",
    "make_console",
    "mount",
    "sweep_table",
]
