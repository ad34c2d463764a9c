"""A fit that is killed and started again ends as one that never stopped."""

import pandas as pd
import pytest
import torch

from bench.progress import SILENT, Progress, Task
from generators.difflm import DiffLM
from generators.training.checkpoint import Checkpoint

OPTIONS = {
    "decoder_width": 16,
    "decoder_layers": 1,
    "latent_size": 4,
    "diffusion_width": 16,
    "diffusion_blocks": 1,
    "diffusion_steps": 12,
    "matched_draws": 256,
    "diffusion_batch": 32,
    "sampler_steps": 4,
    "steps": 12,
    "least_steps": 12,
    "batch_records": 8,
    "learning_rate": 3e-3,
    "warmup_steps": 3,
    # whatever draws random numbers; the dropout of a pretrained encoder draws from torch's global generator
    "column_order": "random",
    "word_dropout": 0.2,
    "diffusion_target": "sample",
}


class Stopped(Exception):
    """Whatever ends a process."""


class StopsIn(Progress, Task):
    """Counts the steps of every task of one fit; raises at one of them."""

    def __init__(self, task: str | None = None, step: int = 0) -> None:
        self.place = (task, step)
        self.counted: dict[str, list[int]] = {}

    def task(self, description: str, total: int, unit: str = "steps") -> Task:
        self.now = description
        self.counted[description] = []
        return self

    def advance(self, steps: int = 1, **metrics: float) -> None:
        self.counted[self.now].append(steps)
        if (self.now, sum(self.counted[self.now])) == self.place:
            raise Stopped


@pytest.fixture(autouse=True)
def saves_at_every_step(monkeypatch):
    monkeypatch.setattr(Checkpoint.__init__, "__defaults__", (0.0,))


def fit(pretrained, frame, checkpoint, progress=SILENT, seed=5) -> DiffLM:
    generator = DiffLM(**OPTIONS, encoder=pretrained["bert"])
    return generator.fit(frame.head(60), target="y", seed=seed, checkpoint=checkpoint, progress=progress)


@pytest.fixture(scope="module")
def whole(pretrained, frame) -> DiffLM:
    return fit(pretrained, frame, None)


# what is learnt in a step is kept behind it: a fit that is stopped in step 8 goes on from step 7
@pytest.mark.parametrize(
    ("stops", "done"),
    [
        ([("autoencoder", 8)], {"autoencoder": 7, "latent diffusion": 0}),
        ([("latent diffusion", 8)], {"autoencoder": 12, "latent diffusion": 7}),
        ([("autoencoder", 3), ("autoencoder", 9), ("latent diffusion", 2)], {"autoencoder": 12, "latent diffusion": 1}),
    ],
)
def test_a_stopped_fit_goes_on_and_ends_the_same(pretrained, frame, whole, tmp_path, stops, done):
    for place in stops:
        with pytest.raises(Stopped):
            fit(pretrained, frame, tmp_path / "kept", StopsIn(*place))
    last = StopsIn()
    resumed = fit(pretrained, frame, tmp_path / "kept", last)
    assert {name: last.counted[name][0] for name in done} == done
    for one, other in ((resumed.model, whole.model), (resumed.latent.denoiser, whole.latent.denoiser)):
        found = one.state_dict()
        assert all(torch.equal(found[name], value) for name, value in other.state_dict().items())
    assert resumed.history == whole.history
    pd.testing.assert_frame_equal(resumed.sample(20, seed=3).records, whole.sample(20, seed=3).records)


def test_what_another_fit_left_is_not_gone_on_from(pretrained, frame, whole, tmp_path):
    with pytest.raises(Stopped):
        fit(pretrained, frame, tmp_path / "kept", StopsIn("autoencoder", 8), seed=6)
    last = StopsIn()
    other = fit(pretrained, frame, tmp_path / "kept", last)
    assert last.counted["autoencoder"][0] == 0
    pd.testing.assert_frame_equal(other.sample(20, seed=3).records, whole.sample(20, seed=3).records)
