"""Schedules in closed form, and the best weights are the ones that stay."""

import pytest
import torch

from bench.progress import SILENT
from generators.difflm.config import DiffLMConfig
from generators.difflm.device import Device
from generators.difflm.train import check, plan_steps, rate_at, train_autoencoder

CPU = Device("cpu", False, "eager")


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


def test_training_lowers_the_bound_and_keeps_the_best_weights(model, tokenizer, frame):
    ids = torch.as_tensor(tokenizer.encode(frame)[0])
    train, validation = ids[:300], ids[300:]
    before = check(model, validation, 0, CPU)
    config = DiffLMConfig(steps=60, least_steps=60, learning_rate=3e-3, warmup_steps=5, batch_tokens=300)
    generator = torch.Generator().manual_seed(0)
    checks = train_autoencoder(
        model, train, validation, config, epochs=10, device=CPU, generator=generator, progress=SILENT
    )
    assert [c.step for c in checks] == [6, 12, 18, 24, 30, 36, 42, 48, 54, 60]
    best = min(checks, key=lambda c: c.reconstruction + c.kl)
    assert best.reconstruction + best.kl < before.reconstruction + before.kl - 5
    now = check(model, validation, best.step, CPU)
    assert now == best
