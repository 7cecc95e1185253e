"""What a quantum network is compared with."""

from __future__ import annotations

import pytest

from chipsmith.learn import load_recipe
from chipsmith.learn.baselines import baselines, hidden_for
from chipsmith.learn.networks import Mlp, QuantumKernel, RbfKernel
from chipsmith.quantum.circuit import Entanglement


def count_weights(network: Mlp, features: int, outputs: int) -> int:
    module = network.build(input_shape=(features,), outputs=outputs)
    return sum(weights.numel() for weights in module.parameters())


def test_the_same_circuit_without_entanglement_stands_first():
    recipe = load_recipe("digits_quantum")
    first, *others = baselines(recipe, features=8, outputs=10)
    assert first.recipe.network == recipe.network.model_copy(update={"entanglement": Entanglement.NONE})
    assert first.recipe.training == recipe.training
    assert [row.target for row in others] == ["rbf", "same_size", "hidden_32"]
    assert isinstance(others[0].recipe.network, RbfKernel)


def test_a_perceptron_is_as_large_as_the_circuit():
    pytest.importorskip("torch")
    recipe = load_recipe("digits_quantum")
    module = recipe.network.build(input_shape=(8,), outputs=10)
    parameters = sum(weights.numel() for weights in module.parameters())
    assert recipe.network.count_parameters(features=8, outputs=10) == parameters
    same = next(row for row in baselines(recipe, features=8, outputs=10) if row.target == "same_size")
    assert same.parameters == count_weights(same.recipe.network, 8, 10)
    (hidden,) = same.recipe.network.hidden
    assert abs(same.parameters - parameters) <= abs(count_weights(Mlp(hidden=(hidden + 1,)), 8, 10) - parameters)
    assert abs(same.parameters - parameters) <= abs(count_weights(Mlp(hidden=(hidden - 1,)), 8, 10) - parameters)
    assert hidden_for(1, features=8, outputs=10) == 1


@pytest.mark.parametrize(("qubits", "features", "layers"), [(8, 8, 1), (8, 12, 2), (3, 12, 3)])
def test_without_entanglement_a_kernel_sums_no_more_features_than_it_must(qubits, features, layers):
    product = QuantumKernel(qubits=qubits, layers=3).without_entanglement(features=features)
    assert (product.layers, product.entanglement) == (layers, Entanglement.NONE)
