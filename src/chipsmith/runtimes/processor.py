"""The noun Processor: what this computer computes on, as its operating system has it."""

from __future__ import annotations

import platform
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from chipsmith.processors import processors

_CPUINFO = Path("/proc/cpuinfo")
_BOARD = Path("/sys/firmware/devicetree/base/model")

_EXTENSIONS: Mapping[str, str] = {
    "sse4_2": "sse4.2",
    "avx": "avx",
    "fma": "fma",
    "avx2": "avx2",
    "avx_vnni": "avx_vnni",
    "avx512f": "avx512f",
    "avx512bw": "avx512bw",
    "avx512_vnni": "avx512_vnni",
    "avx512_bf16": "avx512_bf16",
    "avx512_fp16": "avx512_fp16",
    "amx_int8": "amx_int8",
    "amx_bf16": "amx_bf16",
    "neon": "neon",
    "asimd": "neon",
    "asimdhp": "fp16",
    "asimddp": "dotprod",
    "i8mm": "i8mm",
    "bf16": "bf16",
    "sve": "sve",
    "sve2": "sve2",
    "sme": "sme",
}
"""What Linux calls the extensions that networks run by, in the order in which they came, and their usual names."""

_APPLE_EXTENSIONS: Mapping[str, str] = {
    "hw.optional.sse4_2": "sse4_2",
    "hw.optional.avx1_0": "avx",
    "hw.optional.fma": "fma",
    "hw.optional.avx2_0": "avx2",
    "hw.optional.avx512f": "avx512f",
    "hw.optional.avx512bw": "avx512bw",
    "hw.optional.avx512vnni": "avx512_vnni",
    "hw.optional.AdvSIMD": "asimd",
    "hw.optional.arm.FEAT_FP16": "asimdhp",
    "hw.optional.arm.FEAT_DotProd": "asimddp",
    "hw.optional.arm.FEAT_I8MM": "i8mm",
    "hw.optional.arm.FEAT_BF16": "bf16",
    "hw.optional.arm.FEAT_SME": "sme",
}
"""What macOS calls them, as Linux does."""

_X86 = frozenset(["x86_64", "AMD64", "i386", "i686"])
_OF_INT8 = frozenset(["avx_vnni", "avx512_vnni", "amx_int8"])


@dataclass(frozen=True, kw_only=True)
class Processor:
    """A processor: its maker's `name`, its `architecture`, and how many `cores` of it this process may use.

    `simd` are the extensions that compute on many numbers at once, the oldest first, by their usual names (sse4.2,
    avx2, avx512_vnni, neon, dotprod); empty where the operating system does not say.
    """

    name: str
    architecture: str
    cores: int
    simd: tuple[str, ...]
    operating_system: str

    @property
    def sums_int8_products(self) -> bool:
        """Whether it adds products of 8 bits in 32: of x86 only what has VNNI or AMX does, others add pairs in 16."""
        return self.architecture not in _X86 or not _OF_INT8.isdisjoint(self.simd)

    def __str__(self) -> str:
        cores = "1 core" if self.cores == 1 else f"{self.cores} cores"
        return f"{self.name} ({self.architecture}, {cores}, {' '.join(self.simd) or 'SIMD not known'})"


def describe_processor() -> Processor:
    """The processor that this process runs on."""
    name, simd = _ask_system()
    return Processor(
        name=name or platform.processor() or platform.machine(),
        architecture=platform.machine(),
        cores=processors(),
        simd=simd,
        operating_system=f"{platform.system()} {platform.release()}",
    )


def _ask_system() -> tuple[str, tuple[str, ...]]:
    if _CPUINFO.is_file():
        return parse_cpuinfo(_CPUINFO.read_text(), board=_read_board())
    if platform.system() == "Darwin":
        return parse_sysctl(_run_sysctl())
    return "", ()


def parse_cpuinfo(text: str, *, board: str = "") -> tuple[str, tuple[str, ...]]:
    """Name and SIMD extensions in the text of Linux's /proc/cpuinfo; `board` is the name where that has none."""
    fields = _read_fields(text)
    name = fields.get("model name") or fields.get("uarch") or board or fields.get("Hardware", "")
    flags = (fields.get("flags") or fields.get("Features") or "").split()
    return name, (*_name_extensions(flags), *_name_vectors(fields.get("isa", "")))


def parse_sysctl(text: str) -> tuple[str, tuple[str, ...]]:
    """The same in what macOS's `sysctl machdep.cpu hw.optional` prints."""
    fields = _read_fields(text)
    flags = [flag for key, flag in _APPLE_EXTENSIONS.items() if fields.get(key) == "1"]
    return fields.get("machdep.cpu.brand_string", ""), _name_extensions(flags)


def _read_fields(text: str) -> Mapping[str, str]:
    """The lines `key : value` of a text."""
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in text.splitlines())}


def _name_extensions(flags: Iterable[str]) -> tuple[str, ...]:
    there = set(flags)
    return tuple(dict.fromkeys(name for flag, name in _EXTENSIONS.items() if flag in there))


def _name_vectors(isa: str) -> tuple[str, ...]:
    """RISC-V writes its extensions in a word: rv64imafdcv_zicsr."""
    return ("rvv",) if re.match(r"rv\d+[a-y]*v", isa) else ()


def _read_board() -> str:
    return _BOARD.read_text().strip("\0\n ") if _BOARD.is_file() else ""


def _run_sysctl() -> str:
    command = ["sysctl", "machdep.cpu", "hw.optional"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""
