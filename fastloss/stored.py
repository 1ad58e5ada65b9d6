"""A state as bytes: numbers and names as JSON, arrays as NumPy's own format, nothing that could run code."""

import io
import json
from typing import Any

import numpy as np


def pack(about: dict[str, Any], arrays: dict[str, np.ndarray]) -> bytes:
    """Both as bytes."""
    file = io.BytesIO()
    np.savez_compressed(file, about=np.array(json.dumps(about)), **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What `pack` was given.

    Raises
    ------
    ValueError
        If these are not such bytes.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        return json.loads(str(arrays.pop("about"))), arrays
    except Exception as error:  # a damaged archive may raise anything
        raise ValueError("these bytes are no state of fastloss") from error
