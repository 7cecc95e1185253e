"""Training any module: the losses of each task, resumed trainings, several processes, clear errors."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
from toy_data import toy_dataset

from chipsmith.errors import BadInput, CheckFailed
from chipsmith.learn.data import Dataset, Task
from chipsmith.learn.training import KeptWeights, TrainingSettings, fit, measure, task_loss

torch = pytest.importorskip("torch")

BRIEF = TrainingSettings(epochs=3, batch_size=16)


@pytest.fixture(scope="module")
def classes() -> Dataset:
    """Three classes that lines tell apart."""
    return toy_dataset(Task.CLASSIFICATION)


@pytest.fixture(scope="module")
def values() -> Dataset:
    return toy_dataset(Task.REGRESSION)


def network(outputs: int = 3, *, dropout: float = 0.0):
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Linear(6, 16), torch.nn.ReLU(), torch.nn.Dropout(dropout), torch.nn.Linear(16, outputs)
    )


def weights(module) -> dict:
    return {name: tensor.numpy().tobytes() for name, tensor in module.state_dict().items()}


def trained(data, settings=BRIEF, *, seed=1, **arguments):
    module = network(data.outputs, dropout=0.2)
    return module, fit(module, data, settings=settings, seed=seed, **arguments)


def test_the_same_seed_gives_the_same_bits(classes):
    (first, curves), (again, same) = trained(classes), trained(classes)
    assert weights(first) == weights(again)
    assert curves == same
    assert weights(trained(classes, seed=2)[0]) != weights(first)


def test_training_leaves_torchs_settings_and_generator_alone(classes):
    module = network()
    state, threads = torch.random.get_rng_state(), torch.get_num_threads()
    fit(module, classes, settings=BRIEF, seed=0)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()


def test_each_epoch_is_measured_and_told(classes):
    told = []
    module, history = trained(classes, on_epoch=told.append)
    assert tuple(told) == history.epochs
    assert [epoch.number for epoch in told] == [1, 2, 3]
    assert not module.training


def test_the_module_has_the_weights_of_its_best_epoch(classes):
    wild = TrainingSettings(epochs=12, batch_size=4, optimizer={"kind": "sgd", "learning_rate": 2.0})
    module, history = trained(classes, wild)
    assert history.best.number < 12
    assert measure(module, classes.validation, Task.CLASSIFICATION) == (
        history.best.validation_loss,
        history.best.validation_score,
    )


def test_the_last_epochs_weights_can_be_kept_instead(classes, tmp_path):
    wild = TrainingSettings(epochs=12, batch_size=4, optimizer={"kind": "sgd", "learning_rate": 2.0})
    module, history = trained(classes, wild, kept=KeptWeights.LAST, checkpoint=tmp_path / "state")
    assert history.best.number < 12, "so that it makes a difference"
    assert measure(module, classes.validation, Task.CLASSIFICATION) == (
        history.last.validation_loss,
        history.last.validation_score,
    )
    with pytest.raises(BadInput, match="kept"):
        trained(classes, wild, checkpoint=tmp_path / "state")


def test_an_interrupted_training_goes_on_to_the_same_bits(classes, tmp_path):
    """With dropout, shuffling, a schedule and an optimiser that remember: all of it is in the checkpoint."""
    settings = TrainingSettings(epochs=4, batch_size=16, schedule={"kind": "one_cycle"})
    whole, curves = trained(classes, settings)

    class Interrupted(Exception):
        pass

    def interrupt(epoch) -> None:
        if epoch.number == 2:
            raise Interrupted

    with pytest.raises(Interrupted):
        trained(classes, settings, checkpoint=tmp_path / "state", on_epoch=interrupt)
    told = []
    resumed, again = trained(classes, settings, checkpoint=tmp_path / "state", on_epoch=told.append)
    assert weights(resumed) == weights(whole)
    assert again == curves
    assert [epoch.number for epoch in told] == [1, 2, 3, 4]
    assert [file.name for file in tmp_path.iterdir()] == ["state"]


def test_a_loss_that_is_no_number_stops_the_training(classes):
    wild = TrainingSettings(epochs=2, batch_size=16, optimizer={"kind": "sgd", "learning_rate": 1e30})
    with pytest.raises(CheckFailed, match=r"training failed in epoch 1: the loss is .*; lower training\.optimizer"):
        trained(classes, wild)


def test_early_stopping_waits_for_a_lower_loss(classes):
    settings = TrainingSettings(
        epochs=50, batch_size=4, optimizer={"kind": "sgd", "learning_rate": 2.0}, early_stopping=3
    )
    _, history = trained(classes, settings)
    assert len(history.epochs) == history.best.number + 3 < 50


def test_full_batch_takes_one_step_an_epoch(values):
    """Plain gradient descent, compared with the formula w - rate * gradient."""
    module = torch.nn.Linear(6, 2)
    expected = torch.nn.Linear(6, 2)
    expected.load_state_dict(module.state_dict())
    settings = TrainingSettings(epochs=1, batch_size="full", optimizer={"kind": "sgd", "learning_rate": 0.1})
    fit(module, values, settings=settings, seed=0)
    batch = values.train.whole()
    torch.nn.functional.mse_loss(expected(torch.tensor(batch.inputs)), torch.tensor(batch.targets)).backward()
    for name, parameter in expected.named_parameters():
        step = parameter.detach() - 0.1 * parameter.grad
        assert torch.allclose(module.get_parameter(name), step, atol=1e-6)


def test_l1_makes_weights_vanish(values):
    plain = TrainingSettings(epochs=20, batch_size=16, optimizer={"kind": "adam", "learning_rate": 0.02})
    small, large = (
        trained(values, plain.model_copy(update={"l1": l1}))[0].state_dict()["0.weight"].abs().mean()
        for l1 in (0.2, 0.0)
    )
    assert small < 0.5 * large


def test_a_clipped_gradient_takes_short_steps(values):
    settings = TrainingSettings(
        epochs=1, batch_size="full", gradient_clip=1e-3, optimizer={"kind": "sgd", "learning_rate": 1.0}
    )
    module = network(2)
    before = torch.cat([parameter.detach().flatten() for parameter in network(2).parameters()])
    fit(module, values, settings=settings, seed=0)
    step = torch.cat([parameter.detach().flatten() for parameter in module.parameters()]) - before
    assert float(step.norm()) == pytest.approx(1e-3, rel=1e-3)


def test_ones_own_loss_replaces_that_of_the_task(values):
    """The steps follow it; the curves are those of the task's own loss."""

    def to_zero(module, inputs, targets):
        return (module(inputs) ** 2).mean()

    settings = TrainingSettings(epochs=30, batch_size=16, optimizer={"kind": "adam", "learning_rate": 0.02})
    module, history = trained(values, settings, loss=to_zero)
    assert history.last.train_loss == pytest.approx(measure(module, values.train.first(16), values.task)[0], rel=0.2)
    outputs = module(torch.tensor(values.train.whole().inputs))
    assert (outputs**2).mean().item() < 0.2


