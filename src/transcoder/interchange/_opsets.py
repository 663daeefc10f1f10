"""Operator sets and functions of two models that are to become one."""

import onnx
from onnx import checker, version_converter

from transcoder.errors import SpliceError
from transcoder.interchange._nested import DEFAULT_DOMAINS


def level_opsets(
    first: onnx.ModelProto, second: onnx.ModelProto
) -> tuple[onnx.ModelProto, onnx.ModelProto]:
    """Raise the model with the older standard operators to the newer ones.

    Ensures: every domain that both import has one version in both.

    Raises:
        SpliceError: If the versions of another domain differ, or no way leads up.
    """
    versions = opsets_of(first), opsets_of(second)
    for domain in sorted(versions[0].keys() & versions[1].keys() - {""}):
        if versions[0][domain] != versions[1][domain]:
            found = f"{versions[0][domain]} and {versions[1][domain]}"
            reason = f"they use the versions {found} of the operators of {domain!r}"
            raise SpliceError(reason, "export both again with one version")
    wanted = max(versions[0][""], versions[1][""])
    return _raised(first, versions[0][""], wanted), _raised(second, versions[1][""], wanted)


def opsets_of(model: onnx.ModelProto) -> dict[str, int]:
    """The version of each operator domain; that of the standard operators stands under ''."""
    return {
        "" if each.domain in DEFAULT_DOMAINS else each.domain: int(each.version)
        for each in model.opset_import
    }


def merge_functions(
    first: onnx.ModelProto, second: onnx.ModelProto
) -> list[onnx.FunctionProto]:
    """List the functions of both, those that are equal once.

    Raises:
        SpliceError: If two of one name differ.
    """
    found = {(each.domain, each.name, each.overload): each for each in first.functions}
    for function in second.functions:
        key = (function.domain, function.name, function.overload)
        if key in found and found[key] != function:
            reason = (
                f"both have a function {function.domain}::{function.name}, but not the same"
            )
            raise SpliceError(reason, "rename one of the functions")
        found[key] = function
    return list(found.values())


def _raised(model: onnx.ModelProto, version: int, wanted: int) -> onnx.ModelProto:
    if version == wanted:
        return model
    if model.functions:
        reason = f"opset {version} cannot be raised to {wanted} in a model with functions"
        raise SpliceError(reason, "export both again with one opset")
    try:
        return version_converter.convert_version(model, wanted)
    except (RuntimeError, ValueError, checker.ValidationError) as error:
        lines = str(error).strip().splitlines() or ["no way leads up"]
        reason = f"opset {version} cannot be raised to {wanted}: {lines[0].rstrip('. ')}"
        raise SpliceError(reason, "export both again with one opset") from error
