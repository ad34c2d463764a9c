"""What a dataset holds, in small tables of text."""

from __future__ import annotations

import pandas as pd

from bench.records import Column, Dataset

Row = list[str]


def parts(data: Dataset) -> dict[str, pd.DataFrame]:
    return {"train": data.train, "validation": data.validation, "test": data.test}


def describe_columns(data: Dataset) -> list[Row]:
    """Over all parts, a row a column: name, kind, missing in percent, number of values, what they are."""
    frame = pd.concat(parts(data).values())
    return [describe_column(frame[column.name], column, data) for column in data.schema.columns]


def describe_column(values: pd.Series, column: Column, data: Dataset) -> Row:
    name = f"{column.name} (target)" if column.name == data.schema.target else column.name
    present = values.dropna()
    if present.empty:
        content = ""
    elif column.numeric:
        content = f"{present.min():g} to {present.max():g}"
    elif column.kind == "categorical":
        content = ", ".join(present.value_counts().index[:3])
    else:
        content = f"{present.str.len().median():g} characters (median)"
    return [name, column.kind, f"{100 * values.isna().mean():.2f}", str(present.nunique()), content]


def describe_target(data: Dataset) -> tuple[Row, list[Row]]:
    """Header and rows: the share of every class in every part that has records, or the moments of a number."""
    target = data.schema.target
    if target is None:
        return [], []
    targets = {part: frame[target] for part, frame in parts(data).items() if len(frame)}
    if data.schema.task == "regression":
        header = [target, "mean", "standard deviation", "median"]
        return header, [[part, f"{v.mean():g}", f"{v.std():g}", f"{v.median():g}"] for part, v in targets.items()]
    shares = {part: 100 * values.value_counts(normalize=True) for part, values in targets.items()}
    classes = pd.concat(targets.values()).value_counts().index
    rows = [[name, *(f"{share.get(name, 0.0):.2f}" for share in shares.values())] for name in classes]
    return [target, *(f"{part} %" for part in shares)], rows
