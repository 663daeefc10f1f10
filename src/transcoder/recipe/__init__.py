"""The typed schema of a run; the only place that knows Hydra."""

from transcoder.recipe._checks import check_run
from transcoder.recipe._console import make_console
from transcoder.recipe._jobs import Job, SeedGroup, read_jobs, seed_groups
from transcoder.recipe._main import explain, main
from transcoder.recipe._mount import CONFIG_FOLDER, RECIPE_FOLDER, find_recipes, mount
from transcoder.recipe._optuna import OptunaSweeper
from transcoder.recipe._schema import (
    AdapterConfig,
    AttentionConfig,
    BiLstmConfig,
    DataConfig,
    DebugChoice,
    LinearConfig,
    LowRankConfig,
    MlpConfig,
    ObjectiveConfig,
    OptimizerConfig,
    PartialConfig,
    PrefixChoice,
    RegistryConfig,
    ResidualConfig,
    RunConfig,
    TargetChoice,
    TrainerConfig,
    TranscoderConfig,
    WeightsConfig,
)
from transcoder.recipe._sweep import (
    SweepTable,
    seed_table,
    sweep_html,
    sweep_table,
    write_record,
)
from transcoder.recipe._trial import open_study

__all__ = [
    "CONFIG_FOLDER",
    "RECIPE_FOLDER",
    "AdapterConfig",
    "AttentionConfig",
    "BiLstmConfig",
    "DataConfig",
    "DebugChoice",
    "Job",
    "LinearConfig",
    "LowRankConfig",
    "MlpConfig",
    "ObjectiveConfig",
    "OptimizerConfig",
    "OptunaSweeper",
    "PartialConfig",
    "PrefixChoice",
    "RegistryConfig",
    "ResidualConfig",
    "RunConfig",
    "SeedGroup",
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
    "open_study",
    "read_jobs",
    "seed_groups",
    "seed_table",
    "sweep_html",
    "sweep_table",
    "write_record",
]
