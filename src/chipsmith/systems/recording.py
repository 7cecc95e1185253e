"""The record of a computer: its measured rows in a file that another computer's page takes in."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from chipsmith.errors import BadInput
from chipsmith.files import read_ordinary, write_whole
from chipsmith.learn.faults import first_fault
from chipsmith.profile.profile import Evidence
from chipsmith.systems.row import Generation, SystemRow

FORM: Final = "chipsmith generations record"
"""What a record says of itself."""

_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
_Note = Annotated[str, Field(max_length=2000)]
_Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_Most = 10_000
"""Rows of a record."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class RecordedRow(_Strict):
    """A row as a record holds it: measured, with a time or an energy at least."""

    network: _Text
    system: _Text
    generation: Generation
    how: Literal[Evidence.MEASURED] = Evidence.MEASURED
    latency_us: _Positive | None = None
    p99_us: _Positive | None = None
    energy_uj: _Positive | None = None
    boundary: _Text
    source: _Text
    hardware: _Note = ""
    software: _Note = ""
    precision: _Note = ""
    threads: Annotated[int, Field(ge=1)] | None = None
    grouped_by: _Note = ""

    @model_validator(mode="after")
    def _is_whole(self) -> RecordedRow:
        if self.latency_us is None and self.energy_uj is None:
            raise ValueError("a row needs latency_us or energy_uj")
        if self.generation is Generation.QUANTUM:
            raise ValueError("a record has no quantum rows: their times stand on no axis with the others'")
        if self.generation is Generation.ONE_CORE and (self.threads or 1) > 1:
            raise ValueError(f"{self.threads} threads do not run on {self.generation.value}")
        if self.latency_us is not None and self.p99_us is not None and self.p99_us < self.latency_us:
            raise ValueError("p99_us is less than latency_us, which is the median")
        return self


class ComputerRecord(_Strict):
    """The rows that a computer measured, and what it is: `device`, `driver` ('' where none), library `versions`."""

    form: Literal["chipsmith generations record"] = FORM
    schema_version: Literal[1] = 1
    device: _Text
    driver: _Note = ""
    versions: dict[_Text, _Text]
    recorded: date
    rows: Annotated[tuple[RecordedRow, ...], Field(min_length=1, max_length=_Most)]


def write_record(
    path: Path, rows: Iterable[SystemRow], *, device: str, driver: str, versions: dict[str, str], recorded: date
) -> int:
    """Write the measured rows to `path`, whole or not at all; how many. Raises BadInput where there are none."""
    measured = [_keep(row) for row in rows if row.how is Evidence.MEASURED]
    if not measured:
        raise BadInput(
            f"nothing was measured on this computer, so {path} would be empty: the page says what was left out, and why"
        )
    record = ComputerRecord(device=device, driver=driver, versions=versions, recorded=recorded, rows=tuple(measured))
    write_whole(path, (record.model_dump_json(indent=2) + "\n").encode())
    return len(measured)


def _keep(row: SystemRow) -> RecordedRow:
    return RecordedRow(**{name: getattr(row, name) for name in RecordedRow.model_fields})


def read_record(path: Path) -> tuple[SystemRow, ...]:
    """The rows of somebody else's record, each with the device and the date. Raises BadInput, naming file and field."""
    try:
        record = ComputerRecord.model_validate_json(read_ordinary(path).removeprefix(BOM_UTF8))
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error
    except ValidationError as error:
        raise BadInput(
            f"{path} is no record of `chipsmith generations --record`: {first_fault(error, ComputerRecord)}"
        ) from None
    return tuple(_show(row, record, path) for row in record.rows)


def _show(row: RecordedRow, record: ComputerRecord, path: Path) -> SystemRow:
    driver = f", {record.driver}" if record.driver else ""
    versions = ", ".join(f"{name} {version}" for name, version in record.versions.items())
    source = f"{row.source}; {path.name}, recorded on {record.recorded} with {versions}{driver}"
    return SystemRow(**{**dict(row), "organisation": record.device, "source": source})


def record_schema() -> dict[str, object]:
    """The JSON Schema of a record's file."""
    return ComputerRecord.model_json_schema()
