"""Networks taken apart and put together, without loading `onnx` until it is asked."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from transcoder.interchange._cut_nouns import CutReport, Halves, Notion, Strict
from transcoder.vocabulary import TensorSpec

if TYPE_CHECKING:
    from onnx import ModelProto

_STRICT = Strict()


def find_cuts(
    model: "bytes | ModelProto",
    *,
    notion: Notion = _STRICT,
    all_dtypes: bool = False,
    name: str = "model",
) -> CutReport:
    """List every tensor at which a network falls into a head and a tail.

    The numbers of a cut tensor are all that the tail needs of the paths that the notion
    names; shapes are not numbers, and what the tail needs of them is reported with each cut.

    Requires: a valid file with an operator set and its weights inside.
    Ensures: each tensor listed can be given to `cut`; the cost grows linearly with the graph.

    Args:
        model: The network; it is left as it is.
        notion: Which paths are to be cut.
        all_dtypes: Whether to list tensors of numbers that are no latents, such as int64.
        name: What an error calls the model.

    Returns:
        The cuts from the inputs on, or one sentence that says why there are none.

    Raises:
        InvalidModelError: If the model cannot be used.
        UnknownNameError: If the notion names what the graph does not have.
    """
    from transcoder.interchange._listing import list_cuts  # late, for it loads onnx

    return list_cuts(model, notion, all_dtypes=all_dtypes, name=name)


def cut(
    model: "bytes | ModelProto",
    at: str,
    *,
    notion: Notion = _STRICT,
    spec: TensorSpec | None = None,
    name: str = "model",
) -> Halves:
    """Take a network apart at one tensor.

    Requires: `at` is among what `find_cuts` lists under the notion, of any dtype.
    Ensures: head and tail are valid, and head then tail computes what the whole does. The
    tail takes `Cut.tail_inputs` in this order. The head gives the tensor first, then shapes
    that the tail cannot find by itself, then outputs of the graph that the tail cannot give.
    Weights are in a half only if it uses them, and in both if both do.

    Args:
        model: The network; it is left as it is.
        at: The name of the tensor.
        notion: Which paths are to be cut.
        spec: What the tensor is, where the file does not say it: behind operators of other
            domains. The name in it does not count.
        name: What an error calls the model.

    Raises:
        InvalidModelError: If the model cannot be used.
        UnknownNameError: If it has no such tensor, input or output.
        CutError: If something goes round the tensor.
    """
    from transcoder.interchange._halves import take_apart  # late, for it loads onnx

    return take_apart(model, at, notion, spec=spec, name=name)


def with_ends(
    onnx_bytes: bytes, *, inputs: Mapping[str, str], outputs: Mapping[str, str]
) -> bytes:
    """Give the ends of a network other names, and leave out outputs that get none.

    Ensures: inside, whatever has such a name gets another one.

    Args:
        onnx_bytes: The network.
        inputs: From new names to the names of inputs; those that are not named stay.
        outputs: From new names to the names of outputs, in the order wanted.

    Raises:
        InvalidModelError: If the model cannot be used.
    """
    from transcoder.interchange._ends import name_ends  # late, for it loads onnx

    return name_ends(onnx_bytes, inputs, outputs)


def splice(
    head: "bytes | ModelProto",
    tail: "bytes | ModelProto",
    *,
    joins: Mapping[str, str] | None = None,
    keep: Collection[str] = (),
) -> bytes:
    """Put two networks behind each other; the inverse of `cut`.

    Requires: each tensor that is joined has one dtype, rank and fixed axes on both sides.
    Ensures: the result is valid and computes head, then tail. What is not joined stays an
    input or output; inputs of one name, dtype and shape become one. Names inside that would
    clash are changed, and so is the name of an output of the tail that the head's inputs or
    outputs have. The older operator set is raised to the newer one. Weights that are equal
    in name and numbers are kept once.

    Args:
        head: Runs first.
        tail: Runs on what the head gives.
        joins: From outputs of the head to inputs of the tail; equal names by default.
        keep: Joined outputs of the head that the result gives too.

    Returns:
        The serialized model.

    Raises:
        InvalidModelError: If a model cannot be used.
        UnknownNameError: If `joins` or `keep` name what is not there.
        SpecMismatchError: If a tensor does not fit where it is to go in.
        SpliceError: If nothing joins them, or operator sets or functions contradict.
    """
    from transcoder.interchange._splicing import put_together  # late, for it loads onnx

    return put_together(head, tail, joins, keep=keep)


def expose(model: "bytes | ModelProto", tensor: str, *, name: str = "model") -> bytes:
    """Let a network also give a tensor from its inside, for a runtime to show what it is.

    Requires: a valid model. Ensures: the tensor is the last output; its dtype and shape are
    left to the runtime to find, so that the result itself need not be a valid file.

    Args:
        model: The network; it is left as it is.
        tensor: The name of the tensor.
        name: What an error calls the model.

    Raises:
        InvalidModelError: If the model cannot be used.
    """
    from transcoder.interchange._parsing import load_checked  # late, for it loads onnx

    loaded = load_checked(model, name)
    if tensor not in {each.name for each in loaded.graph.output}:
        loaded.graph.output.add(name=tensor)
    return bytes(loaded.SerializeToString())
