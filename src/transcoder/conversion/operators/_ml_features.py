"""Features of classical machine learning.

Each operator's page is https://onnx.ai/onnx/operators/onnx_aionnxml_NAME.html.
"""

# ruff: noqa: PLR0913  # a kernel has the inputs and attributes that ONNX gives it

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from transcoder.conversion.operators._handler import Handler

DOMAIN = "ai.onnx.ml"

_Text = NDArray[np.object_]
_Keys = Tensor | tuple[str, ...] | tuple[float, ...]
_NOT_A_NUMBER = object()


def extract(value: Tensor, index: Tensor) -> Tensor:
    """Pick on the last axis: https://onnx.ai/onnx/operators/onnx_aionnxml_ArrayFeatureExtractor.html."""
    picked = value.index_select(-1, index.reshape(-1).to(torch.int64))
    return picked.reshape(1, -1) if value.dim() == 1 else picked


def binarize(value: Tensor, *, threshold: float = 0.0) -> Tensor:
    """Compare with a threshold: https://onnx.ai/onnx/operators/onnx_aionnxml_Binarizer.html."""
    return (value > threshold).to(value.dtype)


def scale(
    value: Tensor, *, offset: tuple[float, ...] = (0.0,), scale: tuple[float, ...] = (1.0,)
) -> Tensor:
    """Shift and scale features: https://onnx.ai/onnx/operators/onnx_aionnxml_Scaler.html."""
    real = value if value.is_floating_point() else value.to(torch.float32)
    shift, factor = real.new_tensor(offset), real.new_tensor(scale)
    return (real - shift) * factor


def impute(
    value: Tensor, *, imputed_value_floats: tuple[float, ...] | None = None,
    imputed_value_int64s: tuple[int, ...] | None = None, replaced_value_float: float = 0.0,
    replaced_value_int64: int = 0,
) -> Tensor:  # fmt: skip
    """Fill what is missing: https://onnx.ai/onnx/operators/onnx_aionnxml_Imputer.html."""
    real = value.is_floating_point()
    filling = value.new_tensor((imputed_value_floats if real else imputed_value_int64s) or ())
    mark = replaced_value_float if real else replaced_value_int64
    missing = torch.isnan(value) if math.isnan(mark) else value == mark
    return torch.where(missing, filling, value)


def join_features(*values: Tensor, inputdimensions: tuple[int, ...] = ()) -> Tensor:
    """Put features side by side: https://onnx.ai/onnx/operators/onnx_aionnxml_FeatureVectorizer.html."""
    parts = [each.reshape(len(each), -1).to(torch.float32) for each in values]
    wanted = inputdimensions or [part.shape[1] for part in parts]
    if [part.shape[1] for part in parts] != list(wanted):
        message = f"its inputs are not {tuple(wanted)} wide"
        raise ValueError(message)
    return torch.cat(parts, 1)


def _key(value: object) -> object:
    return _NOT_A_NUMBER if isinstance(value, float) and math.isnan(value) else value


def _listed(values: _Keys) -> Sequence[object]:
    return values.reshape(-1).tolist() if isinstance(values, Tensor) else values


def encode_labels(
    device: torch.device, value: Tensor | _Text, *, default_float: float = -0.0,
    default_int64: int = -1, default_string: str = "_Unused",
    default_tensor: _Keys | None = None, keys_floats: tuple[float, ...] | None = None,
    keys_int64s: tuple[int, ...] | None = None, keys_strings: tuple[str, ...] | None = None,
    keys_tensor: _Keys | None = None, values_floats: tuple[float, ...] | None = None,
    values_int64s: tuple[int, ...] | None = None,
    values_strings: tuple[str, ...] | None = None, values_tensor: _Keys | None = None,
) -> Tensor | _Text:  # fmt: skip
    """Map labels: https://onnx.ai/onnx/operators/onnx_aionnxml_LabelEncoder.html."""
    kinds: tuple[_Keys | None, ...] = (keys_floats, keys_int64s, keys_strings, keys_tensor)
    keys = next((each for each in kinds if each is not None), None)
    choices: list[tuple[_Keys | None, object, torch.dtype | None]] = [
        (values_floats, default_float, torch.float32),
        (values_int64s, default_int64, torch.int64),
        (values_strings, default_string, None),
        (values_tensor, *_default_of(values_tensor, default_tensor)),
    ]
    given = [each for each in choices if each[0] is not None]
    values = given[0][0] if given else None
    if keys is None or values is None:
        message = "it has no keys or no values"
        raise ValueError(message)
    _, default, dtype = given[0]
    table = dict(zip(map(_key, _listed(keys)), _listed(values), strict=True))
    found = [table.get(_key(each), default) for each in value.reshape(-1).tolist()]
    if dtype is None:
        return np.array(found, dtype=object).reshape(value.shape)
    return torch.tensor(found, dtype=dtype, device=device).reshape(value.shape)


