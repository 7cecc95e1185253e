"""The loss of a supernet: in each step the largest network, the smallest and drawn ones, which learn from the largest.

Source: J. Yu, T. Huang: Universally slimmable networks and improved training techniques, ICCV 2019 (the sandwich rule
and inplace distillation). The losses of a step's networks are averaged, where the paper sums them, so that a recipe's
learning rate keeps its meaning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chipsmith.errors import BadInput
from chipsmith.learn.data import Task
from chipsmith.learn.elastic.sharing import SharedNetwork, share_network
from chipsmith.learn.elastic.space import ElasticSpace
from chipsmith.learn.training.losses import cross_entropy, squared_error

if TYPE_CHECKING:
    import torch

DRAWN = 2
"""Networks of a step beside the largest and the smallest."""


class SandwichLoss:
    """A Loss of the supernet's module, which is the largest network of the space with all weights of the others.

    The largest learns the targets. The others learn its logits of the same step where there are classes (the cross
    entropy to its softmax, through which it does not learn), and the targets of a regression. Which networks are drawn
    comes from torch's global generator, whose state a checkpoint holds. A space of one network has the task's own loss.
    """

    def __init__(
        self,
        space: ElasticSpace,
        *,
        task: Task,
        input_shape: tuple[int, ...],
        outputs: int,
        label_smoothing: float,
    ) -> None:
        if task not in (Task.CLASSIFICATION, Task.REGRESSION):
            raise BadInput(
                f"space.network: a {task.value} has no supernet, a classification or regression has; "
                "leave space.network out"
            )
        self._space, self._task = space, task
        self._input_shape, self._outputs = input_shape, outputs
        self._label_smoothing = label_smoothing
        self._networks: dict[tuple[int | float, ...], SharedNetwork] = {}

    def __call__(self, module: torch.nn.Module, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """The mean loss over the networks of a step."""
        import torch
        from torch.func import functional_call

        answers = module(inputs)
        losses = [self._learn(answers, targets)]
        tensors = dict(module.named_parameters())
        for values in self._draw():
            part = self._part(values, inputs.device)
            said = functional_call(part.module, part.slices(tensors), (inputs,))
            losses.append(self._learn_from(answers.detach(), said, targets))
        return losses[0] if len(losses) == 1 else torch.stack(losses).mean()

    def _learn(self, answers: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        if self._task is Task.REGRESSION:
            return squared_error(answers, targets)
        return cross_entropy(answers, targets, label_smoothing=self._label_smoothing)

    def _learn_from(self, taught: torch.Tensor, said: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        from torch.nn import functional

        if self._task is Task.REGRESSION:
            return squared_error(said, targets)
        loss: torch.Tensor = functional.cross_entropy(said, taught.softmax(dim=1))
        return loss

    def _draw(self) -> list[dict[str, int | float]]:
        """The smallest network and the drawn ones, each once and never the largest."""
        import torch

        space = self._space
        chosen = [space.smallest]
        if space.combinations > len((space.smallest, space.largest)):
            for _ in range(DRAWN):
                places = {each.name: int(torch.randint(len(each.values), ())) for each in space.parameters}
                chosen.append({each.name: each.values[places[each.name]] for each in space.parameters})
        different = {tuple(values.values()): values for values in chosen if values != space.largest}
        return list(different.values())

    def _part(self, values: dict[str, int | float], device: torch.device) -> SharedNetwork:
        """The network of a combination, built once, without a draw from the training's generator.

        What its batch normalisation gathers meanwhile is read by nobody.
        """
        import torch

        key = tuple(values.values())
        if key not in self._networks:
            with torch.random.fork_rng(devices=[]):
                part = share_network(self._space, values, input_shape=self._input_shape, outputs=self._outputs)
            part.module.to(device).train()
            self._networks[key] = part
        return self._networks[key]
