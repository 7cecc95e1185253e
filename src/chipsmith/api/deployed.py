"""From what a verb is given to the program that a recipe's run made: a file, a run's folder or its result."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

from chipsmith.api.forms import AnyPath
from chipsmith.errors import BadInput

if TYPE_CHECKING:
    from chipsmith.deployment.prediction import Predicted
    from chipsmith.flow.results import RunResult
    from chipsmith.program.program import Program

_ANSWER_SUFFIXES = (".csv", ".json")


def find_deployed(program: Union[AnyPath, "Program", "RunResult"]) -> Union[AnyPath, "Program"]:
    """A Program or its file as it is; of a RunResult or of a run's folder the file of its program.

    Raises BadInput for a folder without one, and for what is none of these.
    """
    from chipsmith.flow.results import RunResult
    from chipsmith.program.program import Program

    if isinstance(program, RunResult):
        return program.program
    if isinstance(program, Program):
        return program
    path = _as_path(program)
    return _in_folder(path) if path.is_dir() else path


def _as_path(program: Any) -> Path:
    if isinstance(program, str | os.PathLike):
        return Path(program)
    raise BadInput(f"a program is a file, a run's folder, a Program or a RunResult; {type(program).__name__} is given")


def _in_folder(folder: Path) -> Path:
    programs = sorted(folder.glob("*.program"))
    if len(programs) == 1:
        return programs[0]
    if programs:
        raise BadInput(f"{folder} has {len(programs)} programs, name one: {', '.join(map(str, programs))}")
    if (folder / "circuit.qasm").is_file():
        raise BadInput(f"{folder} is the run of a quantum network, which has no program for a chip")
    raise BadInput(f"{folder} holds no program: name the folder that `chipsmith run RECIPE` left, or a .program file")


def as_inputs(inputs: Any) -> list[Any]:
    """What is to be predicted, as a list: one path, text, array or table stands for itself."""
    if isinstance(inputs, str | os.PathLike | dict) or hasattr(inputs, "dtype") or hasattr(inputs, "columns"):
        return [inputs]
    return list(inputs)


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
