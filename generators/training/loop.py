"""One training loop: counted steps, early stopping on validation, a state that survives a kill.

All randomness of a training comes from torch's global generator, which the caller seeds inside
`torch.random.fork_rng`; its state is part of a checkpoint, so that a training that goes on from one ends as if
it had never stopped.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from bench.errors import BenchError
from bench.progress import Progress
from generators.training.checkpoint import Checkpoint, State, random_state, set_random_state


@dataclass
class Run:
    """What a training remembers beside its weights.

    Args:
        step: how many steps were made.
        checks: validation loss at every check.
        best: the states of the parts at the best check; empty before the first.
    """

    step: int = 0
    checks: list[float] = field(default_factory=list)
    best: dict[str, Any] = field(default_factory=dict)


def train(
    parts: Mapping[str, Any],
    advance: Callable[[int], Mapping[str, float]],
    *,
    steps: int,
    name: str,
    progress: Progress,
    validate: Callable[[], float] | None = None,
    check_every: int = 0,
    patience: int = 0,
    checkpoint: Checkpoint | None = None,
) -> Run:
    """Make `steps` steps, or fewer where validation stops getting better.

    Args:
        parts: networks, averages, optimisers, schedules: whatever has `state_dict` and `load_state_dict`.
            Those named in a state of the best check are put back when training ends.
        advance: makes the step of that number, from 0 on, and returns what to show; a loss among it must
            be a finite number.
        steps: at most.
        name: of the training, shown and used for its checkpoint.
        progress: where to report to.
        validate: loss on records that are not learnt from, lower is better; None to keep the last weights.
        check_every: steps between two checks.
        patience: checks without a new best after which training ends; 0 for never.
        checkpoint: where the state is kept and looked for.

    Raises:
        BenchError: the loss stopped being a number.
    """
    run = Run()
    saved = checkpoint.load(name) if checkpoint is not None else None
    if saved is not None:
        restore(run, parts, saved)
    with progress.task(name, steps) as task:
        task.advance(run.step)
        while run.step < steps and not out_of_patience(run, patience):
            shown = advance(run.step)
            if not all(math.isfinite(value) for value in shown.values()):
                raise BenchError(f"the loss of {name} is no number any more at step {run.step + 1}; learn more slowly")
            run.step += 1
            task.advance(1, **shown)
            if validate is not None and (run.step % check_every == 0 or run.step == steps):
                check(run, parts, validate())
            if checkpoint is not None:
                checkpoint.save(name, lambda: state_of(run, parts))
        # what was not needed counts as done
        task.advance(steps - run.step)
    for part, state in run.best.items():
        parts[part].load_state_dict(state)
    if checkpoint is not None:
        checkpoint.save(name, lambda: state_of(run, parts, steps), now=True)
    return run


def check(run: Run, parts: Mapping[str, Any], loss: float) -> None:
    """Remember a validation loss, and the weights where it is the least so far."""
    run.checks.append(loss)
    if loss <= min(run.checks):
        run.best = {
            name: {key: value.clone() for key, value in part.state_dict().items()}
            for name, part in parts.items()
            if isinstance(part, torch.nn.Module)
        }


def out_of_patience(run: Run, patience: int) -> bool:
    """Whether the best check is `patience` checks ago, or more."""
    return bool(patience and run.checks) and len(run.checks) - 1 - run.checks.index(min(run.checks)) >= patience


def state_of(run: Run, parts: Mapping[str, Any], step: int | None = None) -> State:
    """All that the next steps depend on."""
    return {
        "step": run.step if step is None else step,
        "checks": list(run.checks),
        "best": dict(run.best),
        "parts": {name: part.state_dict() for name, part in parts.items()},
        "random": random_state(),
    }


def restore(run: Run, parts: Mapping[str, Any], state: State) -> None:
    """Go back to where `state_of` was asked for."""
    run.step, run.checks, run.best = state["step"], state["checks"], state["best"]
    for name, part in parts.items():
        part.load_state_dict(state["parts"][name])
    set_random_state(state["random"])