def test_mixed_precision_trains_too(classes):
    _, history = trained(classes, TrainingSettings(epochs=10, batch_size=8, mixed_precision=True))
    assert history.last.train_loss < history.epochs[0].train_loss


def test_a_device_that_is_not_there_is_refused(classes):
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    with pytest.raises(BadInput, match=r"training\.device is cuda, and PyTorch finds no CUDA device"):
        trained(classes, BRIEF.model_copy(update={"device": "cuda"}))


def test_outputs_of_another_shape_than_the_targets_are_refused(values):
    with pytest.raises(BadInput, match=r"gives outputs of shape \[3\], its targets have \[2\]"):
        fit(network(3), values, settings=BRIEF, seed=0)


# --- the losses of each task ------------------------------------------------------------------------------------------


def test_explained_variance_is_scikit_learns(values):
    metrics = pytest.importorskip("sklearn.metrics")
    module = network(2)
    batch = values.test.whole()
    _, score = measure(module, values.test, Task.REGRESSION)
    answer = module(torch.tensor(batch.inputs)).detach().numpy()
    expected = metrics.r2_score(batch.targets, answer, multioutput="variance_weighted")
    assert score == pytest.approx(expected, rel=1e-5)


def test_next_tokens_are_judged_at_every_position():
    data = toy_dataset(Task.LANGUAGE)
    module = torch.nn.Sequential(torch.nn.Embedding(5, 8), torch.nn.Linear(8, 5))
    settings = TrainingSettings(epochs=30, batch_size=8, optimizer={"kind": "adam", "learning_rate": 0.05})
    history = fit(module, data, settings=settings, seed=0)
    assert history.last.validation_score == 1.0


