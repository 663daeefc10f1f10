"""Weights that an ONNX file keeps in other files."""

import math
from pathlib import Path

import onnx
from onnx import TensorProto, helper

from transcoder.errors import InvalidModelError
from transcoder.interchange._parsing import decode, tensors_of

_LIMIT_BYTES = 2**31 - 1


def with_weights_inside(onnx_bytes: bytes, path: Path) -> bytes:
    """Take in the weights that a model keeps in files of its folder.

    Requires: `path` is where the bytes come from. Ensures: no file outside its folder is read,
    by whatever way a name leads there; bytes without such weights come back as they are.

    Raises:
        InvalidModelError: If a file lies elsewhere, is lacking or does not fit.
    """
    model = decode(onnx_bytes, path.name)
    far = [each for each in tensors_of(model) if each.data_location == TensorProto.EXTERNAL]
    if not far:
        return onnx_bytes
    total = len(onnx_bytes)
    for tensor in far:
        wanted = _size_bytes(tensor, path.name)
        total += wanted
        if total > _LIMIT_BYTES:
            reason = "with the weights beside it, it is larger than 2 GiB"
            raise InvalidModelError(path.name, reason, "use a smaller or a quantized model")
        _take_in(tensor, path, wanted)
    return bytes(model.SerializeToString())


def _take_in(tensor: onnx.TensorProto, path: Path, wanted: int) -> None:
    said = {each.key: each.value for each in tensor.external_data}
    place = _place(tensor.name, said.get("location", ""), path)
    try:
        offset = int(said.get("offset", "0"))
        length = int(said.get("length", wanted))
        with place.open("rb") as file:
            file.seek(offset)
            held = file.read(min(length, wanted))
    except (OSError, ValueError, OverflowError) as error:
        reason = f"the file {place.name!r} does not hold its tensor {tensor.name!r}"
        raise InvalidModelError(path.name, reason, "get both files again") from error
    if len(held) != length or length != wanted:
        reason = f"the file {place.name!r} does not hold all of its tensor {tensor.name!r}"
        raise InvalidModelError(path.name, reason, "get both files again")
    tensor.ClearField("external_data")
    tensor.ClearField("data_location")
    tensor.raw_data = held


def _place(tensor: str, location: str, path: Path) -> Path:
    folder = path.resolve().parent
    try:
        place = (folder / location).resolve()
        is_inside = place.is_relative_to(folder) and place.is_file()
    except (OSError, ValueError, RuntimeError):
        place, is_inside = Path(location[:80]), False
    if not location or Path(location).is_absolute() or not is_inside:
        reason = f"it keeps {tensor!r} in {location[:80]!r}, which is no file in its folder"
        raise InvalidModelError(path.name, reason, "save the model with its weights inside")
    return place


def _size_bytes(tensor: onnx.TensorProto, name: str) -> int:
    is_known = tensor.data_type in helper.get_all_tensor_dtypes()
    if (
        not is_known
        or tensor.data_type == TensorProto.STRING
        or min(tensor.dims, default=0) < 0
    ):
        reason = (
            f"it keeps {tensor.name!r} in another file, whose dtype or axes no file can hold"
        )
        raise InvalidModelError(name, reason, "save the model with its weights inside")
    count = int(math.prod(tensor.dims))
    type_name = TensorProto.DataType.Name(tensor.data_type)
    if type_name in {"INT4", "UINT4", "FLOAT4E2M1"}:
        return (count + 1) // 2
    if type_name in {"INT2", "UINT2"}:
        return (count + 3) // 4
    return count * int(helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize)
