"""Training the autoencoder: a fixed number of steps, the averaged weights that are best on validation kept.

Many processes train as one (`distributed.py`), and a killed training goes on where it stopped: everything
that a step depends on is in `Training.state`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass

import torch

from bench.errors import BenchError
from bench.progress import SILENT, Progress
from generators.difflm.bound import Check, check, run
from generators.difflm.config import DiffLMConfig
from generators.difflm.distributed import Team, like, load_optimiser, optimiser_state, whole_weights
from generators.difflm.log import History
from generators.difflm.schedule import autoencoder_loss, beta_at, beta_unit, checks_of
from generators.difflm.tokens import Tokens
from generators.difflm.vae import VariationalAutoencoder
from generators.training.average import (
    Weights,
    put_weights,
    swapped_in,
    trained_parameters,
    trained_weights,
    update_average,
)
from generators.training.checkpoint import Checkpoint, State, random_state, set_random_state
from generators.training.device import Device

STATE = "autoencoder"


@dataclass(frozen=True)
class Trained:
    """What a training tells: the checks on validation, and every step."""

    checks: list[Check]
    history: History


def plan_steps(config: DiffLMConfig, epochs: int, records: int, mean_length: float) -> tuple[int, int]:
    """Steps, and records of a step, for at most `epochs` passes over train records of `mean_length` tokens."""
    batch = min(records, config.batch_records or max(4, round(config.batch_tokens / mean_length)))
    return min(config.steps, max(config.least_steps, epochs * records // batch)), batch


def one_pass(records: int, batch: int, generator: torch.Generator) -> torch.Tensor:
    """Record numbers (batches, batch) of one pass in random order; fewer than `batch` records are left out.

    Batches of records of about one length would need less padding, and learn worse: on the stand-in of
    Default a bound of 122.1 nats in place of 120.3 after 400 steps, in 15 % less time.
    """
    return torch.randperm(records, generator=generator)[: records // batch * batch].view(-1, batch)


def rate_at(step: int, steps: int, warmup: int) -> float:
    """Share of the peak learning rate: linear warm-up, then cosine to 2 %."""
    return min(1.0, (step + 1) / warmup) * (0.02 + 0.98 * (1 + math.cos(math.pi * step / steps)) / 2)


def train_autoencoder(
    model: VariationalAutoencoder,
    train: Tokens,
    validation: Tokens,
    config: DiffLMConfig,
    *,
    epochs: int,
    device: Device,
    generator: torch.Generator,
    progress: Progress,
    vary: Callable[[Tokens, torch.Generator], Tokens] | None = None,
    checkpoint: Checkpoint | None = None,
) -> Trained:
    """Train `model` in place.

    Args:
        model: the networks, on `device`; what does not require a gradient stays as it is.
        train, validation: records; without validation records the last average is kept.
        config: optimiser and schedules.
        epochs: most passes over the train records.
        device: where, and in what precision.
        generator: order of the records, noise of the latent, words that are dropped.
        progress: where to report to.
        vary: changes every batch before it is learnt from, such as the order of its columns.
        checkpoint: where the state is kept and looked for. A training that goes on from it, and what
            follows, ends as if it had never stopped: `generator` and torch's own are part of the state.

    Raises:
        BenchError: the loss stopped being a number, or a step has fewer records than there are processes.
    """
    mean_length = float(train.lengths.float().mean())
    steps, batch = plan_steps(config, epochs, len(train), mean_length)
    training = Training(model, config, steps, mean_length - 1, device, generator)
    processes = training.team.processes
    if batch < processes.count:
        raise BenchError(f"a step of {batch} records cannot be shared by {processes.count} processes; use fewer")
    if checkpoint is not None:
        found = training.team.agree(checkpoint.load(STATE) if processes.main else None)
        if found is not None:
            training.restore(found)
    checks = checks_of(config) if len(validation) else 0
    training.team.train()
    with (progress if processes.main else SILENT).task("autoencoder", steps) as task:
        task.advance(training.step)
        while training.step < steps:
            if not len(training.order):
                training.order = one_pass(len(train), batch, generator)
            rows, training.order = training.order[0], training.order[1:]
            records = train[rows]
            loss, metrics = training.advance(records if vary is None else vary(records, generator))
            if not math.isfinite(loss):
                raise BenchError(f"the loss became {loss} at step {training.step}; lower learning_rate")
            task.advance(1, **metrics)
            if (training.step * checks) // steps > ((training.step - 1) * checks) // steps:
                training.check(validation)
            if checkpoint is not None:
                keep(checkpoint, training, training.state)
    training.finish()
    if checkpoint is not None:
        keep(checkpoint, training, training.last_state, now=True)
    model.eval()
    return Trained(training.history.checks, training.history)


def keep(checkpoint: Checkpoint, training: Training, make_state: Callable[[], State], *, now: bool = False) -> None:
    """Let the main process save what all processes know, when it finds that time has come."""
    if training.team.agree(now or checkpoint.due):
        state = make_state()
        if training.team.processes.main:
            checkpoint.save(STATE, lambda: state, now=True)


class Training:
    """A training between two steps.

    Args:
        model, config, device, generator: as for `train_autoencoder`.
        steps: how many there will be.
        mean_tokens: tokens that are predicted of a record, on average.
    """

    def __init__(
        self,
        model: VariationalAutoencoder,
        config: DiffLMConfig,
        steps: int,
        mean_tokens: float,
        device: Device,
        generator: torch.Generator,
    ) -> None:
        optimiser = torch.optim.AdamW(
            trained_parameters(model),
            lr=config.learning_rate,
            betas=(0.9, 0.98),
            weight_decay=config.weight_decay,
            fused=True,
        )
        self.team = Team(model, optimiser)
        self.config = config
        self.steps = steps
        self.unit = beta_unit(config, mean_tokens)
        self.device = device
        self.generator = generator
        self.step = 0
        self.order = torch.empty(0, 0, dtype=torch.long)  # batches of the pass that is under way
        self.average = trained_weights(self.team.model)
        self.best: Weights = {}
        self.best_check: Check | None = None
        self.history = History()

    def advance(self, records: Tokens) -> tuple[float, dict[str, float]]:
        """One step on a batch; its loss, and what to show."""
        team, config = self.team, self.config
        beta = self.unit * beta_at(self.step + 1, self.steps, config, self.checked)
        rate = config.learning_rate * rate_at(self.step, self.steps, config.warmup_steps)
        for group in team.optimiser.param_groups:
            group["lr"] = rate
        terms = run(team, records, self.device, self.generator, word_dropout=config.word_dropout, part=team.part)
        terms = team.whole_batch(terms, len(records))
        loss = autoencoder_loss(terms, beta, config)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(team.model.parameters(), 1.0)
        team.optimiser.step()
        team.optimiser.zero_grad()
        self.step += 1
        update_average(self.average.values(), trained_parameters(team.model), config.average_decay, self.step)
        # an accelerator is waited for once a step
        values = torch.stack([loss, terms.reconstruction.mean(), terms.kl.sum(dim=1).mean()]).tolist()
        self.history.add(reconstruction=values[1], kl=values[2], beta=beta, learning_rate=rate)
        return values[0], {"nats": values[1] + values[2], "kl": values[2]}

    @property
    def checked(self) -> list[float]:
        return [check.reconstruction for check in self.history.checks]

    def check(self, validation: Tokens) -> None:
        """Look at validation with the averaged weights, and keep them if they are the best so far.

        The best have the least reconstruction + beta * KL, with the beta that training would end with
        from here: where beta falls, the bound itself would choose the weights of the first checks.
        """
        with swapped_in(self.team.model, self.average):
            self.team.train(False)
            found = check(self.team, validation, self.step, self.device)
            self.team.train()
        self.history.checks.append(found)
        beta = self.unit * beta_at(self.steps, self.steps, self.config, self.checked)
        best = self.best_check
        if best is None or found.reconstruction + beta * found.kl < best.reconstruction + beta * best.kl:
            self.best_check = found
            self.best = {name: value.clone() for name, value in self.average.items()}

    def finish(self) -> None:
        """Give the model that was given the weights that are kept."""
        put_weights(self.team.model, self.best or self.average)
        self.team.finish()

    def last_state(self) -> State:
        """All that is needed of a training that is finished: the weights are those that are kept."""
        return {
            "step": self.step,
            "weights": whole_weights(trained_weights(self.team.model)),
            "history": self.history.to_dict(),
            "generator": self.generator.get_state(),
            "random": self.team.everyone(random_state()),
        }

    def state(self) -> State:
        """All that the next steps depend on; in every process the same, and all processes must ask."""
        return self.last_state() | {
            "average": whole_weights(self.average),
            "best": whole_weights(self.best),
            "best_check": None if self.best_check is None else asdict(self.best_check),
            "optimiser": optimiser_state(self.team.optimiser),
            "order": self.order,
        }

    def restore(self, state: State) -> None:
        """Go back to where `state` or `last_state` was asked for."""
        self.step = state["step"]
        put_weights(self.team.model, self.parts(state["weights"]))
        self.history = History.from_dict(state["history"])
        self.average = self.parts(state.get("average", state["weights"]))
        self.best = self.parts(state.get("best", {}))
        self.generator.set_state(state["generator"])
        random = state["random"]
        set_random_state(random[self.team.processes.index % len(random)])
        if "optimiser" in state:
            self.best_check = Check(**state["best_check"]) if state["best_check"] else None
            load_optimiser(self.team.optimiser, state["optimiser"])
            self.order = state["order"]

    def parts(self, weights: Weights) -> Weights:
        """Weights as this process holds them, of those of all."""
        return {
            name: like(value.to(self.device.name), self.team.model.get_parameter(name))
            for name, value in weights.items()
        }
