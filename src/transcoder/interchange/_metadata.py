"""What an ONNX file says about itself besides its graph."""

from collections.abc import Mapping


def read_metadata(onnx_bytes: bytes, name: str) -> Mapping[str, str]:
    """Read the texts that a file carries, by key.

    Args:
        onnx_bytes: The file.
        name: What errors call it.

    Raises:
        InvalidModelError: If it is no model.
    """
    from transcoder.interchange._parsing import parse  # late, for it loads onnx

    return {each.key: each.value for each in parse(onnx_bytes, name).metadata_props}


def with_metadata(onnx_bytes: bytes, texts: Mapping[str, str], name: str) -> bytes:
    """Give a file more texts to carry; those under the same key are replaced.

    Args:
        onnx_bytes: The file.
        texts: By key.
        name: What errors call it.

    Raises:
        InvalidModelError: If it is no model.
    """
    from transcoder.interchange._parsing import parse

    model = parse(onnx_bytes, name)
    kept = {each.key: each.value for each in model.metadata_props} | dict(texts)
    del model.metadata_props[:]
    for key in sorted(kept):
        model.metadata_props.add(key=key, value=kept[key])
    return bytes(model.SerializeToString(deterministic=True))
