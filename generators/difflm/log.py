"""What a training tells of every step, as an event file for TensorBoard and as a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from generators.difflm.bound import Check

EVENTS, PICTURE = "events.out.tfevents.autoencoder", "training.png"


@dataclass
class History:
    """One value a step, and the checks on validation; all terms in nats a record.

    Args:
        reconstruction, kl: means over the batch.
        beta: weight of the KL term against the true bound.
        learning_rate: of the optimiser.
        checks: in order.
    """

    reconstruction: list[float] = field(default_factory=list)
    kl: list[float] = field(default_factory=list)
    beta: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)

    def add(self, *, reconstruction: float, kl: float, beta: float, learning_rate: float) -> None:
        """One more step."""
        self.reconstruction.append(reconstruction)
        self.kl.append(kl)
        self.beta.append(beta)
        self.learning_rate.append(learning_rate)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able; `from_dict` reads it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> History:
        return cls(**{**values, "checks": [Check(**check) for check in values["checks"]]})


def write_log(history: History, folder: Path) -> None:
    """Write event file and picture into a folder that exists."""
    write_events(history, folder / EVENTS)
    draw(history, folder / PICTURE)


def write_events(history: History, path: Path) -> None:
    """An event file that TensorBoard reads. Equal trainings write equal files: time is counted in steps."""
    from tensorboardX import RecordWriter  # noqa: PLC0415 - only a fit that is saved needs it
    from tensorboardX.proto.event_pb2 import Event  # noqa: PLC0415
    from tensorboardX.proto.summary_pb2 import Summary  # noqa: PLC0415

    writer = RecordWriter(str(path))
    writer.write(Event(wall_time=0.0, file_version="brain.Event:2").SerializeToString())
    for step, scalars in scalars_of(history):
        values = [Summary.Value(tag=tag, simple_value=value) for tag, value in scalars.items()]
        writer.write(Event(wall_time=step, step=step, summary=Summary(value=values)).SerializeToString())
    writer.close()


def scalars_of(history: History) -> Iterator[tuple[int, dict[str, float]]]:
    """Step and what is logged of it, for every step and then for every check."""
    columns = (history.reconstruction, history.kl, history.beta, history.learning_rate)
    for step, (reconstruction, kl, beta, rate) in enumerate(zip(*columns, strict=True), start=1):
        yield (
            step,
            {
                "train/reconstruction": reconstruction,
                "train/kl": kl,
                "train/elbo": -reconstruction - kl,
                "train/beta": beta,
                "train/learning_rate": rate,
            },
        )
    for check in history.checks:
        yield (
            check.step,
            {
                "validation/reconstruction": check.reconstruction,
                "validation/kl": check.kl,
                "validation/elbo": -check.reconstruction - check.kl,
                "validation/active_units": check.active_units,
            },
        )


def draw(history: History, path: Path) -> None:
    """The bound and its terms, the KL of the latent dimensions, and the weight of the KL, over the steps."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - see above
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(8, 9), layout="constrained")
    FigureCanvasAgg(figure)
    bound, dimensions, weight = figure.subplots(3, 1, sharex=True)
    steps = range(1, len(history.kl) + 1)
    checked = [check.step for check in history.checks]
    total = [reconstruction + kl for reconstruction, kl in zip(history.reconstruction, history.kl, strict=True)]
    for name, values in (("-ELBO", total), ("reconstruction", history.reconstruction), ("KL", history.kl)):
        bound.plot(steps, values, linewidth=0.6, alpha=0.8, label=f"{name}, train")
    bound.set_prop_cycle(None)
    for name, values in (
        ("-ELBO", [check.reconstruction + check.kl for check in history.checks]),
        ("reconstruction", [check.reconstruction for check in history.checks]),
        ("KL", [check.kl for check in history.checks]),
    ):
        bound.plot(checked, values, "o-", markersize=3, label=f"{name}, validation (averaged weights)")
    bound.set(ylabel="nats a record", ylim=(0, None))
    bound.legend(fontsize=7, ncols=2)

    for values in zip(*(check.kl_of_dimensions for check in history.checks), strict=True):
        dimensions.plot(checked, values, linewidth=0.8)
    dimensions.set(ylabel="KL of each latent dimension, nats", ylim=(0, None))
    units = dimensions.twinx()
    units.plot(checked, [check.active_units for check in history.checks], "k--", label="active units (right)")
    units.set(ylabel="active units", ylim=(0, None))
    units.legend(fontsize=7)

    weight.plot(steps, history.beta, label="beta")
    weight.set(xlabel="step", ylabel="beta", ylim=(0, None))
    rate = weight.twinx()
    rate.plot(steps, history.learning_rate, "C1", label="learning rate (right)")
    rate.set(ylabel="learning rate", ylim=(0, None))
    weight.legend(handles=[*weight.lines, *rate.lines], fontsize=7)
    figure.savefig(path, dpi=110)
