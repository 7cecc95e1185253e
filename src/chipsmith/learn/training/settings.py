"""How to train: the part of a recipe that is the same for every network and every task."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from chipsmith.learn.limits import MOST_EPOCHS, MOST_EXAMPLES, MOST_THREADS
from chipsmith.learn.privacy.settings import PrivacySettings
from chipsmith.learn.training.augmentation import AugmentationSettings
from chipsmith.learn.training.optimizers import AdamW, OptimizerSettings
from chipsmith.learn.training.schedules import ConstantRate, ScheduleSettings
from chipsmith.learn.training.section import RecipeSection


class TrainingSettings(RecipeSection):
    """How long, in which steps and against what a network is trained.

    `batch_size` "full" takes one step an epoch, on all examples. `early_stopping` ends the training after so many
    epochs without a lower validation loss; the weights of the best epoch are kept in any case.
    """

    epochs: int = Field(ge=0, le=MOST_EPOCHS, description="0: the network is measured as it is")
    batch_size: Annotated[int, Field(ge=1, le=MOST_EXAMPLES)] | Literal["full"] = Field(
        default=64, description="examples in a step, or full: all of them"
    )
    optimizer: OptimizerSettings = AdamW(kind="adamw")
    schedule: ScheduleSettings = ConstantRate()
    l1: float = Field(default=0.0, ge=0, description="times the sum of |weight| over matrices and kernels, no biases")
    label_smoothing: float = Field(default=0.0, ge=0, lt=1, description="share of a label given to all classes")
    gradient_clip: float | None = Field(default=None, gt=0, description="largest 2-norm of the whole gradient")
    early_stopping: int | None = Field(
        default=None, ge=1, le=MOST_EPOCHS, description="epochs without a lower validation loss"
    )
    mixed_precision: bool = Field(default=False, description="bfloat16 where PyTorch finds it safe")
    device: Literal["cpu", "cuda"] = "cpu"
    threads: int = Field(
        default=1, ge=1, le=MOST_THREADS, description="of the processor; another number gives other last bits"
    )
    augmentation: AugmentationSettings | None = None
    kl_weight: float = Field(default=1.0, ge=0, description="of a generative network: weight of the divergence")
    privacy: PrivacySettings | None = Field(
        default=None, description="bounds what the result tells of any training example"
    )

    def batch(self, examples: int) -> int:
        """Examples in a step."""
        return examples if self.batch_size == "full" else min(self.batch_size, examples)
