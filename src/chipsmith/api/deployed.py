"""What is given to a program to predict, and the file of its answers."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from chipsmith.api.adopt import adopt_raw
from chipsmith.errors import BadInput

if TYPE_CHECKING:
    from chipsmith.deployment.prediction import Predicted

_ANSWER_SUFFIXES = (".csv", ".json")


def as_inputs(inputs: Any) -> list[Any]:
    """What is to be predicted, as a list: one path, text, array, picture or table stands for itself."""
    return list(adopt_raw(inputs))


def check_answers_file(path: Path | None) -> Path | None:
    """A file for answers, or None. Raises BadInput, before the work, where it cannot be one."""
    if path is None:
        return None
    if path.suffix not in _ANSWER_SUFFIXES:
        raise BadInput(f"--out {path}: answers are written as {' or '.join(_ANSWER_SUFFIXES)}")
    if not path.absolute().parent.is_dir():
        raise BadInput(f"--out {path}: there is no folder {path.parent}; make it first")
    return path


def write_answers(predicted: "Predicted", path: Path) -> None:
    """Write all answers to a file, whole. Raises BadInput where it cannot be written."""
    from chipsmith.files import write_whole

    write_whole(path, predicted.to_file(path.suffix).encode())
