"""Run paths: segments by ONNX Runtime, oracles as Python code, values to batches and back."""

from transcoder.sessions._batches import collate, join_batches, mask_axis, split_rows
from transcoder.sessions._checks import ValueCheck, find_not_finite, value_check
from transcoder.sessions._entry_points import load_entry_point
from transcoder.sessions._oracles import DEFAULT_ALLOW, DEFAULT_LIMIT_S, OraclePool
from transcoder.sessions._pool import DEFAULT_BYTE_LIMIT, SessionPool
from transcoder.sessions._runner import Runner

__all__ = [
    "DEFAULT_ALLOW",
    "DEFAULT_BYTE_LIMIT",
    "DEFAULT_LIMIT_S",
    "OraclePool",
    "Runner",
    "SessionPool",
    "ValueCheck",
    "collate",
    "find_not_finite",
    "join_batches",
    "load_entry_point",
    "mask_axis",
    "split_rows",
    "value_check",
]
