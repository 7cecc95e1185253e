"""How a stream is cut and read: the settings of `chipsmith stream`, and the file beside a program that keeps them."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chipsmith.deployment.streaming.detection import DetectionRule
from chipsmith.errors import BadInput
from chipsmith.files import write_whole
from chipsmith.learn.data.files import digest_file
from chipsmith.plain_yaml import parse_document
from chipsmith.shown import Shown

SUFFIX = ".stream.yaml"
"""Ends the name of the file beside a program: wake_word.program has wake_word.stream.yaml."""
DEFAULT_HOP_MS = 20.0


class StreamSettings(Shown, BaseModel):
    """How a stream is read: an inference each `every` hops of `hop_ms` milliseconds (of sound), and when it notices.

    Without a `rule` nothing is noticed: every decision is told.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    hop_ms: float = Field(default=DEFAULT_HOP_MS, ge=1, le=60_000)
    every: int = Field(default=1, ge=1, le=100_000)
    rule: DetectionRule | None = None


class TunedSettings(Shown, BaseModel):
    """The file beside a program: settings that were tuned for it, the digest of its bytes, and on what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    program_sha256: str
    tuned_on: str
    settings: StreamSettings

    def write(self, program: Path) -> Path:
        """Write it beside its program; the path is returned. Raises BadInput where that cannot be written."""
        path = settings_path(program)
        text = yaml.safe_dump(self.model_dump(mode="json", exclude_none=True), sort_keys=False, allow_unicode=True)
        write_whole(path, text.encode())
        return path

    @classmethod
    def of(cls, program: Path, settings: StreamSettings, *, tuned_on: str) -> Self:
        """Settings for the program file as it is now."""
        return cls(program_sha256=digest_file(program).hex(), tuned_on=tuned_on, settings=settings)


def settings_path(program: Path) -> Path:
    """Where the settings of a program's file stand."""
    return program.with_name(program.name.removesuffix(".program") + SUFFIX)


def read_tuned(program: Path) -> TunedSettings | None:
    """The settings beside a program, None where there are none. Raises BadInput where they are of another program."""
    path = settings_path(program)
    if not path.is_file():
        return None
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot read {path} ({error}); remove it, or tune again") from error
    document = parse_document(text, origin=str(path), form="a mapping is needed, as `chipsmith tune` writes it")
    try:
        tuned = TunedSettings.model_validate(document.fields)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"{path}: {place}: {first['msg']}; mend or remove it, or tune again") from error
    if tuned.program_sha256 != digest_file(program).hex():
        raise BadInput(
            f"{path} was tuned for other bytes than {program} has: tune again (`chipsmith tune`), or remove it"
        )
    return tuned
