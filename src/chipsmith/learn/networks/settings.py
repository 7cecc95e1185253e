"""The families as one type, for recipes: `kind` chooses among them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chipsmith.learn.networks.cnn import Cnn
from chipsmith.learn.networks.function import Function
from chipsmith.learn.networks.mlp import Mlp
from chipsmith.learn.networks.resnet import ResNet

NetworkSettings = Annotated[Mlp | Cnn | ResNet | Function, Field(discriminator="kind")]
"""One of the families; a field of this type in a pydantic model reads and writes it by its `kind`."""