def _default_of(
    values: _Keys | None, default: _Keys | None
) -> tuple[object, torch.dtype | None]:
    dtype = values.dtype if isinstance(values, Tensor) else None
    if default is not None:
        return _listed(default)[0], dtype
    if dtype is None:
        return "_Unused", None
    return (-0.0 if dtype.is_floating_point else -1), dtype


def regress(
    value: Tensor, *, coefficients: tuple[float, ...], intercepts: tuple[float, ...] = (),
    targets: int = 1, post_transform: str = "NONE",
) -> Tensor:  # fmt: skip
    """Weigh features: https://onnx.ai/onnx/operators/onnx_aionnxml_LinearRegressor.html."""
    del post_transform
    real = value if value.is_floating_point() else value.to(torch.float32)
    weight = real.new_tensor(coefficients).reshape(targets, -1)
    result = real @ weight.T
    return result + real.new_tensor(intercepts) if intercepts else result


_NORMS = {"L1": 1.0, "L2": 2.0}


def normalize(value: Tensor, *, norm: str) -> Tensor:
    """Scale rows to norm one: https://onnx.ai/onnx/operators/onnx_aionnxml_Normalizer.html."""
    real = value if value.is_floating_point() else value.to(torch.float32)
    size: Tensor = torch.linalg.vector_norm(real, _NORMS[norm], -1, keepdim=True)
    return real / torch.where(size == 0, torch.ones_like(size), size)


def one_hot(
    device: torch.device, value: Tensor | _Text, *, cats_int64s: tuple[int, ...] | None = None,
    cats_strings: tuple[str, ...] | None = None, zeros: int = 1,
) -> Tensor:  # fmt: skip
    """Mark categories: https://onnx.ai/onnx/operators/onnx_aionnxml_OneHotEncoder.html."""
    names: Sequence[object] = cats_int64s or cats_strings or ()
    places = {name: at for at, name in enumerate(names)}
    given = value.long() if isinstance(value, Tensor) else value
    found = [places.get(each, -1) for each in given.reshape(-1).tolist()]
    if not zeros and -1 in found:
        message = "it met an unknown category"
        raise ValueError(message)
    index = torch.tensor(found, dtype=torch.int64, device=device).reshape(*value.shape, 1)
    return (index == torch.arange(len(names), device=device)).to(torch.float32)


def map_categories(
    device: torch.device, value: Tensor | _Text, *, cats_int64s: tuple[int, ...],
    cats_strings: tuple[str, ...], default_int64: int = -1, default_string: str = "_Unused",
) -> Tensor | _Text:  # fmt: skip
    """Map names and numbers: https://onnx.ai/onnx/operators/onnx_aionnxml_CategoryMapper.html."""
    if isinstance(value, Tensor):
        return encode_labels(
            device, value, keys_int64s=cats_int64s, values_strings=cats_strings,
            default_string=default_string,
        )  # fmt: skip
    return encode_labels(
        device, value, keys_strings=cats_strings, values_int64s=cats_int64s,
        default_int64=default_int64,
    )  # fmt: skip


def _say_norm(keywords: Mapping[str, object], numbers: Sequence[object]) -> str | None:
    del numbers
    if keywords.get("norm") in _NORMS:
        return None
    return "whether its norm MAX takes absolute values, implementations disagree"


def _say_transform(keywords: Mapping[str, object], numbers: Sequence[object]) -> str | None:
    del numbers
    given = keywords.get("post_transform", "NONE")
    return (
        None if given == "NONE" else f"its post_transform {given!r} has no torch meaning here"
    )


HANDLERS: Mapping[str, Handler] = {
    "ArrayFeatureExtractor": Handler(extract, domain=DOMAIN),
    "Binarizer": Handler(binarize, domain=DOMAIN),
    "CategoryMapper": Handler(map_categories, domain=DOMAIN),
    "FeatureVectorizer": Handler(join_features, domain=DOMAIN),
    "Imputer": Handler(impute, domain=DOMAIN),
    "LabelEncoder": Handler(encode_labels, domain=DOMAIN),
    "LinearRegressor": Handler(regress, check=_say_transform, domain=DOMAIN),
    "Normalizer": Handler(normalize, check=_say_norm, domain=DOMAIN),
    "OneHotEncoder": Handler(one_hot, domain=DOMAIN),
    "Scaler": Handler(scale, domain=DOMAIN),
}
