"""How synthetic tools are built, against held-out real ones: counts, types and lengths.

Numbers are compared by the Kolmogorov-Smirnov statistic, types by total variation distance, as the columns of a
table are (`evaluators.tabular.density`), in percent. A record has many parameters, so the standard error comes from
a jackknife that leaves out records, not parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.records import Dataset, Schema
from evaluators.base import Score
from evaluators.jackknife import assign_groups, group_counts, jackknife_error, with_and_without
from evaluators.tabular.density import kolmogorov_smirnov, total_variation
from evaluators.tool.schemas import kinds, parse, without_halves

ANY = "any"  # the type of a parameter that names none


@dataclass
class Measured:
    """Values of one kind, and the record that each belongs to; both of shape (values,)."""

    values: NDArray[Any]
    record: NDArray[np.int64]


@dataclass
class Build:
    """What the records of a sample are made of; parameters that cannot be read have no values."""

    parameters: Measured
    required: Measured
    types: Measured
    descriptions: dict[str, Measured]
    names: dict[str, Measured]


def build(schema: Schema, records: pd.DataFrame) -> Build:
    """Measure every record.

    Lengths are in characters: of each `*description` and `*name` column, and of the descriptions and names of the
    parameters of all JSON columns.
    """
    counts, shares, types, texts, names = [], [], [], [], []
    for column in schema.columns:
        if column.kind != "json":
            continue
        for row, text in enumerate(records[column.name]):
            properties, required = read(text)
            if properties is None:
                continue
            counts.append((row, len(properties)))
            if properties:
                shares.append((row, sum(name in required for name in properties) / len(properties)))
            for name, parameter in properties.items():
                names.append((row, len(name)))
                types.append((row, type_of(parameter)))
                description = parameter.get("description", "") if isinstance(parameter, dict) else ""
                texts.append((row, len(description) if isinstance(description, str) else 0))
    text_columns = [column.name for column in schema.columns if column.kind == "text"]
    lengths = {
        ending: {name: column_lengths(records[name]) for name in text_columns if name.endswith(ending)}
        for ending in ("description", "name")
    }
    return Build(
        gather(counts),
        gather(shares),
        gather(types, object),
        lengths["description"] | {"parameters": gather(texts)},
        lengths["name"] | {"parameters": gather(names)},
    )


def read(text: object) -> tuple[dict[str, Any] | None, frozenset[str]]:
    """The properties of a parameters text and the names of the required ones; None where there are none to read."""
    try:
        schema = parse(text)
    except ValueError:
        return None, frozenset()
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict):
        return None, frozenset()
    required = schema.get("required", [])
    names = (name for name in required if isinstance(name, str)) if isinstance(required, list) else ()
    return properties, frozenset(names)


def type_of(parameter: object) -> str:
    named = sorted(str(kind).lower() for kind in kinds(parameter)) if isinstance(parameter, dict) else []
    return without_halves("|".join(named)) or ANY


def gather(pairs: list[tuple[int, Any]], kind: type = np.float64) -> Measured:
    values = np.empty(len(pairs), dtype=kind)
    values[:] = [value for _, value in pairs]
    return Measured(values, np.array([row for row, _ in pairs], dtype=np.int64))


def column_lengths(column: pd.Series) -> Measured:
    lengths = column.str.len().to_numpy(dtype="float64", na_value=0)
    return Measured(lengths, np.arange(len(column)))


def distribution_scores(data: Dataset, synthetic: pd.DataFrame, seed: int) -> list[Score]:
    """The distances of the five distributions from those of the test records."""
    n = len(synthetic)
    if n == 0 or len(data.test) == 0:
        reason = f"{len(data.test)} test and {n} synthetic records; there must be some of both"
        metrics = ("parameter_count", "required_share", "parameter_type", "description_length", "name_length")
        return [undefined(f"{metric}_error_percent", n, reason) for metric in metrics]
    real, ours = build(data.schema, data.test), build(data.schema, synthetic)
    group = assign_groups(n, seed)
    return [
        score("parameter_count_error_percent", {"": ks(real.parameters, ours.parameters, group)}, n),
        score("required_share_error_percent", {"": ks(real.required, ours.required, group)}, n),
        type_score(real.types, ours.types, group),
        score("description_length_error_percent", mean_of(real.descriptions, ours.descriptions, group), n),
        score("name_length_error_percent", mean_of(real.names, ours.names, group), n),
    ]


def undefined(metric: str, n: int, reason: str) -> Score:
    return Score(metric, np.nan, np.nan, False, "harness", 1, n, {"reason": reason})


def score(metric: str, errors: dict[str, NDArray[np.float64]], n: int) -> Score:
    """The mean in percent of errors with and without each group; each of shape (1 + groups,)."""
    percent = 100 * np.mean(list(errors.values()), axis=0)
    parts = {name: 100 * float(error[0]) for name, error in errors.items() if name}
    details = {"parts": parts} if parts else {}
    return Score(metric, float(percent[0]), jackknife_error(percent), False, "harness", 1, n, details)


def mean_of(
    real: dict[str, Measured], synthetic: dict[str, Measured], group: NDArray[np.int64]
) -> dict[str, NDArray[np.float64]]:
    return {name: ks(real[name], synthetic[name], group) for name in real}


def ks(real: Measured, synthetic: Measured, group: NDArray[np.int64]) -> NDArray[np.float64]:
    """KS statistic; (1 + groups,). A missing value of every record gives even a group without values its place."""
    values = np.concatenate([synthetic.values, np.full(len(group), np.nan)])
    return kolmogorov_smirnov(real.values, values, np.concatenate([group[synthetic.record], group]))


def type_score(real: Measured, synthetic: Measured, group: NDArray[np.int64]) -> Score:
    metric, n = "parameter_type_error_percent", len(group)
    if len(real.values) == 0 or len(synthetic.values) == 0:
        reason = f"{len(real.values)} parameters of test and {len(synthetic.values)} of the sample; there must be some"
        return undefined(metric, n, reason)
    codes, labels = pd.factorize(np.concatenate([real.values, synthetic.values]))
    size, groups = len(labels), int(group.max()) + 1
    real_counts = np.bincount(codes[: len(real.values)], minlength=size)
    # a code beyond the types, one for each group, so that a group without parameters has its place too
    ours = np.concatenate([codes[len(real.values) :], np.full(groups, size)])
    places = np.concatenate([group[synthetic.record], np.arange(groups)])
    counts = with_and_without(group_counts(ours.astype(np.int64), size + 1, places))[:, :size]
    result = score(metric, {"": total_variation(real_counts, counts)}, n)
    shares = {
        "test": real_counts / real_counts.sum(),
        "synthetic": counts[0] / counts[0].sum(),
    }
    result.details["types"] = {
        side: {str(labels[i])[:40]: float(share[i]) for i in np.argsort(-share)[:20] if share[i] > 0}
        for side, share in shares.items()
    }
    return result
