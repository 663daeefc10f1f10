"""The typed schema of a training run: every key that a recipe or the command line may set."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum

from omegaconf import MISSING


class TargetChoice(Enum):
    """What the loss compares."""

    both = "both"
    latent = "latent"
    output = "output"


class DebugChoice(Enum):
    """What is tried out in place of a run; nothing of it is registered."""

    none = "none"
    step = "step"
    overfit = "overfit"


class PrefixChoice(Enum):
    """Whether the frozen nets before the adapter run once, or at each step.

    With `auto` what is cheaper on this machine is measured on the first rows.
    """

    cached = "cached"
    live = "live"
    auto = "auto"


@dataclass
class TranscoderConfig:
    """Which transcoder to train.

    Attributes:
        model: The id under which it is registered.
        source: The latent that it takes.
        target: The latent that it gives.
    """

    model: str = MISSING
    source: str = MISSING
    target: str = MISSING


@dataclass
class AdapterConfig:
    """The trainable net in the middle; `kind` chooses which of the others applies."""

    kind: str = MISSING


@dataclass
class LinearConfig(AdapterConfig):
    """One matrix and one vector, starting from the closed form."""

    kind: str = "linear"


@dataclass
class LowRankConfig(AdapterConfig):
    """Two matrices with few directions between them, starting from the closed form.

    Attributes:
        rank: How many directions.
    """

    kind: str = "low_rank"
    rank: int = 16


@dataclass
class MlpConfig(AdapterConfig):
    """A plain multilayer perceptron, starting from nothing.

    Attributes:
        hidden: Width of each hidden layer.
        depth: How many hidden layers.
        dropout: Share of hidden numbers left out at each step.
        noise: Deviation of what training adds to the standardised source.
    """

    kind: str = "mlp"
    hidden: int = 512
    depth: int = 2
    dropout: float = 0.0
    noise: float = 0.0


@dataclass
class ResidualConfig(AdapterConfig):
    """A closed form plus a multilayer perceptron that starts at zero.

    Attributes:
        hidden: Width of each hidden layer of the branch.
        depth: How many hidden layers.
        dropout: Share of hidden numbers left out at each step.
        noise: Deviation of what training adds to the standardised source.
        train_start: Whether the closed form itself is trained along.
    """

    kind: str = "residual"
    hidden: int = 1024
    depth: int = 2
    dropout: float = 0.0
    noise: float = 0.0
    train_start: bool = True


@dataclass
class PartialConfig(AdapterConfig):
    """A closed form that stays as it is, plus a small multilayer perceptron from zero.

    Attributes:
        hidden: Width of each hidden layer of the branch.
        depth: How many hidden layers.
        dropout: Share of hidden numbers left out at each step.
        noise: Deviation of what training adds to the standardised source.
    """

    kind: str = "partial"
    hidden: int = 64
    depth: int = 1
    dropout: float = 0.0
    noise: float = 0.0


@dataclass
class AttentionConfig(AdapterConfig):
    """Learned queries that pool a sequence, resample it to a set length, or unfold a vector.

    Attributes:
        width: Of queries, keys and values together.
        heads: How many attend side by side.
        depth: How many blocks stand one after the other.
        dropout: Share of hidden numbers left out at each step.
    """

    kind: str = "attention"
    width: int = 128
    heads: int = 4
    depth: int = 1
    dropout: float = 0.0


@dataclass
class BiLstmConfig(AdapterConfig):
    """A closed form for each position of a sequence, plus an LSTM in both directions.

    Attributes:
        hidden: Size of each direction's state.
    """

    kind: str = "bilstm"
    hidden: int = 128


@dataclass
class WeightsConfig:
    """How much each kind of target counts in the loss.

    Attributes:
        latent: The other latent of the same row.
        output: What the frozen nets behind the adapter make of it.
        cycle: The way back through transcoders that are there; it needs no pairs. In a hub that
            is learnt, the way on to the next network and back.
        agreement: How much it counts, in a hub that is learnt, that all encoders agree.
    """

    latent: float = 1.0
    output: float = 1.0
    cycle: float = 0.0
    agreement: float = 1.0


@dataclass
class ObjectiveConfig:
    """How much each way of comparing two latents counts in the latent's part of the loss.

    Attributes:
        mse: Squared differences, in shares of the target's variance.
        cosine: How far apart the two point.
        smooth_l1: Squared near zero, straight beyond one deviation of the target.
        info_nce: Whether each row is found among its batch.
        ranking: Whether each right pair leads all wrong ones by a margin.
        hardest_ranking: Whether it leads the worst of them.
        distances: Whether rows are as far from one another as they should be.
    """

    mse: float = 1.0
    cosine: float = 0.0
    smooth_l1: float = 0.0
    info_nce: float = 0.0
    ranking: float = 0.0
    hardest_ranking: float = 0.0
    distances: float = 0.0


@dataclass
class OptimizerConfig:
    """AdamW with linear warm-up, and a decay.

    Attributes:
        learning_rate: At the end of the warm-up.
        weight_decay: Per step, decoupled.
        warmup: Share of all steps.
        decay: How the learning rate falls from there: cosine, linear or constant.
        clip: Largest norm of the gradient.
    """

    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    warmup: float = 0.05
    decay: str = "cosine"
    clip: float = 1.0


@dataclass
class TrainerConfig:
    """How long and on what.

    Attributes:
        max_epochs: Passes over the training rows.
        accelerator: As Lightning names it.
        devices: How many share each batch; beyond one, each has a process of its own.
        precision: As Lightning names it.
        patience: Epochs without a better validation score before it stops, or null.
        profiler: Measures where the time goes: simple, advanced or pytorch; null for none.
    """

    max_epochs: int = 30
    accelerator: str = "auto"
    devices: int = 1
    precision: str = "32-true"
    patience: int | None = None
    profiler: str | None = None


@dataclass
class DataConfig:
    """Which rows, and how they are drawn.

    Attributes:
        dataset: Pins one dataset to train on; null takes what the best opportunities ask for.
        through: Oracles or models, by name. For each, rows come in by a route through it, and
            every step learns from a batch of each; empty takes the routes that cost least.
        without: Oracles or models, by name, that no training route takes.
        batch_size: Rows per training step.
        materialize_batch_size: Rows per run of a frozen net.
        balance: From 0, rows as they are, to 1, every stratum equally often.
        judged_rows: How many rows of the validation split and of the test split are looked at,
            at most, evenly spread over each.
        chain_rows: By how many test rows chains are judged, at most, besides the one that
            decides; those that rows of other datasets go through too. With 0 they are not.
        suffix_rows: How many rows of a step go through the frozen nets behind the adapter,
            which cost far more than the adapter does; null for all.
        pairs: How many rows of the training split count as pairs, drawn by the run's seed, of
            each stratum equally many; the partners of the others are not looked at. Null for
            all; with 0 a map is looked for without pairs, and nothing else is trained.
        pools: Datasets whose rows are taken without partners, where pairs are few.
        pool_rows: How many rows without partners are looked at, at most, at either end.
        max_skipped: How many rows that cannot be used (empty text, unreadable files, another
            shape, NaN, refused by an oracle) are left out; with one more the run stops.
        oracle_processes: How many processes each oracle runs in, which share its rows; pays
            where an oracle is slow. With 0 it runs in the process of the run.
        storage_dtype: How latents of longer numbers are stored; null as they are, float16 for
            half of the disk. What that loses is measured and shown.
    """

    dataset: str | None = None
    through: list[str] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    batch_size: int = 256
    materialize_batch_size: int = 256
    balance: float = 0.0
    judged_rows: int = 10_000
    chain_rows: int = 300
    suffix_rows: int | None = 16
    pairs: int | None = None
    pools: list[str] = field(default_factory=list)
    pool_rows: int = 10_000
    max_skipped: int = 0
    oracle_processes: int = 0
    storage_dtype: str | None = None


@dataclass
class RegistryConfig:
    """Where models live.

    Attributes:
        url: A folder; it is made if it does not exist.
        replace: Makes the new version current whether it is better or not.
        allow: Modules whose oracles may run.
    """

    url: str = "registry"
    replace: bool = False
    allow: list[str] = field(default_factory=lambda: ["transcoder.oracles"])


@dataclass
class RunConfig:
    """One training run.

    Attributes:
        name: Of the recipe.
        world: The world file that is applied first, relative to the recipes' folder, or empty.
        old: A file of vectors in the space to be left, where the rows are two files of vectors.
        new: A file of the same rows in the space to go to.
        paired: Whether a row of `new` is the same thing as that row of `old`; if not, a map is
            looked for without pairs.
        old_more: A file of further rows in the old space, without partners.
        new_more: A file of further rows in the new space, without partners.
        hub: The latent through which all networks are to reach one another, in place of one
            transcoder; null for none.
        hub_dim: Length of the hub's vectors where the hub is itself to be learnt, by an encoder
            and a decoder of every network together; null takes a hub that is there.
        transcoder: What is trained.
        seed: Of everything random.
        target: What the loss compares.
        prefix: How the frozen nets before the adapter are run.
        weights: How much each kind of target counts.
        objective: How two latents are compared.
        adapter: The trainable net.
        insist: Whether the trained net is chosen even where a cheaper closed form is as good,
            and a map registered even where nothing can judge it.
        optimizer: How it learns.
        trainer: For how long.
        data: From which rows.
        registry: Where the result goes.
        resamples: Bootstrap draws for each interval.
        ckpt: Where the fit begins: `last` goes on where a killed run of the same choices was,
            `none` begins anew, a file begins with the weights of that checkpoint.
        debug: Tries one step, or one batch until it is known by heart, and registers nothing.
    """

    name: str = MISSING
    world: str = MISSING
    old: str | None = None
    new: str | None = None
    paired: bool = True
    old_more: str | None = None
    new_more: str | None = None
    hub: str | None = None
    hub_dim: int | None = None
    transcoder: TranscoderConfig = field(default_factory=TranscoderConfig)
    seed: int = 0
    target: TargetChoice = TargetChoice.both
    prefix: PrefixChoice = PrefixChoice.cached
    weights: WeightsConfig = field(default_factory=WeightsConfig)
    objective: ObjectiveConfig = field(default_factory=ObjectiveConfig)
    adapter: AdapterConfig = MISSING
    insist: bool = False
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    trainer: TrainerConfig = field(default_factory=TrainerConfig)
    data: DataConfig = field(default_factory=DataConfig)
    registry: RegistryConfig = field(default_factory=RegistryConfig)
    resamples: int = 2000
    ckpt: str = "last"
    debug: DebugChoice = DebugChoice.none


ADAPTERS: tuple[type[AdapterConfig], ...] = (
    LinearConfig,
    LowRankConfig,
    MlpConfig,
    ResidualConfig,
    PartialConfig,
    AttentionConfig,
    BiLstmConfig,
)
"""Every adapter that a recipe may choose."""


def known_keys() -> set[str]:
    """All keys that may be set, nested ones with dots."""
    keys = set(_keys_of(RunConfig, ""))
    for adapter in ADAPTERS:
        keys.update(_keys_of(adapter, "adapter."))
    return keys


def _keys_of(config: type, prefix: str) -> Iterator[str]:
    for each in fields(config):
        yield f"{prefix}{each.name}"
        if isinstance(each.type, type) and is_dataclass(each.type):
            yield from _keys_of(each.type, f"{prefix}{each.name}.")
