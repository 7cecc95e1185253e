"""Knowledge distillation: a small network learns from the answers of a large one.

Source: G. Hinton, O. Vinyals, J. Dean, "Distilling the Knowledge in a Neural Network", arXiv:1503.02531 (2015).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from chipsmith.errors import BadInput

if TYPE_CHECKING:
    import torch

    Loss = Callable[[torch.nn.Module, torch.Tensor, torch.Tensor], torch.Tensor]


def distillation_loss(teacher: torch.nn.Module, *, temperature: float = 4.0, teacher_share: float = 0.7) -> Loss:
    """The loss of a student for classes (n, classes): share * T^2 * KL(teacher || student) + (1 - share) * CE.

    Both distributions are softmax(logits / T); T^2 keeps the size of the gradients. The teacher is run in evaluation
    mode and does not learn. Raises BadInput where the temperature is not above 0 or the share not from 0 to 1.
    """
    if not temperature > 0:
        raise BadInput(f"the temperature of a distillation is {temperature}; it must be above 0")
    if not 0 <= teacher_share <= 1:
        raise BadInput(f"the teacher's share of a distillation is {teacher_share}; it must be from 0 to 1")
    fixed = teacher.eval()

    def loss(student: torch.nn.Module, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        import torch
        from torch.nn import functional

        with torch.no_grad():
            taught = functional.log_softmax(fixed(inputs) / temperature, dim=1)
        answers = student(inputs)
        said = functional.log_softmax(answers / temperature, dim=1)
        soft = functional.kl_div(said, taught, log_target=True, reduction="batchmean") * temperature**2
        hard = functional.cross_entropy(answers, targets)
        total: torch.Tensor = teacher_share * soft + (1 - teacher_share) * hard
        return total

    return loss
