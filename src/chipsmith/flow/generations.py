"""The story behind `chipsmith generations`: rows of every kind of system, collected for the same networks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from chipsmith.chip import Chip, load_chip
from chipsmith.errors import BadInput
from chipsmith.extras import installed_version
from chipsmith.files import write_whole
from chipsmith.flow.arrays import check_folder
from chipsmith.flow.calibration import AnyCalibration
from chipsmith.flow.generation_networks import AskedNetworks, load_networks
from chipsmith.learn.progress import Progress
from chipsmith.profile.profile import Evidence
from chipsmith.runtimes.processor import Processor, describe_processor
from chipsmith.schema import Json
from chipsmith.shown import Shown
from chipsmith.suggest import nearest_at_end
from chipsmith.systems.c_rows import count_c, measure_c
from chipsmith.systems.chip_rows import CHIPS, computer_points, network_size, simulate_chips
from chipsmith.systems.comparison import Collected, Comparison, join
from chipsmith.systems.computer_rows import HERE, NamedNetwork, energy_reason, measure_cpu, measure_gpu
from chipsmith.systems.host_roof import measure_host_roof
from chipsmith.systems.published_rows import load_published
from chipsmith.systems.quantum_rows import read_quantum
from chipsmith.systems.recording import read_record, write_record
from chipsmith.systems.row import LeftOut, SystemRow
from chipsmith.systems.texts import Language

PAGE = Path("runs") / "generations.html"
_SIZING_CHIP = "edge-1024"
"""The chip by whose Program operations are counted: the largest, so that it takes the most networks."""
_LIBRARIES = ("chipsmith", "numpy", "onnxruntime", "openvino", "ai-edge-litert", "torch")


class SystemGroup(StrEnum):
    """Where rows come from."""

    PUBLISHED = "published"
    CPU = "cpu"
    GPU = "gpu"
    C = "c"
    BOARDS = "boards"
    CHIPS = "chips"
    QUANTUM = "quantum"


_MEASURING = frozenset([SystemGroup.CPU, SystemGroup.GPU, SystemGroup.C])
"""The groups whose rows this computer measures."""


@dataclass(frozen=True, kw_only=True)
class GenerationsRequest:
    """What is asked: networks as a user names them, groups of systems, records of others, and where results go.

    `allow` names the functions that a recipe's file or a run folder may name.
    """

    networks: tuple[object, ...]
    groups: tuple[SystemGroup, ...]
    language: Language
    calibration: AnyCalibration | None
    records: tuple[Path, ...]
    record: Path | None
    page: Path
    allow: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class GenerationsResult(Shown):
    """The comparison, its page, and the record of this computer's rows, where it was asked for."""

    comparison: Comparison
    language: Language
    page: Path
    record: Path | None

    def _brief(self) -> str:
        return f"{self.comparison._brief()}; page {self.page}"

    def to_json(self) -> Json:
        """As `chipsmith generations --json` prints it."""
        return {
            **self.comparison.to_json(),
            "page": str(self.page),
            "record": None if self.record is None else str(self.record),
        }


def read_language(text: str) -> Language:
    """A language by its code. Raises BadInput."""
    try:
        return Language(text)
    except ValueError:
        raise BadInput(f"the page is written in {', '.join(Language)}, not in '{text}'") from None


def read_groups(names: Sequence[str]) -> tuple[SystemGroup, ...]:
    """Groups of systems by name, each once; all where none is named. Raises BadInput."""
    return tuple(dict.fromkeys(map(_read_group, names))) or tuple(SystemGroup)


def _read_group(name: str) -> SystemGroup:
    try:
        return SystemGroup(name)
    except ValueError:
        hint = nearest_at_end(name, SystemGroup)
        raise BadInput(f"there are no systems '{name}'; there are {', '.join(SystemGroup)}{hint}") from None


def compare_generations(request: GenerationsRequest, progress: Progress) -> GenerationsResult:
    """Collect the rows, write the page and, where asked for, the record. See `chipsmith.generations`."""
    from chipsmith.reports.generations.page import render_generations

    _check_files(request)
    others = [read_record(path) for path in request.records]
    asked = load_networks(request.networks, request.calibration, progress, allow=request.allow)
    comparison = _collect(request, asked, [row for rows in others for row in rows], progress)
    progress.stage("write the page")
    write_whole(request.page, render_generations(comparison, request.language).encode())
    if request.record is not None:
        record_computer(request.record, comparison)
    return GenerationsResult(comparison=comparison, language=request.language, page=request.page, record=request.record)


