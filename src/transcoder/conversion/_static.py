"""What depends on the shapes of a network's inputs alone, so that it can be kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from transcoder.conversion import _fused
from transcoder.conversion._action import ABSENT, Step
from transcoder.conversion._host import SHAPE_RULES
from transcoder.conversion._plan import DEVICE, Plan, Subgraph, with_liveness
from transcoder.conversion._steps import operator_of, slots_of
from transcoder.conversion.operators import HANDLERS, Kernel

_RANDOM = frozenset(handler.run for handler in HANDLERS.values() if handler.is_random)
_SHAPE_KERNELS = frozenset(rule.run for rule in SHAPE_RULES.values())
_FUSED = frozenset(
    {_fused.attend, _fused.gelu, _fused.gelu_tanh, _fused.hard_sigmoid, _fused.hard_swish}
    | {_fused.inverse_root, _fused.layer_norm, _fused.linear, _fused.parts, _fused.power}
    | {_fused.swish, _fused.turned, _fused.hidden_rows}
)
_SHAPED = frozenset(
    """
    Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh Attention AveragePool
    BatchNormalization BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Cast CastLike Ceil Celu Clip
    Concat Conv ConvTranspose Cos Cosh CumSum DepthToSpace DequantizeLinear Div Dropout Einsum
    Elu Equal Erf Exp Expand Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm
    GlobalAveragePool GlobalMaxPool Greater GreaterOrEqual GridSample GroupNormalization
    GuardedSoftmax HardSigmoid HardSwish Identity InstanceNormalization IsInf IsNaN LSTM
    LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax LpNormalization MatMul Max
    MaxPool Mean Min Mish Mod Mul Neg Not Or PRelu Pad Pow QuantizeLinear RMSNormalization RNN
    Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin
    ReduceProd ReduceSum ReduceSumSquare Relu Reshape Round ScatterElements ScatterND Selu
    Sigmoid Sign Sin Sinh Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub
    Sum Swish Tan Tanh Tile Transpose Trilu Unsqueeze Where Xor
    """.split()  # noqa: SIM905  # a hundred names read better so
)
"""Operators whose results have shapes that follow from shapes of tensors and from numbers."""


class _Kind(IntEnum):
    """What follows from the shapes of the inputs."""

    VALUE = 0
    SHAPE = 1
    NOTHING = 2


@dataclass(frozen=True, slots=True)
class Division:
    """A plan in two.

    Attributes:
        first: All steps, for shapes that are new; leaves what is to be kept in its slots.
        again: What must be run again for shapes that came before.
        kept: Slots of what the first run leaves for all others.
    """

    first: Plan
    again: Plan
    kept: tuple[int, ...]


def divided(plan: Plan, constants: Mapping[int, bool]) -> Division:
    """Find what needs to be computed only once for equal shapes of the inputs.

    Nothing that follows from weights is kept, for they may be changed.

    Args:
        plan: What runs the whole network.
        constants: For each tensor that is there from the beginning, by slot, whether it is a
            weight.
    """
    kinds = dict.fromkeys((DEVICE, ABSENT, *plan.numbers), _Kind.VALUE)
    kinds |= {
        slot: _Kind.SHAPE if is_weight else _Kind.VALUE for slot, is_weight in constants.items()
    }
    kinds |= dict.fromkeys(plan.takes, _Kind.SHAPE)
    again: list[Step] = []
    for step in plan.steps:
        kind = _kind_of(step, kinds)
        gives = slots_of(step.gives)
        kinds |= dict.fromkeys(gives, kind)
        if kind is not _Kind.VALUE or set(gives) & set(plan.gives):
            again.append(step)
    made = {slot for step in plan.steps for slot in slots_of(step.gives)}
    read = {slot for step in again for slot in step.takes}
    remade = {slot for step in again for slot in slots_of(step.gives)}
    kept = frozenset((made & read) - remade)
    whole = with_liveness(plan.steps, kept | frozenset(plan.gives))
    rest = with_liveness(again, frozenset(plan.gives))
    parts = (plan.size, plan.takes, plan.gives, plan.numbers)
    return Division(Plan(whole, *parts), Plan(rest, *parts), tuple(sorted(kept)))


def _kind_of(step: Step, kinds: Mapping[int, _Kind]) -> _Kind:
    worst = max((kinds.get(slot, _Kind.NOTHING) for slot in step.takes), default=_Kind.VALUE)
    has_body = any(isinstance(each, Subgraph) for each in step.keywords.values())
    if worst is _Kind.NOTHING or step.run in _RANDOM or has_body:
        return _Kind.NOTHING
    if worst is _Kind.VALUE or step.run in _SHAPE_KERNELS:
        return _Kind.VALUE
    return _Kind.SHAPE if _is_shaped(step.run, step) else _Kind.NOTHING


def _is_shaped(run: Kernel, step: Step) -> bool:
    return run in _FUSED or operator_of(step) in _SHAPED
