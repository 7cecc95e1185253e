"""What a value of an argument stands for, before the verb sees it: names of runs, arrays of other libraries, settings.

A parameter's form names one of these as its `adopt`; both doors, the command line's and Python's, call it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chipsmith.errors import BadInput
from chipsmith.flow.run_files import RUNS

if TYPE_CHECKING:
    from chipsmith.tosa.graph import Array

_SOME = 4
"""Names of a class's package that are looked at."""


def adopt_run(value: Any) -> Any:
    """The folder runs/NAME for a name that is no path here and that runs/ has; any other value as it is."""
    if not isinstance(value, str | os.PathLike):
        return value
    listed = RUNS / value
    try:
        is_name = not Path(value).exists() and listed.is_dir() and listed != RUNS
    except (OSError, ValueError):  # a text that no file can be named by
        return value
    return str(listed) if is_name else value


def adopt_runs(value: Any) -> Any:
    """The same for several; one alone is one of them, also where it can be iterated, as a module can."""
    several = isinstance(value, list | tuple)
    return [adopt_run(each) for each in value] if several else [adopt_run(value)]


def adopt_arrays(value: Any) -> Any:
    """A file or None as it is; an array of numpy for an array, a tensor or nested lists, alone or by name.

    Raises BadInput, which says what is taken, for anything else.
    """
    if value is None or isinstance(value, str | os.PathLike):
        return value
    if isinstance(value, Mapping):
        return {name: to_array(each, f"'{name}' of the inputs") for name, each in value.items()}
    return to_array(value, "the input")


def adopt_needed_arrays(value: Any) -> Any:
    """The same where there has to be one. Raises BadInput for None."""
    if value is None:
        raise BadInput(f"the inputs are missing: {_MEND}")
    return adopt_arrays(value)


def adopt_several_arrays(value: Any) -> Any:
    """The same for several, one after the other."""
    several = isinstance(value, list | tuple) and not _is_numbers(value)
    return [adopt_arrays(each) for each in value] if several else [adopt_arrays(value)]


def adopt_calibration(value: Any) -> Any:
    """As adopt_arrays; what has a calibration of its own stays: a Recipe, a Dataset, a training, a run."""
    if isinstance(value, str | os.PathLike):
        return adopt_run(value)
    if isinstance(value, Mapping) or value is None:
        return adopt_arrays(value)
    if _is_ours(value):
        return value
    return to_array(value, "the calibration")


def adopt_source(value: Any) -> Any:
    """A file or `-` as it is; an array of numpy for a tensor or a list of numbers, and for each such of an iterator."""
    if isinstance(value, str | os.PathLike) or not isinstance(value, Iterable):
        return value
    return to_array(value, "the source") if _holds_numbers(value) else map(_adopt_piece, value)


def adopt_raw(value: Any) -> Any:
    """What `predict` takes: one input or a list of them, tensors and lists of numbers as arrays of numpy.

    Files, tables, rows and pictures stay as they are.
    """
    if isinstance(value, list | tuple) and not _is_numbers(value):
        return [_adopt_example(each) for each in value]
    several = isinstance(value, Iterable) and not (
        isinstance(value, str | os.PathLike | Mapping | list | tuple) or _is_picture(value) or _is_table(value)
    )
    return (_adopt_example(each) for each in value) if several and not _is_array(value) else [_adopt_example(value)]


def adopt_settings(value: Any) -> Any:
    """Settings such as "tensor.rows=32"; a mapping of fields to values stands for such."""
    if not isinstance(value, Mapping):
        return adopt_words(value)
    return [f"{name}={each if isinstance(each, str) else json.dumps(each)}" for name, each in value.items()]


def adopt_shapes(value: Any) -> Any:
    """Shapes such as "x=1x3x224x224"; a mapping of names to shapes stands for such."""
    if not isinstance(value, Mapping):
        return adopt_words(value)
    return [f"{name}={each if isinstance(each, str) else 'x'.join(map(str, each))}" for name, each in value.items()]


def adopt_words(value: Any) -> Any:
    """A list of words; a word alone is one of them, and never its letters."""
    return [value] if isinstance(value, str | os.PathLike) or not isinstance(value, Iterable) else value


def adopt_networks(value: Any) -> Any:
    """The same where names of recipes, and of networks that are known by name, come before those of runs."""
    return list(value) if isinstance(value, list | tuple | set) else [value]


def to_array(value: Any, what: str) -> Array:
    """An array of numpy of what is one, of a tensor of another library, or of nested lists of numbers.

    A tensor of PyTorch may be on a device and may have a gradient. Raises BadInput, naming `what`, for all else.
    """
    import numpy as np

    if isinstance(value, np.ndarray):
        array: Array = value
    else:
        array = _convert(value, what)
    if array.dtype.kind not in "biuf":
        raise BadInput(f"{what} holds {_kind(value)}, not numbers: {_MEND}")
    return array


_MEND = "give an array of numpy, a tensor, nested lists of numbers of one length, or the .npy file of such"


def _convert(value: Any, what: str) -> Array:
    import numpy as np

    if hasattr(value, "detach") and hasattr(value, "cpu"):  # a tensor of PyTorch
        value = value.detach().cpu()
        value = value.float() if str(value.dtype) == "torch.bfloat16" else value
    elif isinstance(value, list | tuple):
        value = [_convert(each, what) if hasattr(each, "detach") else each for each in value]
    elif not (hasattr(value, "__array__") or hasattr(value, "__dlpack__") or isinstance(value, bool | int | float)):
        raise BadInput(f"{what} is {_kind(value)}: {_MEND}")
    try:
        return np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise BadInput(f"{what} is {_kind(value)}, of which there is no array: {_MEND}") from error


def _adopt_piece(value: Any) -> Any:
    return to_array(value, "a piece of the source") if _holds_numbers(value) else value


def _holds_numbers(value: Any) -> bool:
    return _is_array(value) or (isinstance(value, list | tuple) and _is_numbers(value))


def _adopt_example(value: Any) -> Any:
    if _is_picture(value) or _is_table(value) or isinstance(value, str | os.PathLike | Mapping):
        return value
    if isinstance(value, list | tuple) and any(isinstance(each, str) for each in value):
        return value
    return value if _dtype_kind(value) in ("U", "S", "O") else to_array(value, "an input")


def _is_numbers(value: Any) -> bool:
    """Whether nested lists hold nothing but numbers, as far as their first items show it."""
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return isinstance(value, bool | int | float)


def _is_array(value: Any) -> bool:
    return hasattr(value, "__array__") or hasattr(value, "detach")


def _is_table(value: Any) -> bool:
    return hasattr(value, "columns") and hasattr(value, "to_dict")


def _is_picture(value: Any) -> bool:
    """Whether it is an image of PIL, which is not imported to tell."""
    return any(kind.__module__.partition(".")[0] == "PIL" for kind in type(value).__mro__)


def _is_ours(value: Any) -> bool:
    return any(kind.__module__.partition(".")[0] == "chipsmith" for kind in type(value).__mro__[:_SOME])


def _dtype_kind(value: Any) -> str:
    return str(getattr(getattr(value, "dtype", None), "kind", ""))


def _kind(value: Any) -> str:
    name = type(value).__name__
    if value is None:
        return "nothing"
    return f"a{'n' if name[:1].lower() in 'aeiou' else ''} {name}"
