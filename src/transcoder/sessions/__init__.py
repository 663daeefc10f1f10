"""Run paths: segments by ONNX Runtime, oracles as Python code, values to batches and back."""

from transcoder.sessions._batches import collate, join_batches, mask_axis, split_rows
from transcoder.sessions._checks import ValueCheck, find_not_finite, value_check
from transcoder.sessions._oracles import DEFAULT_ALLOW, OraclePool
from transcoder.sessions._pool import SessionPool
from transcoder.sessions._runner import Runner

__all__ = [
    "DEFAULT_ALLOW",
    "OraclePool",
    "Runner",
    "SessionPool",
    "ValueCheck",
    "collate",
    "find_not_finite",
    "join_batches",
    "mask_axis",
    "split_rows",
    "value_check",
]
