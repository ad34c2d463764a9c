"""Structural causal models whose samples are records and whose likelihood is exact.

A model is an ordered mapping from column to the conditional distribution of that column given the columns
before it (Pearl, "Causality", 2009, section 1.4: the Markov factorisation
p(x) = prod_i p(x_i | parents_i)). Every distribution lives on what is written in the file: a number has
the stated decimals and so a probability mass, a missing value is a state like any other. There are no hidden
variables, which is why the likelihood of a record and the Bayes-optimal prediction are sums, not estimates.

While a model runs, a column is an array: float64 for numbers (NaN where missing), object for labels
(None where missing).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[Any]
Values = Mapping[str, Array]
Logits = Mapping[Any, Array | float]
Function = Callable[[Values], Array]


class Continuous(Protocol):
    """The part of scipy's frozen distributions that is used; parameters are scalars or (rows,)."""

    def cdf(self, x: Array) -> Array: ...
    def sf(self, x: Array) -> Array: ...
    def ppf(self, q: Array) -> Array: ...


class Distribution(Protocol):
    """A conditional distribution of one column given the columns before it.

    `decimals` says what the values are: None for labels, otherwise the digits after the point.
    """

    @property
    def decimals(self) -> int | None: ...

    def sample(self, parents: Values, rows: int, rng: np.random.Generator) -> Array:
        """One value a row, shape (rows,)."""
        ...

    def log_prob(self, values: Array, parents: Values) -> Array:
        """Natural logarithm of the probability mass of `values`, shape (rows,)."""
        ...


@dataclass(frozen=True)
class Choice:
    """One of a few labels or numbers: log p = log base + tilt + constant (a multinomial logit).

    Args:
        base: label -> relative frequency where no tilt applies; a None label is a missing value.
        tilt: parents -> label -> what is added to its logit; labels left out get 0.
    """

    base: Mapping[Any, float]
    tilt: Callable[[Values], Logits] = lambda _: {}

    @property
    def decimals(self) -> int | None:
        if any(isinstance(label, str) for label in self.base):
            return None
        return max(len(f"{number:g}".partition(".")[2]) for number in self.base)

    def table(self, parents: Values, rows: int) -> Array:
        """Log-probabilities of all labels, shape (rows, labels)."""
        logits = np.tile(np.log(list(self.base.values())), (rows, 1))
        position = {label: i for i, label in enumerate(self.base)}
        for label, change in self.tilt(parents).items():
            logits[:, position[label]] += change
        return np.asarray(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))

    def sample(self, parents: Values, rows: int, rng: np.random.Generator) -> Array:
        cumulative = np.exp(self.table(parents, rows)).cumsum(axis=1)
        chosen = (cumulative[:, :-1] < rng.random((rows, 1))).sum(axis=1)
        labels = np.array(list(self.base), dtype=object if self.decimals is None else np.float64)
        return np.asarray(labels[chosen])

    def log_prob(self, values: Array, parents: Values) -> Array:
        table = self.table(parents, len(values))
        result = np.full(len(values), -np.inf)
        for i, label in enumerate(self.base):
            result = np.where(values == label, table[:, i], result)
        return result


@dataclass(frozen=True)
class Point:
    """All mass on one number, or on a function of the parents (a functional dependency)."""

    value: float | Function
    decimals: int = 0

    def sample(self, parents: Values, rows: int, rng: np.random.Generator) -> Array:
        return np.broadcast_to(resolve(self.value, parents), rows).astype(np.float64)

    def log_prob(self, values: Array, parents: Values) -> Array:
        value = np.broadcast_to(resolve(self.value, parents), len(values))
        return np.where((values == value) | (np.isnan(values) & np.isnan(value)), 0.0, -np.inf)


@dataclass(frozen=True)
class Rounded:
    """A continuous distribution cut to [low, high] and rounded to `decimals` digits.

    The mass of a grid value v is F(v + h) - F(v - h), h half the width of the grid, divided by
    F(high + h) - F(low - h).

    Args:
        shape: parents -> a frozen scipy distribution.
        low, high: bounds on the grid, numbers or functions of the parents.
        decimals: digits after the point; -4 means multiples of 10,000.
    """

    shape: Callable[[Values], Continuous]
    low: float | Function
    high: float | Function
    decimals: int = 0

    @property
    def half(self) -> float:
        return 0.5 * 10.0**-self.decimals

    def sample(self, parents: Values, rows: int, rng: np.random.Generator) -> Array:
        shape = self.shape(parents)
        low, high = resolve(self.low, parents), resolve(self.high, parents)
        lowest, highest = shape.cdf(low - self.half), shape.cdf(high + self.half)
        drawn = shape.ppf(lowest + (highest - lowest) * rng.random(rows))
        return np.clip(np.round(drawn, self.decimals), low, high)

    def log_prob(self, values: Array, parents: Values) -> Array:
        shape = self.shape(parents)
        low, high = resolve(self.low, parents), resolve(self.high, parents)
        legal = (values == np.round(values, self.decimals)) & (values >= low) & (values <= high)
        mass = interval(shape, values - self.half, values + self.half)
        total = interval(shape, low - self.half, high + self.half)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(legal, np.log(mass) - np.log(total), -np.inf)


