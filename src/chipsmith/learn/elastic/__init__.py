"""Weight-shared networks: one training serves every width, depth and kernel of a family."""

from chipsmith.learn.elastic.space import ElasticParameter, ElasticSpace, ElasticValues, parse_elastic
from chipsmith.learn.elastic.supernet import (
    Supernet,
    subnetwork_recipe,
    supernet_recipe,
    train_subnetwork,
    train_supernet,
)

__all__ = [
    "ElasticParameter",
    "ElasticSpace",
    "ElasticValues",
    "Supernet",
    "parse_elastic",
    "subnetwork_recipe",
    "supernet_recipe",
    "train_subnetwork",
    "train_supernet",
]
