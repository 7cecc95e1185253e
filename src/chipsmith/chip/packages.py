"""The package of a chip: how many pins it needs, which packages have as many, and what each costs with assembly."""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping

from chipsmith.chip.description import Chip
from chipsmith.chip.manufacturing import packaging
from chipsmith.chip.sourced import Sourced, SourcedRange, derived
from chipsmith.chip.tables import Row, read_table, sourced


class PackageKind(enum.StrEnum):
    """Kinds of packages: wafer-level, leadless with bond wires, ball grids with bond wires and with bumps."""

    WLCSP = "WLCSP"
    QFN = "QFN"
    BGA = "BGA"
    FLIP_CHIP_BGA = "FC-BGA"


def pin_count(chip: Chip) -> Sourced:
    """Pins that a chip of its own needs: the channels of its external memory, a serial host, supplies."""
    row = next(row for row in read_table("external_channels") if row["kind"] == chip.external.kind)
    bits = sourced(row, column="channel_bits", unit="bits")
    rate = sourced(row, column="pin_mbps", unit="Mb/s")
    strobes, commands, host, supplies = (
        packaging(item) for item in ("strobe_share", "command_pins", "host_pins", "supply_pins")
    )
    channels = math.ceil(8 * chip.external.bytes_per_cycle * chip.clock_mhz / (bits.value * rate.value))
    signals = channels * (bits.value * (1 + strobes.value) + commands.value) + host.value
    formula = f"{channels} channels of {chip.external.kind} and a host's signals, x (1 + supplies)"
    inputs = (bits, rate, strobes, commands, host, supplies)
    return derived(math.ceil(signals * (1 + supplies.value)), "pins", formula=formula, inputs=inputs)


def fitting_packages(*, pins: float, area_mm2: float) -> Mapping[PackageKind, SourcedRange]:
    """What each package costs, with assembly, that has as many pins on a die of this area, the cheapest first.

    Empty where no package has.
    """
    rows = {PackageKind(row["package"]): row for row in read_table("packages")}
    prices = {kind: _price(row, pins) for kind, row in rows.items() if _fits(row, pins=pins, area_mm2=area_mm2)}
    return dict(sorted(prices.items(), key=lambda item: item[1].value))


def _fits(row: Row, *, pins: float, area_mm2: float) -> bool:
    """Whether a package has the pins and takes the die; under a wafer-level package all balls stand below the die."""
    balls = math.floor(math.sqrt(area_mm2) / float(row["ball_pitch_mm"])) ** 2 if row["ball_pitch_mm"] else math.inf
    return pins <= min(float(row["most_pins"]), balls) and area_mm2 <= float(row["most_area_mm2"])


def _price(row: Row, pins: float) -> SourcedRange:
    base, per_pin = (sourced(row, column=column, unit="USD") for column in ("usd", "usd_per_pin"))
    value = base.value + per_pin.value * pins
    estimate = derived(value, "USD", formula=f"{row['package']} with assembly", inputs=(base,))
    low, high = float(row["low_usd"]), float(row["high_usd"])
    return SourcedRange(estimate=estimate, low=min(low, value), high=max(high, value))
