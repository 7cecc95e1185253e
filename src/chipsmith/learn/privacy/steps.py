"""Private steps: a random batch, each example's gradient cut, noise on their sum. Nothing of an example is told.

Source: M. Abadi and others: Deep learning with differential privacy, CCS 2016, by the optimiser and the per-example
gradients of opacus. Views of an example: S. De and others: Unlocking high-accuracy differentially private image
classification through scale, 2022, section 3.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from chipsmith.learn.privacy.accounting import Mechanism, choose_noise, require_opacus, spend
from chipsmith.learn.privacy.budget import PrivacyBudget
from chipsmith.learn.privacy.fitness import require_apart, require_counted, require_settings
from chipsmith.learn.privacy.settings import PrivacySettings
from chipsmith.learn.privacy.stream import NoiseStream
from chipsmith.learn.training.checkpoint import State
from chipsmith.learn.training.history import Epoch
from chipsmith.learn.training.losses import Loss, l1_penalty
from chipsmith.learn.training.measure import measure_validation, tensors
from chipsmith.learn.training.steps import TrainingTask

if TYPE_CHECKING:
    import torch

_SAMPLE, _NOISE, _OTHER = "sample", "noise", "other draws"
"""Uses of the stream: who is in a batch, the noise, and what dropout and augmentation draw."""
_GRADIENT_VALUES = 1 << 21
"""Numbers that the gradients of the examples of a batch have at a time: 8 MiB, which stay in a processor's cache."""


