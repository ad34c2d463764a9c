"""The loop on a problem with a known answer: stopping, resuming, and what it does when training diverges."""

import pytest
import torch
from torch import nn

from bench.errors import BenchError
from bench.progress import SILENT
from generators.training.checkpoint import Checkpoint
from generators.training.loop import train


class Problem:
    """Least squares of noisy targets: the best line is y = 2 x."""

    def __init__(self, rate=0.1):
        torch.manual_seed(0)
        self.model = nn.Linear(1, 1, bias=False)
        self.optimiser = torch.optim.AdamW(self.model.parameters(), lr=rate)
        self.parts = {"model": self.model, "optimiser": self.optimiser}
        self.steps = []

    def advance(self, step):
        self.steps.append(step)
        x = torch.randn(32, 1)
        loss = (self.model(x) - 2 * x - 0.1 * torch.randn(32, 1)).square().mean()
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        return {"loss": loss.item()}

    @property
    def slope(self):
        return float(self.model.weight.detach())


def test_it_learns():
    problem = Problem()
    run = train(problem.parts, problem.advance, steps=200, name="line", progress=SILENT)
    assert run.step == 200
    assert problem.slope == pytest.approx(2.0, abs=0.05)


def test_the_weights_of_the_best_check_are_kept_and_patience_ends_it():
    problem = Problem()
    losses = iter([5.0, 1.0, 3.0, 3.0, 3.0, 0.0])
    slopes = []

    def validate():
        slopes.append(problem.slope)
        return next(losses)

    run = train(
        problem.parts, problem.advance, steps=100, name="line", progress=SILENT,
        validate=validate, check_every=10, patience=3,
    )  # fmt: skip
    assert run.checks == [5.0, 1.0, 3.0, 3.0, 3.0]
    assert run.step == 50
    assert problem.slope == slopes[1]


def test_a_killed_training_ends_as_if_it_had_never_stopped(tmp_path):
    whole = Problem()
    torch.manual_seed(5)
    train(whole.parts, whole.advance, steps=40, name="line", progress=SILENT)

    def killed(step):
        if step == 25:
            raise KeyboardInterrupt
        return first.advance(step)

    first = Problem()
    torch.manual_seed(5)
    with pytest.raises(KeyboardInterrupt):
        train(
            first.parts, killed, steps=40, name="line", progress=SILENT,
            checkpoint=Checkpoint(tmp_path, "same", seconds=0.0),
        )  # fmt: skip
    second = Problem()
    torch.manual_seed(99)
    train(second.parts, second.advance, steps=40, name="line", progress=SILENT, checkpoint=Checkpoint(tmp_path, "same"))
    assert second.steps == list(range(25, 40))
    assert second.slope == whole.slope
    third = Problem()
    train(third.parts, third.advance, steps=40, name="line", progress=SILENT, checkpoint=Checkpoint(tmp_path, "same"))
    assert third.steps == []
    assert third.slope == whole.slope


def test_a_loss_that_is_no_number_is_one_clear_line():
    problem = Problem()
    with pytest.raises(BenchError, match="the loss of line is no number any more at step 1"):
        train(problem.parts, lambda step: {"loss": float("nan")}, steps=5, name="line", progress=SILENT)
