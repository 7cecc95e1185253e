"""The state of a training between two epochs as one file, from which it goes on to the same bits."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

from chipsmith.errors import BadInput
from chipsmith.files import write_whole

State = dict[str, Any]

_FORM = "chipsmith checkpoint 1"


def write_checkpoint(path: Path, state: State, *, of: State) -> None:
    """Write tensors and plain values, whole or not at all; `of` says what training the state belongs to."""
    import torch

    buffer = io.BytesIO()
    torch.save({"form": _FORM, "of": of, "state": state}, buffer)
    write_whole(path, buffer.getvalue())


def read_checkpoint(path: Path, *, of: State) -> State:
    """The state in a file that `write_checkpoint` wrote for the same `of`; nothing in it is executed.

    Raises BadInput where the file is damaged, foreign or of another training, naming the first thing that differs.
    """
    import torch

    try:
        content = torch.load(path, weights_only=True, map_location="cpu")
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror or error}") from error
    except (RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError) as error:
        raise BadInput(f"{path} is no checkpoint of a training, or is truncated; remove it and train afresh") from error
    if not isinstance(content, dict) or content.get("form") != _FORM:
        raise BadInput(f"{path} is no checkpoint of this Chipsmith; remove it and train afresh")
    different = next((name for name in of if content["of"].get(name) != of[name]), None)
    if different is not None:
        raise BadInput(
            f"{path} is of another training: its {different} is {_short(content['of'].get(different))}, here it is "
            f"{_short(of[different])}; go on with the recipe it was begun with, or train to another folder"
        )
    state: State = content["state"]
    return state


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 100 else f"{text[:100]}..."
