"""What a wrong name was meant to be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that a wrong one is most like; None where none is close."""
    import difflib

    names = list(known)
    close = difflib.get_close_matches(name, names, n=1)
    return close[0] if close else _of_same_word(name, names)


def _of_same_word(name: str, known: Sequence[str]) -> str | None:
    """The known name that has a word of a wrong one, one or many of it: image_folder of images."""
    words = _words(name)
    return next((each for each in known if words & _words(each)), None)


def _words(name: str) -> set[str]:
    parts = (part.removesuffix("s") for part in re.split(r"[^a-z0-9]+", name.lower()))
    return {part for part in parts if len(part) >= _SHORTEST}


_SHORTEST = 4
"""Letters of a word by which names are alike."""


def nearest_in_brackets(name: str, known: Iterable[str]) -> str:
    """What a wrong name was meant to be, in brackets behind it; empty where no known name is close."""
    near = nearest_name(name, known)
    return f" (did you mean {near}?)" if near else ""


def nearest_at_end(name: str, known: Iterable[str]) -> str:
    """The same, for the end of the message."""
    near = nearest_name(name, known)
    return f"; did you mean {near}?" if near else ""


SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "lr": ("learning_rate",),
    "eta": ("learning_rate",),
    "step_size": ("learning_rate",),
    "batch": ("batch_size",),
    "bs": ("batch_size",),
    "minibatch": ("batch_size",),
    "iterations": ("epochs",),
    "max_epochs": ("epochs",),
    "n_epochs": ("epochs",),
    "num_epochs": ("epochs",),
    "wd": ("weight_decay",),
    "decay": ("weight_decay",),
    "l2": ("weight_decay",),
    "opt": ("optimizer",),
    "optim": ("optimizer",),
    "optimiser": ("optimizer",),
    "scheduler": ("schedule",),
    "lr_schedule": ("schedule",),
    "lr_scheduler": ("schedule",),
    "patience": ("early_stopping",),
    "early_stop": ("early_stopping",),
    "grad_clip": ("gradient_clip",),
    "clip_grad": ("gradient_clip",),
    "smoothing": ("label_smoothing",),
    "amp": ("mixed_precision",),
    "fp16": ("mixed_precision",),
    "augment": ("augmentation",),
    "transforms": ("augmentation",),
    "dp": ("privacy",),
    "gpu": ("device",),
    "model": ("network",),
    "net": ("network",),
    "arch": ("network",),
    "architecture": ("network",),
    "dataset": ("data",),
    "hidden": ("hidden", "dense", "feed_forward", "width"),
    "hidden_size": ("hidden", "dense", "width"),
    "hidden_units": ("hidden", "dense", "width"),
    "units": ("hidden", "dense", "width"),
    "neurons": ("hidden", "dense", "width"),
    "n_layers": ("layers", "blocks", "channels", "hidden"),
    "num_layers": ("layers", "blocks", "channels", "hidden"),
    "layers": ("layers", "blocks", "channels", "hidden"),
    "depth": ("layers", "blocks", "channels", "hidden"),
    "filters": ("channels",),
    "n_filters": ("channels",),
    "num_filters": ("channels",),
    "out_channels": ("channels",),
    "kernel_size": ("kernel",),
    "filter_size": ("kernel",),
    "dropout_rate": ("dropout",),
    "drop": ("dropout",),
    "batch_norm": ("norm",),
    "batchnorm": ("norm",),
    "image_size": ("size",),
    "img_size": ("size",),
    "resolution": ("size",),
    "test_size": ("shares",),
    "split": ("shares",),
    "val_split": ("shares", "validation"),
    "sample_rate": ("rate_hz",),
    "sampling_rate": ("rate_hz",),
    "sr": ("rate_hz",),
    "n_mels": ("mels",),
    "n_fft": ("window",),
    "hop_length": ("hop",),
    "n_mfcc": ("coefficients",),
    "max_length": ("length",),
    "seq_len": ("length",),
    "sequence_length": ("length",),
    "tokenizer": ("tokeniser",),
    "labels": ("target", "label"),
    "y": ("target", "label"),
    "file": ("path",),
    "filename": ("path",),
    "folder": ("path",),
    "directory": ("path",),
    "dir": ("path",),
    "cv": ("folds",),
    "kfold": ("folds",),
    "random_state": ("seed",),
    "random_seed": ("seed",),
    "hardware": ("chip", "base"),
    "n_trials": ("trials",),
    "num_trials": ("trials",),
    "max_trials": ("trials",),
    "constraints": ("budget",),
    "objective": ("objectives",),
    "frequency": ("clock_mhz",),
    "freq": ("clock_mhz",),
    "mhz": ("clock_mhz",),
    "clock": ("clock_mhz",),
    "node": ("node_nm",),
    "process": ("node_nm",),
    "voltage": ("voltage_v",),
    "cols": ("columns",),
    "simd": ("lanes",),
    "sram": ("group_bytes",),
    "sram_bytes": ("group_bytes",),
    "bank_bytes": ("group_bytes",),
    "banks": ("groups",),
    "bandwidth": ("bytes_per_cycle",),
    "bus": ("bytes_per_cycle",),
    "bus_width": ("bytes_per_cycle",),
    "dram": ("external",),
    "ddr": ("external",),
}
"""What users of other tools call a field, and its names here, the best first."""

_ALIKE = 0.75
"""How alike a name elsewhere has to be."""


def nearest_field(path: str, known: Sequence[str]) -> str | None:
    """The field that a wrong dotted path was meant to be: its whole path; None where none is near.

    In that order: of the same name elsewhere, nearest to where it was given; what users of other tools call so; of a
    name like it in the same section; of a name like it elsewhere.
    """
    section, _, name = path.rpartition(".")
    for meant in (name, *SYNONYMS.get(name.lower(), ())):
        same = [each for each in known if each.rpartition(".")[2] == meant]
        if same:
            return min(same, key=lambda each: _distance(section, each))
    siblings = {each.rpartition(".")[2]: each for each in known if each.rpartition(".")[0] == section}
    near = nearest_name(name, siblings)
    return siblings[near] if near else _alike_elsewhere(name, section, known)


def _alike_elsewhere(name: str, section: str, known: Sequence[str]) -> str | None:
    import difflib

    names = {each.rpartition(".")[2] for each in known}
    near = difflib.get_close_matches(name, sorted(names), n=1, cutoff=_ALIKE)
    if not near:
        return None
    return min(
        (each for each in known if each.rpartition(".")[2] == near[0]), key=lambda each: _distance(section, each)
    )


def _distance(section: str, path: str) -> tuple[int, int]:
    """Steps up from the section and down to the field's own, the fewer the nearer; deep fields come last."""
    here = section.split(".") if section else []
    there = path.split(".")[:-1]
    common = 0
    while common < min(len(here), len(there)) and here[common] == there[common]:
        common += 1
    return len(here) - common, len(there) - common