@dataclass(frozen=True)
class Mixture:
    """One of several distributions, chosen by `selector`; its labels name the parts.

    Zero-inflation, heaps such as a 40-hour week and missing numbers are mixtures with a `Point`.
    """

    selector: Choice
    parts: Mapping[str, Distribution]

    @property
    def decimals(self) -> int:
        return max(part.decimals or 0 for part in self.parts.values())

    def sample(self, parents: Values, rows: int, rng: np.random.Generator) -> Array:
        chosen = self.selector.sample(parents, rows, rng)
        drawn = {name: part.sample(parents, rows, rng) for name, part in self.parts.items()}
        return np.select([chosen == name for name in drawn], list(drawn.values()))

    def log_prob(self, values: Array, parents: Values) -> Array:
        weights = self.selector.table(parents, len(values)).T
        names = list(self.selector.base)
        terms = [w + self.parts[n].log_prob(values, parents) for n, w in zip(names, weights, strict=True)]
        return np.asarray(reduce(np.logaddexp, terms))


@dataclass(frozen=True)
class CausalModel:
    """The true distribution of a demo table.

    Args:
        nodes: column -> distribution, causes before effects.
        columns: the columns in the order of the file.
        target: the column that a model is trained to predict.
        outcomes: the values that the target can take, missing excluded.
    """

    nodes: Mapping[str, Distribution]
    columns: tuple[str, ...]
    target: str
    outcomes: Sequence[Any]

    def sample(self, rows: int, seed: int) -> pd.DataFrame:
        """`rows` independent records as a canonical frame; equal seeds give equal frames."""
        rng = np.random.default_rng(seed)
        values: dict[str, Array] = {}
        for name, node in self.nodes.items():
            values[name] = node.sample(values, rows, rng)
        return pd.DataFrame({name: pd.Series(values[name], dtype=self.dtype(name)) for name in self.columns})

    def dtype(self, name: str) -> Any:
        decimals = self.nodes[name].decimals
        if decimals is None:
            return "str"
        return "Int64" if decimals <= 0 else "float64"

    def log_likelihood(self, frame: pd.DataFrame) -> Array:
        """Exact log-probability mass of whole records in nats, shape (rows,); -inf where impossible."""
        values = to_values(frame)
        return np.asarray(sum(node.log_prob(values[name], values) for name, node in self.nodes.items()))

    def target_distribution(self, frame: pd.DataFrame) -> Array:
        """P(target | all other columns, target not missing), shape (rows, outcomes).

        By Bayes' rule over `outcomes`; columns before the target in causal order cancel.
        """
        values = to_values(frame)
        order = list(self.nodes)
        affected = order[order.index(self.target) :]
        kind = values[self.target].dtype
        logits = np.empty((len(frame), len(self.outcomes)))
        for i, outcome in enumerate(self.outcomes):
            changed = {**values, self.target: np.full(len(frame), outcome, dtype=kind)}
            logits[:, i] = sum(self.nodes[name].log_prob(changed[name], changed) for name in affected)
        return np.asarray(np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)))


def among(values: Array, *labels: object) -> Array:
    """Which values are one of the labels, as a boolean array (rows,); None stands for missing."""
    return np.isin(values, np.array(labels, dtype=object))


def effect(values: Array, by_value: Mapping[Any, float]) -> Array:
    """The number that belongs to each value, 0 where none is given; shape (rows,)."""
    return np.asarray(pd.Series(values).map(by_value).fillna(0.0), dtype=np.float64)


def resolve(value: float | Function, parents: Values) -> Array:
    return np.asarray(value(parents) if callable(value) else value, dtype=np.float64)


def interval(shape: Continuous, low: Array, high: Array) -> Array:
    """Mass between `low` and `high`, taken from the nearer tail: differences near 1 lose all digits."""
    below = shape.cdf(low)
    return np.where(below < 0.5, shape.cdf(high) - below, shape.sf(low) - shape.sf(high))


def to_values(frame: pd.DataFrame) -> dict[str, Array]:
    """The arrays of a frame: float64 with NaN, or object with None."""
    return {
        str(name): column.to_numpy(dtype=np.float64, na_value=np.nan)
        if pd.api.types.is_numeric_dtype(column)
        else column.astype(object).where(column.notna(), None).to_numpy()
        for name, column in frame.items()
    }
