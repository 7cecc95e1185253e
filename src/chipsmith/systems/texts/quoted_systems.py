"""The systems that the page's sentences quote, each under a short name, by whose rows they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from chipsmith.systems.row import SystemRow


@dataclass(frozen=True, kw_only=True)
class SystemKey:
    """What tells the rows of a system from all others: whose figures, of what, from which round ('' where none)."""

    organisation: str
    system: str
    edition: str = ""

    @classmethod
    def of(cls, row: SystemRow) -> SystemKey:
        """The key of a row."""
        return cls(organisation=row.organisation, system=row.system, edition=row.edition)


def _tiny(edition: str, organisation: str, system: str) -> SystemKey:
    return SystemKey(organisation=organisation, system=system, edition=f"MLPerf Tiny v{edition}")


def _study(model: str) -> SystemKey:
    return SystemKey(organisation="quantum study", system=model)


def _here(system: str) -> SystemKey:
    return SystemKey(organisation="this computer", system=system)


_ST = "STMicroelectronics"

QUOTED_SYSTEMS: Mapping[str, SystemKey] = MappingProxyType(
    {
        "l4r5_reference": _tiny("0.5", "MLCommons (reference)", "NUCLEO-L4R5ZI"),
        "l4r5_tvm": _tiny("1.0", "OctoML", "NUCLEO-L4R5ZI, microTVM native"),
        "l4r5_plumerai": _tiny("1.1", "Plumerai", "NUCLEO-L4R5ZI"),
        "l4r5_st_v10": _tiny("1.0", _ST, "NUCLEO-L4R5ZI"),
        "l4r5_st_v12": _tiny("1.2", _ST, "NUCLEO-L4R5ZI"),
        "l4r5_krai": _tiny("1.1", "Krai", "NUCLEO-L4R5ZI, X-CUBE-AI 7.3"),
        "h7a3_v07": _tiny("0.7", _ST, "NUCLEO-H7A3ZI-Q"),
        "h7a3_v12": _tiny("1.2", _ST, "NUCLEO-H7A3ZI-Q"),
        "h7a3_v14": _tiny("1.4", _ST, "NUCLEO-H7A3ZI-Q"),
        "h7a3_float": _tiny("1.2", "Bosch", "NUCLEO-H7A3ZI, float32"),
        "h7a3_int8": _tiny("1.2", "Bosch", "NUCLEO-H7A3ZI, int8"),
        "u385": _tiny("1.3", _ST, "NUCLEO-U385RG-Q"),
        "u575_v10": _tiny("1.0", _ST, "NUCLEO-U575ZI-Q"),
        "ra8d1": _tiny("1.2", "Renesas", "EK-RA8D1"),
        "h7p5_core": _tiny("1.4", _ST, "NUCLEO-H7P5II, Cortex-M7"),
        "h7p5_npu": _tiny("1.4", _ST, "NUCLEO-H7P5II, Neural-ART"),
        "k1_slow": _tiny("1.3", "Kai Jiang", "K1 board 1.0, 614 MHz"),
        "k1_fast": _tiny("1.3", "Kai Jiang", "K1 board 1.0, 1.6 GHz"),
        "pi4": _tiny("0.5", "Latent AI", "Raspberry Pi 4B, int8"),
        "pi4_float": _tiny("0.5", "Latent AI", "Raspberry Pi 4B, float32"),
        "mp157": SystemKey(organisation=_ST, system="STM32MP157F-DK2", edition="ST model zoo"),
        "mp257": SystemKey(organisation=_ST, system="STM32MP257F-DK2", edition="ST model zoo"),
        "jetson": SystemKey(organisation="Daniel Morandini", system="Jetson Nano, GPU", edition="measured August 2021"),
        "xg24": _tiny("1.0", "Silicon Labs", "xG24-DK2601B"),
        "syntiant_slow": _tiny("1.0", "Syntiant", "NDP9120, 0.9 V, 30 MHz"),
        "syntiant_fast": _tiny("1.0", "Syntiant", "NDP9120, 1.1 V, 98 MHz"),
        "gap9_slow": _tiny("1.0", "GreenWaves Technologies", "GAP9, 0.65 V, 240 MHz"),
        "gap9_fast": _tiny("1.0", "GreenWaves Technologies", "GAP9, 0.8 V, 370 MHz"),
        "zc706": _tiny("1.1", "fpgaConvNet", "ZC706"),
        "zybo": _tiny("1.1", "fpgaConvNet", "ZyBo"),
        "edge256": SystemKey(organisation="Chipsmith", system="edge-256"),
        "quantum_kernel": _study("kernel, exact"),
        "product_kernel": _study("kernel_without_entanglement, exact"),
        "rbf": _study("rbf, exact"),
        "here": _here("onnxruntime, int8, 1 thread"),
        "here_twice": _here("onnxruntime, int8, 2 threads"),
        "here_c": _here("C, int8, 1 thread"),
    }
)
"""By the name that begins a format field."""