def _check_files(request: GenerationsRequest) -> None:
    """Raise BadInput where the page or the record could not be written, or the record would hold nothing."""
    _prepare_folder(request.page)
    if request.record is None:
        return
    _prepare_folder(request.record)
    if request.record.resolve() == request.page.resolve():
        raise BadInput(f"{request.record} cannot be both the record and the page: give --out another name")
    if _MEASURING.isdisjoint(request.groups):
        measuring = " or ".join(f"--system {group}" for group in sorted(_MEASURING))
        raise BadInput(f"nothing is measured for {request.record}: add {measuring}")


def _prepare_folder(path: Path) -> None:
    if path == PAGE:
        path.parent.mkdir(exist_ok=True)
    check_folder(path)


def record_computer(path: Path, comparison: Comparison) -> None:
    """Write the rows that this computer measured. Raises BadInput where there are none."""
    own = [row for row in comparison.rows if row.organisation == HERE and row.how is Evidence.MEASURED]
    device = " + ".join(dict.fromkeys(row.hardware for row in own)) or comparison.computer
    write_record(path, own, device=device, driver=read_driver(), versions=library_versions(), recorded=date.today())


def library_versions() -> dict[str, str]:
    """The libraries that measure, and their versions, as far as they are installed."""
    return {name: text for name in _LIBRARIES if (text := installed_version(name))}


def read_driver() -> str:
    """The CUDA driver's own words of its version; '' where there is none."""
    file = Path("/proc/driver/nvidia/version")
    return file.read_text().partition("\n")[0].strip() if file.is_file() else ""


def _collect(
    request: GenerationsRequest, asked: AskedNetworks, others: Iterable[SystemRow], progress: Progress
) -> Comparison:
    processor, chip = describe_processor(), load_chip(_SIZING_CHIP)
    collectors: Mapping[SystemGroup, Callable[[], Collected]] = {
        SystemGroup.PUBLISHED: lambda: collect_published(asked.names),
        SystemGroup.CPU: lambda: _collect_cpu(asked.networks, chip, processor),
        SystemGroup.GPU: lambda: measure_gpu(asked.networks, chip, processor),
        SystemGroup.C: lambda: measure_c(asked.networks, chip, processor),
        SystemGroup.BOARDS: lambda: count_c(asked.networks, chip),
        SystemGroup.QUANTUM: read_quantum,
        SystemGroup.CHIPS: lambda: simulate_chips(asked.networks, [load_chip(name) for name in CHIPS]),
    }
    parts = [Collected(left_out=asked.left_out, rows=asked.judged)]
    for group in request.groups:
        progress.stage(f"systems: {group}")
        parts.append(collectors[group]())
    rows = tuple(others)
    names = (*asked.names, *dict.fromkeys(row.network for row in rows if row.network not in asked.names))
    return Comparison(
        networks=names,
        collected=join([*parts, Collected(rows=rows)]),
        other_tasks=load_published().other_tasks if SystemGroup.PUBLISHED in request.groups else {},
        computer=str(processor),
    )


def collect_published(names: Iterable[str]) -> Collected:
    """The published rows of the networks, and which networks have none."""
    tables = load_published()
    parts = [Collected(rows=tables.rows_of(name)) for name in names]
    silent = [name for name, part in zip(names, parts, strict=True) if not part.rows]
    reason = "no table of this package has measurements of it"
    return join(
        [*parts, *(Collected(left_out=(LeftOut(what=f"{name}: published", reason=reason),)) for name in silent)]
    )


def _collect_cpu(networks: Sequence[NamedNetwork], chip: Chip, processor: Processor) -> Collected:
    if not networks:
        return Collected()
    measured = measure_cpu(networks, chip, processor)
    reason = energy_reason()
    open_energy = () if reason is None else (LeftOut(what=f"energy on {HERE}", reason=reason),)
    sizes = [size for named in networks if (size := network_size(named, chip)) is not None]
    points = tuple(computer_points(_best_rows(measured.rows), sizes, HERE))
    roof = measure_host_roof(HERE, threads=processor.cores)
    return join([measured, roof, Collected(left_out=open_energy, points=points)])


def _best_rows(rows: Iterable[SystemRow]) -> list[SystemRow]:
    """Of each network and precision the fastest."""
    best: dict[tuple[str, str], SystemRow] = {}
    for row in rows:
        key = (row.network, row.precision)
        if key not in best or (row.latency_us or 0) < (best[key].latency_us or 0):
            best[key] = row
    return list(best.values())
