"""Classifiers and regressors on fixed filters: nothing but the dense layers is learned."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from chipsmith.errors import BadInput
from chipsmith.learn.networks.base import Dropout, Network, Shape, Size, require_outputs, require_rank

if TYPE_CHECKING:
    from torch import nn

Wavelength = Annotated[float, Field(ge=2, le=64)]


class Gabor(Network):
    """Gabor filters of fixed weights, their magnitudes averaged, then dense layers that are trained.

    Images (channels, height, width) -> (n, outputs). For each of `wavelengths` (pixels) there is a pair of filters,
    even and odd, in each of `orientations`; every channel is filtered by itself, the magnitudes are averaged over
    `pool` x `pool` places. The filters are a formula and know no data: a private training spends nothing on them and
    has few weights to hide. Sources: J. Daugman, Journal of the Optical Society of America A 2 (1985); F. Tramèr,
    D. Boneh: Differentially private learning needs better features (or much more data), ICLR 2021, for fixed features.
    """

    kind: Literal["gabor"] = "gabor"
    wavelengths: Annotated[tuple[Wavelength, ...], Field(min_length=1, max_length=8)] = (4.5, 9.0)
    orientations: int = Field(default=6, ge=1, le=32)
    kernel: Literal[5, 7, 9, 11, 13, 15] = 9
    stride: Literal[1, 2, 4] = 2
    pool: Literal[1, 2, 4] = 2
    dense: Annotated[tuple[Size, ...], Field(max_length=8)] = ()
    dropout: Dropout = 0.0

    def build(self, *, input_shape: Shape, outputs: int) -> nn.Module:
        """See Network.build; BadInput for an image that the pooling leaves nothing of."""
        from torch import nn

        from chipsmith.learn.networks.modules.gabor import GaborFilters

        require_rank(self.kind, input_shape, rank=3, axes="channels, height, width")
        require_outputs(self.kind, outputs)
        channels, height, width = input_shape
        places = [-(-side // self.stride) // self.pool for side in (height, width)]
        if min(places) < 1:
            least = self.stride * self.pool
            raise BadInput(
                f"network 'gabor' with stride {self.stride} and pool {self.pool} needs {least} pixels a side"
            )
        filters = GaborFilters(
            channels=channels,
            wavelengths=self.wavelengths,
            orientations=self.orientations,
            kernel=self.kernel,
            stride=self.stride,
        )
        flat = filters.outputs * places[0] * places[1]
        layers = [("filters", filters), ("pool", nn.AvgPool2d(self.pool)), ("flatten", nn.Flatten())]
        return nn.Sequential(OrderedDict([*layers, *self._head(flat, outputs)]))

    def _head(self, flat: int, outputs: int) -> list[tuple[str, nn.Module]]:
        from torch import nn

        layers: list[tuple[str, nn.Module]] = []
        widths = (flat, *self.dense, outputs)
        for number in range(1, len(widths)):
            layers += [(f"relu{number - 1}", nn.ReLU())] if number > 1 else []
            layers += [(f"dropout{number}", nn.Dropout(self.dropout))] if self.dropout else []
            layers += [(f"dense{number}", nn.Linear(widths[number - 1], widths[number]))]
        return layers
