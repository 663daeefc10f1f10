"""Code that a registry names: it is looked up only where its module is on the allow-list."""

from collections.abc import Sequence
from importlib import import_module
from types import BuiltinFunctionType, FunctionType

from transcoder.errors import OracleNotAllowedError


def load_entry_point(entry_point: str, allow: Sequence[str]) -> object:
    """Import what an entry point names.

    A class or function that a module has only imported counts as code of the module where it
    was defined, so that `allowed:Popen` is as little allowed as `subprocess:Popen`.

    Args:
        entry_point: `module:name`.
        allow: Names of modules and packages whose code may run, whatever is inside included.

    Raises:
        OracleNotAllowedError: If its module, or the one where it was defined, is not allowed.
        Exception: Whatever the import of the module raises, and AttributeError.
    """
    module, _, name = entry_point.partition(":")
    if not _is_allowed(module, allow):
        raise OracleNotAllowedError(entry_point, allow)
    found: object = getattr(import_module(module), name)
    if isinstance(found, type | FunctionType | BuiltinFunctionType):
        home = found.__module__ or "builtins"
        if not _is_allowed(home, allow):
            raise OracleNotAllowedError(f"{home}:{found.__qualname__}", allow)
    return found


def _is_allowed(module: str, allow: Sequence[str]) -> bool:
    return any(module == each or module.startswith(f"{each}.") for each in allow)
