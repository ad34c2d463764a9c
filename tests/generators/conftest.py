"""What tests of several generators share: a distribution in closed form, and a fit that is killed and goes on."""

import pytest
import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from generators.training.checkpoint import Checkpoint


class Mixture:
    """Three Gaussians in three dimensions, at the scale of the latents that the diffusion sees."""

    weights = torch.tensor([0.2, 0.3, 0.5])
    means = torch.tensor([[-0.7, 0.0, 0.3], [0.6, 0.5, 0.0], [0.1, -0.6, -0.4]])
    deviations = torch.tensor([[0.1, 0.2, 0.15], [0.2, 0.1, 0.1], [0.15, 0.15, 0.2]])

    def density(self, sigma: float = 0.0) -> MixtureSameFamily:
        """Of the values with noise of standard deviation sigma."""
        parts = Independent(Normal(self.means, (self.deviations.square() + sigma**2).sqrt()), 1)
        return MixtureSameFamily(Categorical(self.weights), parts)

    def draw(self, n: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Values (n, 3) and their components (n,)."""
        generator = torch.Generator().manual_seed(seed)
        component = torch.multinomial(self.weights, n, replacement=True, generator=generator)
        noise = torch.randn(n, 3, generator=generator)
        return self.means[component] + self.deviations[component] * noise, component

    def component(self, values: torch.Tensor) -> torch.Tensor:
        """The likeliest component of every value."""
        density = self.density()
        joint = density.component_distribution.log_prob(values[:, None]) + self.weights.log()
        return joint.argmax(dim=1)


@pytest.fixture(scope="session")
def mixture() -> Mixture:
    return Mixture()


@pytest.fixture
def fit_killed_once(tmp_path, monkeypatch):
    """A fit that is killed at a step of its optimisers, whose state is kept at every step, and then started again.

    Gives the generator and how many steps there were in all, the one that was killed included.
    """

    def fit(make, data, *, at, optimiser=torch.optim.Adam, **options):
        monkeypatch.setattr(Checkpoint.__init__, "__defaults__", (0.0,))
        original, calls = optimiser.step, []

        def step(self, *arguments, **keywords):
            calls.append(1)
            if len(calls) == at:
                raise KeyboardInterrupt
            return original(self, *arguments, **keywords)

        with monkeypatch.context() as patch:
            patch.setattr(optimiser, "step", step)
            with pytest.raises(KeyboardInterrupt):
                make().fit(data, checkpoint=tmp_path / "state", **options)
            return make().fit(data, checkpoint=tmp_path / "state", **options), len(calls)

    return fit
