"""Steps in closed form, the best weights stay, equal seeds and killed trainings end in equal weights."""

import runpy
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from bench.errors import BenchError
from bench.progress import SILENT, Progress, Task
from generators.difflm.bound import check
from generators.difflm.build import build
from generators.difflm.config import DiffLMConfig
from generators.difflm.train import one_pass, plan_steps, rate_at, train_autoencoder
from generators.training.checkpoint import Checkpoint
from generators.training.device import Device

CPU = Device("cpu", False, "eager")
SCRIPT = Path(__file__).with_name("small_training.py")
SIZES = {
    "encoder_width": 16,
    "encoder_layers": 1,
    "encoder_heads": 2,
    "decoder_width": 32,
    "decoder_layers": 1,
    "decoder_heads": 2,
    "latent_size": 4,
}
FAST = {"learning_rate": 3e-3, "warmup_steps": 5, "batch_tokens": 300}
SHORT = DiffLMConfig(**SIZES, **FAST, steps=20, least_steps=20, word_dropout=0.2)


def test_the_rate_warms_up_and_ends_near_zero():
    rates = [rate_at(step, 1000, 100) for step in range(1000)]
    assert rates[0] == pytest.approx(0.01, rel=1e-2)
    assert max(rates) == pytest.approx(rates[99], rel=1e-2)
    assert rates[550] == pytest.approx(0.02 + 0.98 * 0.42178, rel=1e-3)
    assert rates[-1] == pytest.approx(0.02, abs=1e-4)


def test_steps_are_bounded_by_passes_over_the_records():
    config = DiffLMConfig(steps=4000, least_steps=50, batch_tokens=1500)
    assert plan_steps(config, 10, records=60_000, mean_length=15.0) == (4000, 100)
    assert plan_steps(config, 10, records=30_000, mean_length=15.0) == (3000, 100)
    assert plan_steps(config, 10, records=200, mean_length=15.0) == (50, 100)
    assert plan_steps(config, 10, records=3, mean_length=15.0) == (50, 3)


def test_a_pass_holds_every_record_at_most_once():
    passes = torch.stack([one_pass(100, 30, torch.Generator().manual_seed(seed)) for seed in range(400)])
    assert passes.shape == (400, 3, 30)
    assert all(len(set(rows.flatten().tolist())) == 90 for rows in passes)
    # none is left out more often than another, by five standard errors
    seen = torch.bincount(passes.flatten(), minlength=100) / 400
    assert (seen - 0.9).abs().max() < 5 * (0.9 * 0.1 / 400) ** 0.5


@pytest.fixture
def tokens(tokenizer, frame):
    return tokenizer.encode(frame)[0]


@pytest.fixture
def fit(tokenizer, tokens):
    """Trains a fresh model; returns it, what the training tells, and what is drawn after it."""

    def run(config=SHORT, *, tokens=tokens, freeze=False, progress=SILENT, checkpoint=None, validation=100):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model = build(config, tokenizer, CPU)
            model.decoder.requires_grad_(not freeze)
            # dropout draws from torch's global generator, as that of a pretrained model does
            model.encoder.posterior = torch.nn.Sequential(torch.nn.Dropout(0.1), model.encoder.posterior)
            generator = torch.Generator().manual_seed(0)
            trained = train_autoencoder(
                model,
                tokens[:300],
                tokens[300 : 300 + validation],
                config,
                epochs=10,
                device=CPU,
                generator=generator,
                progress=progress,
                checkpoint=checkpoint,
            )
            return model, trained, [torch.rand(3, generator=generator), torch.rand(3)]

    return run


def assert_same(first, second):
    """Weights, history and random numbers to come, bit for bit."""
    (one, told, drawn), (other, told_again, drawn_again) = first, second
    for (name, weight), again in zip(one.state_dict().items(), other.state_dict().values(), strict=True):
        assert torch.equal(weight, again), name
    assert told == told_again
    assert all(torch.equal(*pair) for pair in zip(drawn, drawn_again, strict=True))


class StopsAfter(Progress, Task):
    """Interrupts a training after so many steps."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def task(self, description, total, unit="steps"):
        return self

    def advance(self, steps=1, **metrics):
        self.left -= steps
        if self.left <= 0:
            raise KeyboardInterrupt


def test_training_lowers_the_bound_and_keeps_the_best_weights(fit, tokenizer, tokens):
    # eight records over and over: what is left to learn is which of them it is, log 8 nats
    few = tokens[torch.arange(400) % 8]
    config = DiffLMConfig(**SIZES | {"latent_size": 2}, **FAST | {"learning_rate": 1e-2}, steps=60, least_steps=60)
    before = check(build(config, tokenizer, CPU), few[:8], 0, CPU)
    model, trained, _ = fit(config, tokens=few)
    assert [c.step for c in trained.checks] == [6, 12, 18, 24, 30, 36, 42, 48, 54, 60]
    best = min(trained.checks, key=lambda c: c.reconstruction + c.kl)
    assert best.reconstruction < before.reconstruction - 5
    assert check(model, few[300:], best.step, CPU) == best
    assert len(trained.history.kl) == len(trained.history.beta) == 60


def test_frozen_weights_stay_and_are_in_no_checkpoint(fit, tokenizer, tmp_path):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        frozen = build(SHORT, tokenizer, CPU).decoder.state_dict()
    checkpoint = Checkpoint(tmp_path / "kept", "same")
    model, *_ = fit(freeze=True, checkpoint=checkpoint)
    assert all(torch.equal(weight, frozen[name]) for name, weight in model.decoder.state_dict().items())
    names = checkpoint.load("autoencoder")["weights"]
    assert names
    assert not any(name.startswith("decoder") for name in names)


def test_equal_seeds_give_equal_weights(fit):
    assert_same(fit(), fit())


def test_a_stopped_training_goes_on_and_ends_the_same(fit, tmp_path):
    whole = fit()
    # stopped between two checks and in the middle of a pass, twice, and once more when all is done
    for steps in (7, 15):
        with pytest.raises(KeyboardInterrupt):
            fit(checkpoint=Checkpoint(tmp_path / "kept", "same", seconds=0.0), progress=StopsAfter(steps))
    assert_same(fit(checkpoint=Checkpoint(tmp_path / "kept", "same")), whole)
    again = fit(checkpoint=Checkpoint(tmp_path / "kept", "same"), progress=StopsAfter(21))
    assert_same(again, whole)


def test_a_killed_process_costs_nothing(tmp_path):
    killed = [sys.executable, str(SCRIPT), str(tmp_path / "result"), str(tmp_path / "kept"), "12"]
    assert subprocess.run(killed, timeout=120, check=False).returncode == -signal.SIGKILL
    checkpoint = Checkpoint(tmp_path / "kept", "same")
    assert checkpoint.load("autoencoder")["step"] == 11
    train = runpy.run_path(str(SCRIPT))["train"]
    with torch.random.fork_rng():
        resumed, whole = train(checkpoint), train()
    assert all(torch.equal(resumed["weights"][name], weight) for name, weight in whole["weights"].items())
    assert resumed["history"] == whole["history"]
    assert torch.equal(resumed["next"], whole["next"])


def test_a_loss_that_is_no_number_is_one_clear_line(fit):
    with pytest.raises(BenchError, match=r"the loss became nan at step .*; lower learning_rate"):
        fit(DiffLMConfig(**SIZES, **FAST | {"learning_rate": 1e30}))