class PrivateSteps:
    """Poisson sampling: every example is in a step with one probability, whichever others are.

    All that is random, dropout and augmentation too, comes from one key: what is drawn for an example does then not
    tell of the others. Raises BadInput where settings or module would void the promise.
    """

    def __init__(self, task: TrainingTask, privacy: PrivacySettings) -> None:
        require_opacus("train privately")
        from opacus import GradSampleModule

        require_settings(task.settings, together=task.together)
        require_apart(task.module, task.dataset)
        self._task, self._privacy, self._taken = task, privacy, 0
        self._stream = NoiseStream.fresh() if privacy.noise == "fresh" else NoiseStream.seeded(task.seed)
        self._mechanism = _choose_mechanism(task, privacy)
        self._sampled = GradSampleModule(task.module, strict=False)
        inner = task.settings.optimizer.build(task.parameters())
        self._optimizer = _private_optimizer(inner, self._mechanism, privacy, self._batch, self._normal)
        self._schedule = task.settings.schedule.build(inner, task.length())

    def draw_epoch(self) -> Iterator[torch.Tensor]:
        """See StepStrategy.draw_epoch."""
        for _ in range(self._task.length().steps_per_epoch):
            yield self._draw_batch()

    def take(self, chosen: torch.Tensor) -> float:
        """See StepStrategy.take: the loss is not told, for it is of examples that are in the batch."""
        import torch

        torch.manual_seed(self._stream.seed(_OTHER, self._taken))
        chunks = self._chunks(chosen)
        self._optimizer.zero_grad()
        for number, chunk in enumerate(chunks, start=1):
            self._collect(chunk)
            self._optimizer.signal_skip_step(do_skip=number < len(chunks))
            if self._optimizer.pre_step():
                self._penalise()
                self._optimizer.original_optimizer.step()
            self._optimizer.zero_grad()
        self._schedule.step()
        self._taken += 1
        return 0.0

    def measure(self, number: int) -> Epoch:
        """See StepStrategy.measure: of the validation part alone."""
        return measure_validation(self._task.module, self._task.dataset, number, device=self._task.settings.device)

    def choose(self, epochs: Sequence[Epoch]) -> Epoch:
        """The last: fixed beforehand, whatever the curves say."""
        return epochs[-1]

    def budget(self) -> PrivacyBudget:
        """See StepStrategy.budget."""
        mechanism = Mechanism(
            noise_multiplier=self._mechanism.noise_multiplier,
            sample_rate=self._mechanism.sample_rate,
            steps=self._taken,
        )
        return spend(mechanism, self._privacy, examples=len(self._task.dataset.train))

    def state(self) -> State:
        """See StepStrategy.state; `key` is the secret of the noise, and `taken` what the accountant counts."""
        return {
            "optimizer": self._optimizer.state_dict(),
            "schedule": self._schedule.state_dict(),
            "key": self._stream.key.hex(),
            "taken": self._taken,
        }

    def restore(self, state: State) -> None:
        """See StepStrategy.restore."""
        self._optimizer.load_state_dict(state["optimizer"])
        self._schedule.load_state_dict(state["schedule"])
        self._stream = NoiseStream(key=bytes.fromhex(state["key"]))
        self._taken = state["taken"]

    def close(self) -> None:
        """See StepStrategy.close."""
        self._sampled.to_standard_module()
        for parameter in self._task.module.parameters():
            for name in ("grad_sample", "summed_grad", "_forward_counter"):
                parameter.__dict__.pop(name, None)

    @property
    def _batch(self) -> int:
        return self._task.settings.batch(len(self._task.dataset.train))

    def _draw_batch(self) -> torch.Tensor:
        import torch

        drawn = self._stream.uniform(_SAMPLE, self._taken, len(self._task.dataset.train))
        return torch.from_numpy(drawn < self._mechanism.sample_rate).nonzero().flatten()

    def _chunks(self, chosen: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The examples of a step in parts whose gradients fit into memory; one empty part where there are none."""
        values = sum(parameter.numel() for parameter in self._task.parameters()) * self._privacy.views
        return tuple(chosen.split(max(1, _GRADIENT_VALUES // max(1, values))))

    def _collect(self, chunk: torch.Tensor) -> None:
        """Leave the gradient of each example at the parameters, as `grad_sample` (examples, *shape)."""
        if not len(chunk):
            for parameter in self._task.parameters():
                parameter.grad_sample = parameter.new_zeros((0, *parameter.shape))
            return
        inputs, targets = self._examples(chunk)
        objective: Loss = self._task.objective
        with warnings.catch_warnings():  # of a first layer, whose inputs need no gradient
            warnings.simplefilter("ignore")
            objective(self._sampled, inputs, targets).backward()
        require_counted(self._task.module, len(inputs))
        if self._privacy.views > 1:
            for parameter in self._task.parameters():
                gradients: torch.Tensor = parameter.grad_sample
                parameter.grad_sample = gradients.unflatten(0, (len(chunk), -1)).mean(1)

    def _examples(self, chunk: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Inputs and targets, each example as often in a row as it has views."""
        import torch

        inputs, targets = tensors(self._task.dataset.train, chunk.numpy())
        inputs, targets = (part.repeat_interleave(self._privacy.views, dim=0) for part in (inputs, targets))
        augmentation, device = self._task.settings.augmentation, self._task.settings.device
        if augmentation is not None:
            generator = torch.Generator().manual_seed(int(torch.randint(1 << 62, ())))
            inputs = augmentation.apply(inputs, augmentation.draw(inputs, generator))
        return inputs.to(device), targets.to(device)

    def _penalise(self) -> None:
        """Add the gradient of the penalty, which looks at no example, to the noisy gradient."""
        if not self._task.settings.l1:
            return
        import torch

        parameters = [parameter for parameter in self._task.parameters() if parameter.ndim > 1]
        penalty = self._task.settings.l1 * l1_penalty(self._task.module)
        for parameter, gradient in zip(parameters, torch.autograd.grad(penalty, parameters), strict=True):
            assert parameter.grad is not None
            parameter.grad += gradient

    def _normal(self, count: int) -> torch.Tensor:
        import torch

        return torch.from_numpy(self._stream.normal(_NOISE, self._taken, count))


def _choose_mechanism(task: TrainingTask, privacy: PrivacySettings) -> Mechanism:
    examples, steps = len(task.dataset.train), task.length().steps
    sample_rate = task.settings.batch(examples) / examples
    noise = choose_noise(
        epsilon=privacy.epsilon, delta=privacy.delta_of(examples), sample_rate=sample_rate, steps=steps
    )
    return Mechanism(noise_multiplier=noise, sample_rate=sample_rate, steps=steps)


def _private_optimizer(
    inner: torch.optim.Optimizer, mechanism: Mechanism, privacy: PrivacySettings, batch: int, normal: Any
) -> Any:
    """The optimiser of opacus with noise from `normal` (count) -> float64 (count)."""
    from opacus.optimizers import DPOptimizer

    class StreamedNoise(DPOptimizer):  # type: ignore[misc]
        def add_noise(self) -> None:
            deviation = self.noise_multiplier * self.max_grad_norm
            noise = (deviation * normal(sum(parameter.numel() for parameter in self.params))).split(
                [parameter.numel() for parameter in self.params]
            )
            for parameter, values in zip(self.params, noise, strict=True):
                total = parameter.summed_grad.double() + values.view_as(parameter).to(parameter.device)
                parameter.grad = total.to(parameter.dtype)

    return StreamedNoise(
        inner,
        noise_multiplier=mechanism.noise_multiplier,
        max_grad_norm=privacy.clip,
        expected_batch_size=batch,
    )
