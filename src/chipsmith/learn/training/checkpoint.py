"""The state of a training between two epochs as one sealed file, from which it goes on to the same bits."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chipsmith.checksums import Damaged, check_seal, seal
from chipsmith.errors import BadInput
from chipsmith.files import write_whole
from chipsmith.learn.tensor_files import read_torch
from chipsmith.learn.training.identity import TrainingIdentity

State = dict[str, Any]

_FORM = "chipsmith checkpoint 2"
"""Grows with the form of the file, and whenever the same steps would give other bits."""
_NAME = "checkpoint"
"""The name that is sealed with the file: a checkpoint may be moved."""
_AFRESH = "remove it and train afresh"


def write_checkpoint(path: Path, state: State, *, of: TrainingIdentity) -> None:
    """Write tensors and plain values, whole or not at all; `of` says what training the state belongs to."""
    import torch

    examples = {part: torch.from_numpy(digests.copy()) for part, digests in of.examples.items()}
    identity = {"fields": dict(of.fields), "examples": examples, "first_loss": of.first_loss}
    buffer = io.BytesIO()
    torch.save({"form": _FORM, "of": identity, "state": state}, buffer)
    write_whole(path, seal(buffer.getvalue(), name=_NAME))


def read_checkpoint(path: Path, *, of: TrainingIdentity) -> State:
    """The state in a file that `write_checkpoint` wrote for the same training; nothing in it is executed.

    Raises BadInput where the file is damaged, foreign or of another training, naming the first thing that differs.
    """
    content = _read(path)
    if content.get("form") != _FORM:
        raise BadInput(f"{path} is a checkpoint of another version of Chipsmith; go on with that, or {_AFRESH}")
    try:
        different = _identity(content["of"]).difference(of)
        state: State = content["state"]
    except (KeyError, TypeError, AttributeError, ValueError, RuntimeError) as error:
        raise BadInput(f"{path} is no checkpoint of a training; {_AFRESH}") from error
    if different is not None:
        raise BadInput(
            f"{path} is of another training: {different}; go on with the recipe, data and versions it was begun with, "
            "or train to another folder"
        )
    return state


def _identity(content: Mapping[str, Any]) -> TrainingIdentity:
    examples = {part: digests.numpy() for part, digests in content["examples"].items()}
    return TrainingIdentity(fields=content["fields"], examples=examples, first_loss=content["first_loss"])


def _read(path: Path) -> Mapping[str, Any]:
    try:
        check_seal(path, name=_NAME)
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror or error}") from error
    except Damaged as error:
        raise BadInput(
            f"{path} is damaged, or is no checkpoint of this Chipsmith: its checksum is not that of its contents; "
            f"put back a copy, or {_AFRESH}"
        ) from error
    content = read_torch(path, what="checkpoint of a training", mend=_AFRESH)
    if not isinstance(content, dict):
        raise BadInput(f"{path} is no checkpoint of a training; {_AFRESH}")
    return content
