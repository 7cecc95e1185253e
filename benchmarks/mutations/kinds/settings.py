"""What people write: recipes and chips."""

from __future__ import annotations

import json
import random
from pathlib import Path

import yaml

from chipsmith.chip import Chip, load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.learn import Recipe, build_module, load_recipe
from chipsmith.profile.measure import quick_profile
from chipsmith.tosa.file import read_tosa
from mutations.kinds.networks import CHIP, NETWORK, run_program
from mutations.kinds.weights import small_recipe
from mutations.mutators import mutate_bytes, mutate_json
from mutations.target import Target

_RECIPES = ("digits", "sentiment", "vae", "anomaly", "vowels_gru", "digits_quantum", "shakespeare")
_BOMBS = (b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", b"!!python/object/apply:os.system ['true']\n", b"[" * 9999)


def mutate_yaml(rng: random.Random, data: bytes) -> bytes:
    """Changed values of the fields, now and then of the text."""
    kind = rng.random()
    if kind < 0.05:
        return data + rng.choice(_BOMBS)
    if kind < 0.2:
        return mutate_bytes(rng, data)
    return json.dumps(mutate_json(rng, yaml.safe_load(data))).encode()


def recipe(_: Path) -> Target:
    """Recipes of every kind of network: read, and their networks built for a small data set."""
    samples = [yaml.safe_dump(load_recipe(name).model_dump(mode="json")).encode() for name in _RECIPES]
    own = small_recipe().model_dump(mode="json")
    return Target(
        file="r.yaml",
        samples=[*samples, *[yaml.safe_dump(own).encode()] * 3],
        mutate=mutate_yaml,
        parse=load_recipe,
        use=use_recipe,
    )


def use_recipe(asked: Recipe) -> None:
    """Load the data where they need no files, and build the network."""
    if getattr(asked.data, "path", None) is None:
        build_module(asked, asked.load_data())


def chip(_: Path) -> Target:
    """A chip file: a network compiled for it, executed, timed and priced."""
    graph = read_tosa(NETWORK)

    def use(described: Chip) -> None:
        program = compile_graph(graph, described)
        run_program(program)
        quick_profile(program)

    text = load_chip(CHIP).to_yaml().encode()
    return Target(file="c.yaml", samples=[text], mutate=mutate_yaml, parse=load_chip, use=use)
