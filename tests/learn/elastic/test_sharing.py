"""The weights of a smaller network are slices of the supernet's, and learn with them."""

from __future__ import annotations

import pytest
import torch
from image_data import CNN, MOBILENET, RESNET, SIZE, toy_recipe
from torch.func import functional_call

from chipsmith.learn.elastic import ElasticSpace, parse_elastic
from chipsmith.learn.elastic.sharing import add_own_weights, share_network

SHAPE, OUTPUTS = (1, SIZE, SIZE), 3
VALUES = {"width": [0.5, 1.0], "depth": [1, 2], "kernel": [3, 5]}


def space_of(network) -> ElasticSpace:
    return parse_elastic(toy_recipe(network).network, VALUES)


def whole_of(space: ElasticSpace) -> torch.nn.Module:
    torch.manual_seed(0)
    module = space.settings(space.largest).build(input_shape=SHAPE, outputs=OUTPUTS)
    add_own_weights(module, space, input_shape=SHAPE, outputs=OUTPUTS)
    return module


def part_of(space: ElasticSpace, values, module: torch.nn.Module):
    part = share_network(space, values, input_shape=SHAPE, outputs=OUTPUTS)
    return part, part.slices(dict(module.named_parameters()))


@pytest.mark.parametrize("network", [CNN, RESNET, MOBILENET], ids=lambda network: network["kind"])
def test_every_network_runs_on_slices_and_the_supernet_gets_their_gradients(network):
    space = space_of(network)
    for values in space.all_values():
        module = whole_of(space)
        part, slices = part_of(space, values, module)
        functional_call(part.module, slices, (torch.randn(4, *SHAPE),)).square().sum().backward()
        gradients = {name: tensor.grad for name, tensor in module.named_parameters() if tensor.grad is not None}
        assert set(gradients) == set(part.shared_names.values())
        sizes = {name: int((gradient != 0).sum()) for name, gradient in gradients.items()}
        for own, parameter in part.module.named_parameters():
            assert sizes[part.shared_names[own]] <= parameter.numel(), own


@pytest.mark.parametrize("network", [CNN, RESNET, MOBILENET], ids=lambda network: network["kind"])
def test_the_largest_is_the_supernet_itself(network):
    space = space_of(network)
    module, images = whole_of(space).eval(), torch.randn(4, *SHAPE)
    part, slices = part_of(space, space.largest, module)
    torch.testing.assert_close(functional_call(part.module.eval(), slices, (images,)), module(images), rtol=0, atol=0)


def test_kernels_are_cut_from_the_middle_and_channels_from_the_front():
    space = space_of(CNN)
    module = whole_of(space)
    _, slices = part_of(space, {"width": 0.5, "depth": 2, "kernel": 3}, module)
    whole = dict(module.named_parameters())
    assert torch.equal(slices["features.conv2.weight"], whole["features.conv2.weight"][:8, :4, 1:4, 1:4])
    assert torch.equal(slices["features.conv2.bias"], whole["features.conv2.bias"][:8])
    assert torch.equal(slices["dense2.weight"], whole["dense2.weight"][:, :8])


def test_the_first_dense_layer_of_a_narrower_cnn_reads_the_same_pixels():
    """Channel c at pixel p stands at c * pixels + p: a slice keeps both."""
    space = space_of(CNN)
    module = whole_of(space)
    whole = module.get_parameter("dense1.weight")
    _, slices = part_of(space, {"width": 0.5, "depth": 2, "kernel": 5}, module)
    pixels = (SIZE // 4) ** 2
    by_channel = whole.unflatten(1, (16, pixels))
    assert torch.equal(slices["dense1.weight"].unflatten(1, (8, pixels)), by_channel[:8, :8])


def test_another_depth_of_a_cnn_has_a_first_dense_layer_of_its_own():
    space = space_of(CNN)
    module = whole_of(space)
    part, slices = part_of(space, {"width": 1.0, "depth": 1, "kernel": 5}, module)
    assert part.shared_names["dense1.weight"] == "dense1_weight_behind_1"
    assert slices["dense1.weight"].shape == (12, 8 * (SIZE // 2) ** 2)
    assert torch.equal(slices["dense1.weight"], module.get_parameter("dense1_weight_behind_1"))


def test_a_narrower_resnet_keeps_what_the_padded_shortcut_connects():
    """With the blocks' convolutions zero the shortcuts are left: the middle channels go where they go in the whole."""
    space = space_of(RESNET)
    module = whole_of(space).eval()
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if name.startswith("layer") and parameter.ndim == 4:
                parameter.zero_()
    part, slices = part_of(space, {"width": 0.5, "depth": 1, "kernel": 3}, module)
    images, seen = torch.randn(2, *SHAPE), {}
    module.layer2.register_forward_hook(lambda _, __, outputs: seen.update(whole=outputs))
    part.module.eval().layer2.register_forward_hook(lambda _, __, outputs: seen.update(part=outputs))
    module(images)
    functional_call(part.module, slices, (images,))
    assert seen["part"][:, 2:6].abs().sum() > 0
    torch.testing.assert_close(seen["part"][:, 2:6], seen["whole"][:, 6:10])


def test_blocks_of_a_mobilenet_are_found_in_their_stage():
    space = space_of(MOBILENET)
    part, _ = part_of(space, {"width": 1.0, "depth": 1, "kernel": 3}, whole_of(space))
    assert part.shared_names["0.0.0.weight"] == "0.0.0.weight"  # the stem
    assert part.shared_names["0.1.0.0.weight"] == "0.1.0.0.weight"  # the first block of the first stage
    assert part.shared_names["0.2.1.1.bias"] == "0.3.1.1.bias"  # the second stage begins behind two blocks
    assert part.shared_names["4.weight"] == "4.weight"  # the classifier
