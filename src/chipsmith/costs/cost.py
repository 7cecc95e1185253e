"""Dollars of a chip at a volume: its die, package, assembly and test, and its share of masks and design."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chipsmith.chip import Chip
from chipsmith.chip.manufacturing import YieldModel, dies_per_wafer, process, yield_fraction
from chipsmith.chip.packages import PackageKind, fitting_packages, pin_count
from chipsmith.chip.sourced import Sourced, SourcedRange, Status, derived, sum_ranges
from chipsmith.costs.area import AreaEstimate
from chipsmith.costs.design_cost import estimate_design, estimate_test
from chipsmith.errors import BadInput

DEFAULT_VOLUME = 1_000_000
"""Chips over which masks and design are spread where no volume is given."""
MOST_VOLUME = 10**12


@dataclass(frozen=True, kw_only=True)
class CostEstimate:
    """What a chip costs where `volume` of them are built, in dollars of 2020 or nearly. Estimated, never measured.

    `yields` are those of all models; the estimate uses the negative binomial, the ends of `die_usd` the least and the
    most of all. `packages` are those that fit, the cheapest first: it is taken. `mask_set_usd` and `design_usd` are
    paid once.
    """

    volume: int
    die_area_mm2: float
    wafer_price_usd: SourcedRange
    dies_per_wafer: Sourced
    yields: Mapping[YieldModel, SourcedRange]
    die_usd: SourcedRange
    pins: Sourced
    packages: Mapping[PackageKind, SourcedRange]
    test_usd: SourcedRange
    mask_set_usd: SourcedRange
    design_usd: SourcedRange

    @property
    def package(self) -> PackageKind:
        """The cheapest package that fits."""
        return next(iter(self.packages))

    @property
    def parts(self) -> Mapping[str, SourcedRange]:
        """Dollars of one chip by what they pay; they sum to `chip_usd`."""
        share = Sourced(value=1 / self.volume, unit="1", source=f"1 / {self.volume:,} chips", status=Status.COMPUTED)
        return {
            "die": self.die_usd,
            "package and assembly": self.packages[self.package],
            "test": self.test_usd,
            "masks": self.mask_set_usd.scaled(share, formula="masks / volume", unit="USD"),
            "design": self.design_usd.scaled(share, formula="design / volume", unit="USD"),
        }

    @property
    def chip_usd(self) -> SourcedRange:
        """What a chip costs at the volume."""
        return sum_ranges(self.parts.values(), formula=f"{' + '.join(self.parts)}, at {self.volume:,} chips")


def estimate_cost(chip: Chip, area: AreaEstimate, *, volume: int = DEFAULT_VOLUME) -> CostEstimate:
    """The cost of a chip of this area in its node where `volume` are built.

    Raises BadInput where no die fits on a wafer, where no package has as many pins, and for a volume below 1.
    """
    check_volume(volume)
    constants, dies = process(chip.technology.node_nm), dies_per_wafer(area.total_mm2)
    if dies.value < 1:
        raise BadInput(f"chip {chip.name}: a die of {area.total_mm2:.0f} mm2 does not fit on a wafer; make it smaller")
    yields = {
        model: yield_fraction(model, area_mm2=area.total_mm2, defects_per_cm2=constants.defects_per_cm2)
        for model in YieldModel
    }
    pins = pin_count(chip)
    return CostEstimate(
        volume=volume,
        die_area_mm2=area.total_mm2,
        wafer_price_usd=constants.wafer_price_usd,
        dies_per_wafer=dies,
        yields=yields,
        die_usd=_die(constants.wafer_price_usd, dies, yields, area),
        pins=pins,
        packages=_packages(chip, pins, area),
        test_usd=estimate_test(),
        mask_set_usd=constants.mask_set_usd,
        design_usd=estimate_design(chip, constants),
    )


def check_volume(volume: int) -> None:
    """Raises BadInput for a number of chips that nobody builds."""
    if not 1 <= volume <= MOST_VOLUME:
        raise BadInput(f"volume {volume}: give the number of chips that are built, from 1 to {MOST_VOLUME:,}")


def _packages(chip: Chip, pins: Sourced, area: AreaEstimate) -> Mapping[PackageKind, SourcedRange]:
    packages = fitting_packages(pins=pins.value, area_mm2=area.total_mm2)
    if not packages:
        raise BadInput(
            f"chip {chip.name}: no package takes a die of {area.total_mm2:.0f} mm2 with {pins.value:.0f} pins, as "
            f"{chip.external.bytes_per_cycle} bytes a cycle of {chip.external.kind} need them; make the chip smaller, "
            "or set external.bytes_per_cycle or clock_mhz lower"
        )
    return packages


def _die(
    wafer: SourcedRange, dies: Sourced, yields: Mapping[YieldModel, SourcedRange], area: AreaEstimate
) -> SourcedRange:
    good = yields[YieldModel.NEGATIVE_BINOMIAL].estimate
    value = wafer.value / (dies.value * good.value)
    formula = "wafer price / (dies a wafer x yield)"
    estimate = derived(value, "USD", formula=formula, inputs=(wafer.estimate, dies, good), at_best=area.status)
    low = wafer.low / (dies.value * max(share.high for share in yields.values()))
    high = wafer.high / (dies.value * min(share.low for share in yields.values()))
    return SourcedRange(estimate=estimate, low=low, high=high, others=wafer.others)