def test_the_negative_elbo_is_that_of_torchs_distributions():
    """Reconstruction and divergence, written out with torch.distributions."""

    class Vae(torch.nn.Module):
        latent = 2

        def __init__(self):
            super().__init__()
            self.encoder, self.decoder = torch.nn.Linear(6, 4), torch.nn.Linear(2, 6)

        def encode(self, inputs):
            return self.encoder(inputs).chunk(2, dim=1)

        def decode(self, z):
            return self.decoder(z).sigmoid()

        def forward(self, inputs):
            return self.decode(self.encode(inputs)[0])

    torch.manual_seed(0)
    module, inputs = Vae().eval(), torch.rand(10, 6)
    mean, log_variance = module.encode(inputs)
    normal = torch.distributions.Normal(mean, (log_variance / 2).exp())
    divergence = torch.distributions.kl_divergence(normal, torch.distributions.Normal(0.0, 1.0)).sum(1)
    likelihood = torch.distributions.Bernoulli(module.decode(mean), validate_args=False).log_prob(inputs).sum(1)
    loss = task_loss(Task.GENERATION)(module, inputs, inputs)
    assert loss.item() == pytest.approx((divergence - likelihood).mean().item(), rel=1e-5)

    data = toy_dataset(Task.GENERATION)
    history = fit(module, data, settings=TrainingSettings(epochs=5, batch_size=8), seed=0)
    assert history.last.train_loss < history.epochs[0].train_loss
    with pytest.raises(BadInput, match="values from 0 to 1"):
        task_loss(Task.GENERATION)(module, inputs - 1, inputs)


# --- several processes ------------------------------------------------------------------------------------------------

TOGETHER = """
import json, os
from test_fit import Task, TrainingSettings, fit, network, toy_dataset

settings = TrainingSettings(epochs=3, batch_size=17, augmentation={"kind": "series", "noise": 0.1})
history = fit(network(), toy_dataset(Task.CLASSIFICATION), settings=settings, seed=1)
if os.environ.get("RANK", "0") == "0":
    print(json.dumps([epoch.validation_loss for epoch in history.epochs]))
"""


def losses(*launcher: str) -> list[float]:
    import json

    here = Path(__file__).parent
    paths = os.pathsep.join(filter(None, (str(here), str(here.parent), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, *launcher]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    curve: list[float] = json.loads(done.stdout.strip().splitlines()[-1])
    return curve


@pytest.mark.slow
def test_two_processes_give_the_loss_curve_of_one(tmp_path):
    """Through torchrun, connected by gloo; batches of 17 are shared unevenly, and augmented alike."""
    script = tmp_path / "together.py"
    script.write_text(TOGETHER)
    alone = losses(str(script))
    together = losses("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script))
    assert len(alone) == 3
    assert all(math.isclose(first, second, rel_tol=1e-5) for first, second in zip(alone, together, strict=True))
