"""Values of a run that no type can refuse, checked before any work starts."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass

from transcoder.errors import RecipeError
from transcoder.recipe._schema import (
    AdapterConfig,
    AttentionConfig,
    ObjectiveConfig,
    PrefixChoice,
    RunConfig,
)


@dataclass(frozen=True, slots=True)
class _Rule:
    wanted: str
    holds: Callable[[float], bool]


_COUNT = _Rule("a whole number above 0", lambda value: value >= 1)
_LIMIT = _Rule("a whole number, 0 or above", lambda value: value >= 0)
_POSITIVE = _Rule("a finite number above 0", lambda value: math.isfinite(value) and value > 0)
_WEIGHT = _Rule(
    "a finite number, 0 or above", lambda value: math.isfinite(value) and value >= 0
)
_SHARE = _Rule("a number from 0 to 1", lambda value: 0 <= value <= 1)
_PART = _Rule("a number from 0 to below 1", lambda value: 0 <= value < 1)
_SEED = _Rule("a whole number from 0 to 4294967295", lambda value: 0 <= value < 2**32)

_NUMBERS: dict[str, _Rule] = {
    "seed": _SEED,
    "resamples": _COUNT,
    "weights.latent": _WEIGHT,
    "weights.output": _WEIGHT,
    "weights.cycle": _WEIGHT,
    "weights.agreement": _WEIGHT,
    "hub_dim": _COUNT,
    "adapter.rank": _COUNT,
    "adapter.hidden": _COUNT,
    "adapter.depth": _COUNT,
    "adapter.width": _COUNT,
    "adapter.heads": _COUNT,
    "adapter.dropout": _PART,
    "adapter.noise": _WEIGHT,
    "optimizer.learning_rate": _POSITIVE,
    "optimizer.weight_decay": _WEIGHT,
    "optimizer.warmup": _SHARE,
    "optimizer.clip": _POSITIVE,
    "trainer.max_epochs": _COUNT,
    "trainer.devices": _COUNT,
    "trainer.patience": _COUNT,
    "data.batch_size": _COUNT,
    "data.materialize_batch_size": _COUNT,
    "data.balance": _SHARE,
    "data.judged_rows": _COUNT,
    "data.chain_rows": _LIMIT,
    "data.pairs": _LIMIT,
    "data.pool_rows": _COUNT,
    "data.suffix_rows": _COUNT,
    "data.max_skipped": _LIMIT,
    "data.oracle_processes": _LIMIT,
}
_NUMBERS |= {f"objective.{each.name}": _WEIGHT for each in fields(ObjectiveConfig)}
_TEXTS: Mapping[str, frozenset[str]] = {
    "data.storage_dtype": frozenset({"float16"}),
    "optimizer.decay": frozenset({"constant", "cosine", "linear"}),
    "trainer.accelerator": frozenset({"auto", "cpu", "cuda", "gpu", "mps", "tpu"}),
    "trainer.precision": frozenset(
        {"16-mixed", "16-true", "32-true", "64-true", "bf16-mixed", "bf16-true"}
    ),
    "trainer.profiler": frozenset({"advanced", "pytorch", "simple"}),
}


def check_run(config: RunConfig) -> None:
    """Refuse what no run can be made of.

    Raises:
        RecipeError: If a value is out of range; all of them are named.
    """
    faults = []
    for key, value in _values(config, "").items():
        rule, names = _NUMBERS.get(key), _TEXTS.get(key)
        if rule is not None and isinstance(value, int | float) and not rule.holds(value):
            faults.append(f"{key}={value} is not {rule.wanted}")
        if names is not None and value is not None and value not in names:
            faults.append(f"{key}={value} is none of {', '.join(sorted(names))}")
    faults += [*_misfits(config.adapter), *_unheeded(config)]
    if config.prefix is PrefixChoice.auto and config.trainer.devices > 1:
        faults.append("prefix=auto measures in one process; say cached or live with devices")
    if not any(asdict(config.objective).values()):
        faults.append("every weight of objective is 0, so two latents are never compared")
    if faults:
        raise RecipeError(config.name, faults)


def _unheeded(config: RunConfig) -> Iterator[str]:
    """Name choices that nothing would heed."""
    more = {"old_more": config.old_more, "new_more": config.new_more}
    asked = [key for key, place in more.items() if place is not None]
    asked += [] if config.paired else ["paired"]
    if asked and config.old is None and config.new is None:
        yield f"{' and '.join(asked)} asks for files of vectors; give old=FILE and new=FILE"
    if config.hub_dim is not None and config.hub is None:
        yield f"hub_dim={config.hub_dim} is of no hub; give hub=NAME"
    if config.hub_dim is not None and (config.data.pairs is not None or config.data.pools):
        yield "a hub that is learnt takes all rows; leave out data.pairs and data.pools"


def _misfits(adapter: AdapterConfig) -> list[str]:
    """Name what cannot be shared among heads, each of which needs an even width."""
    if not isinstance(adapter, AttentionConfig) or min(adapter.width, adapter.heads) < 1:
        return []
    if adapter.width % (2 * adapter.heads) == 0:
        return []
    found = f"adapter.width={adapter.width} is no multiple of twice adapter.heads"
    return [f"{found}={adapter.heads}"]


def _values(config: object, prefix: str) -> dict[str, object]:
    found: dict[str, object] = {}
    if is_dataclass(config):
        for each in fields(config):
            value = getattr(config, each.name)
            found[f"{prefix}{each.name}"] = value
            found |= _values(value, f"{prefix}{each.name}.")
    return found
