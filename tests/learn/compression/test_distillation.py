"""The loss of a student, against its formula computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from chipsmith.errors import BadInput
from chipsmith.learn.compression.distillation import distillation_loss


def softmax(values):
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def test_the_formula():
    torch.manual_seed(0)
    teacher, student = nn.Linear(4, 3), nn.Linear(4, 3)
    inputs, targets = torch.randn(6, 4), torch.tensor([0, 1, 2, 0, 1, 2])
    taught, said = (softmax(network(inputs).detach().numpy() / 2) for network in (teacher, student))
    soft = (taught * np.log(taught / said)).sum(axis=1).mean() * 2**2
    hard = -np.log(softmax(student(inputs).detach().numpy())[np.arange(6), targets.numpy()]).mean()
    loss = distillation_loss(teacher, temperature=2, teacher_share=0.6)(student, inputs, targets)
    assert loss.item() == pytest.approx(0.6 * soft + 0.4 * hard, rel=1e-5)


def test_only_the_student_learns():
    teacher, student = nn.Sequential(nn.Linear(4, 3), nn.Dropout()).train(), nn.Linear(4, 3)
    distillation_loss(teacher)(student, torch.randn(6, 4), torch.tensor([0, 1, 2, 0, 1, 2])).backward()
    assert student.weight.grad is not None
    assert teacher[0].weight.grad is None
    assert not teacher.training


@pytest.mark.parametrize(("temperature", "share"), [(0, 0.5), (float("nan"), 0.5), (4, 1.5)])
def test_values_that_mean_nothing_are_refused(temperature, share):
    with pytest.raises(BadInput, match="distillation"):
        distillation_loss(nn.Linear(4, 3), temperature=temperature, teacher_share=share)
