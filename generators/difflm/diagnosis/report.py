"""What a diagnosis found, and its page: one HTML file that needs nothing beside it."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.condition import Condition
from generators.difflm.diagnosis import figures

TEMPLATE = Path(__file__).with_name("page.html")
TARGET = " target"
UNDEFINED = "not defined"


@dataclass(frozen=True)
class Samples:
    """Records under one condition.

    Args:
        where: what all of them fulfil, and what real records that they are compared with must fulfil.
        records: name -> records.
    """

    where: Condition
    records: dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Diagnosis:
    """What was found.

    Args:
        numbers: JSON-able, by check.
        samples: condition in words, empty for none -> records that whoever can score records may score.
        arrays: of the picture of the latents: `train`, `held-out`, `diffusion` (rows, 2), and what
            colours them, such as `train target` (rows,).
        history: training curves by name, all of the length of `step`; may be empty.
    """

    numbers: dict[str, Any]
    samples: dict[str, Samples]
    arrays: dict[str, NDArray[Any]]
    history: dict[str, list[float]]

    def summary(self) -> list[tuple[str, str]]:
        """The main numbers: what is measured, and its value."""
        rows = []
        for name, found in self.numbers["reconstruction"].items():
            share = "field" if "field_accuracy_percent" in found else "token"
            rows.append((f"records that come back, {name} (%)", f"{found['exact_percent']:.1f}"))
            rows.append((f"{share}s that come back, {name} (%)", f"{found[f'{share}_accuracy_percent']:.1f}"))
        for name, nats in self.numbers["worth of the latent"]["held-out"].items():
            rows.append((f"reconstruction of held-out records, {name} (nats)", f"{nats:.2f}"))
        latent = self.numbers["latent"]
        rows.append(("KL (nats)", f"{latent['kl_nats']:.2f}"))
        rows.append(("active units", f"{latent['active_units']} of {latent['size']}"))
        for name, found in self.numbers["latent samples"]["as decoded"].items():
            rows.append((f"sliced Wasserstein to train latents, {name}", f"{found['sliced_wasserstein']:.4f}"))
            rows.append((f"C2ST AUC against train latents, {name}", f"{found['c2st_xgboost_auc']:.3f}"))
        for where, ways in self.numbers["control"].items():
            for way, found in ways.items():
                rows.append((f"control accuracy of {where}, {way} (%)", written(found["control_accuracy_percent"])))
                rows.append((f"attempts per record of {where}, {way}", written(found["attempts_per_record"])))
        return rows

    def page(self, title: str, facts: Sequence[str], scores: Sequence[Mapping[str, Any]]) -> str:
        """The page.

        Args:
            title: heading.
            facts: what was looked at, one short text each.
            scores: of the samples and of real held-out records; each with `where`, `records` (their names
                in `samples`), `metric`, `value` and `stderr`, where value and stderr may be None.
        """
        environment = jinja2.Environment(
            autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        tables = {
            where: pivot([score for score in scores if score["where"] == where], self.numbers["control"].get(where, ()))
            for where in self.samples
        }
        template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
        return template.render(
            title=title, facts=facts, numbers=self.numbers, pictures=self.pictures(), tables=tables, written=written
        )

    def pictures(self) -> dict[str, str]:
        """The pictures as addresses that hold the whole picture."""
        found = self.numbers["reconstruction"]
        accuracy = {name: one["columns"] for name, one in found.items() if "columns" in one}
        points = {name: array for name, array in self.arrays.items() if not name.endswith(TARGET)}
        targets = {name: self.arrays[name + TARGET] for name in points if name + TARGET in self.arrays}
        known = [value for target in targets.values() for value in target if value is not None]
        numeric = bool(known) and not isinstance(known[0], str)
        texts = {
            "clouds": figures.clouds(points, targets, numeric),
            "dimensions": figures.dimension_bars(self.numbers["latent"]["kl_nats_of_dimensions"]),
        }
        if accuracy:
            texts["fields"] = figures.field_bars(accuracy)
        if len(self.history.get("step", [])) > 1:
            texts["curves"] = figures.curves(self.history)
        return {name: embed(text) for name, text in texts.items()}


def embed(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def pivot(scores: Sequence[Mapping[str, Any]], names: Iterable[str] = ()) -> dict[str, dict[str, str]]:
    """Records, those of `names` first -> metric -> value as text, every row with every metric."""
    metrics = dict.fromkeys(score["metric"] for score in scores)
    rows = [*names, *(score["records"] for score in scores)]
    table: dict[str, dict[str, str]] = {name: dict.fromkeys(metrics, UNDEFINED) for name in rows}
    for score in scores:
        table[score["records"]][score["metric"]] = written(score["value"], score["stderr"])
    return table


def written(value: float | None, error: float | None = None) -> str:
    if value is None or np.isnan(value):
        return UNDEFINED
    return f"{value:.3f}" if error is None or np.isnan(error) else f"{value:.3f} ± {error:.3f}"
