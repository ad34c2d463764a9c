"""Which categories of tools a sample covers, and in which shares.

A synthetic record has no category, so it gets that of the nearest real train tool: by cosine in a TF-IDF space over
the words of names and descriptions, where all APIs of a tool are one text. A record that is farther from every train
tool than 95 % of the held-out real records are has none. Held-out records are put through the same rule, whether or
not their category is known, so its mistakes are on both sides of the comparison.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import gammaln
from sklearn.feature_extraction.text import TfidfVectorizer

from bench.records import Dataset, Schema
from evaluators.base import Score
from evaluators.jackknife import assign_groups, group_counts, jackknife_error, with_and_without
from evaluators.tabular.density import total_variation

COVERAGE, ERROR = "category_coverage_percent", "category_error_percent"
# The share of held-out real records that are nearer to some train tool than what still has a category.
NEAR_PERCENT = 95
LONGEST = 2000  # characters of a record that are read
MOST_RECORDS = 5000  # of a sample that are looked at
MOST_WORDS = 50_000
BLOCK = 500
NONE = "none"


def category_scores(data: Dataset, synthetic: pd.DataFrame, seed: int) -> list[Score]:
    """Coverage and total variation distance against the test records.

    `category_coverage_percent`: the expected share of the categories of test that are met by as many synthetic
    records as there are test records, drawn without replacement; so it does not grow with the sample.
    """
    n = len(synthetic)
    known = data.extras.get("categories")
    if known is None or not {"tool_name", "category"} <= set(known) or "tool_name" not in synthetic:
        return undefined(n, "the categories of the real tools are not known")
    if n == 0 or len(data.test) == 0:
        return undefined(n, f"{len(data.test)} test and {n} synthetic records; there must be some of both")
    category = dict(zip(known["tool_name"], known["category"], strict=True))
    train = data.train[data.train["tool_name"].isin(category.keys())]
    if len(train) == 0:
        return undefined(n, "no train record is of a tool whose category is known")
    rows = np.sort(np.random.default_rng(seed).permutation(n)[:MOST_RECORDS])
    sample = synthetic.iloc[rows]
    try:
        names, nearest = nearest_tools(data.schema, train, [data.test, sample])
    except ValueError:
        return undefined(n, "the real tools have no words")
    (test_tool, test_cosine), (tool, cosine) = nearest
    least = np.percentile(test_cosine, 100 - NEAR_PERCENT)
    labels = np.array([category[name] for name in names], dtype=object)
    test_labels = np.where(test_cosine >= least, labels[test_tool], NONE)
    sample_labels = np.where(cosine >= least, labels[tool], NONE)
    truth = data.test["tool_name"].map(category)
    details = {
        "near_cosine": float(least),
        "none_percent": 100 * float((sample_labels == NONE).mean()),
        "right_for_test_percent": 100 * float((labels[test_tool] == truth)[truth.notna()].mean()),
        "records": len(sample),
    }
    return compare(test_labels, sample_labels, n, details, seed)


def undefined(n: int, reason: str) -> list[Score]:
    return [
        Score(metric, np.nan, np.nan, higher, "harness", 1, n, {"reason": reason})
        for metric, higher in ((COVERAGE, True), (ERROR, False))
    ]


def compare(
    test: NDArray[np.object_], sample: NDArray[np.object_], n: int, details: dict[str, object], seed: int
) -> list[Score]:
    codes, labels = pd.factorize(np.concatenate([test, sample]))
    size, group = len(labels), assign_groups(len(sample), seed)
    real = np.bincount(codes[: len(test)], minlength=size)
    counts = with_and_without(group_counts(codes[len(test) :], size, group))
    wanted = (real > 0) & (labels != NONE)
    met = (
        np.array([met_within(row, len(test))[wanted].mean() for row in counts]) if wanted.any() else np.array([np.nan])
    )
    error = 100 * total_variation(real, counts)
    shares = {
        str(label): [float(a), float(b)]
        for label, a, b in zip(labels, real / real.sum(), counts[0] / counts[0].sum(), strict=True)
    }
    return [
        Score(COVERAGE, 100 * float(met[0]), 100 * jackknife_error(met), True, "harness", 1, n, details),
        Score(ERROR, float(error[0]), jackknife_error(error), False, "harness", 1, n, {"test_and_sample": shares}),
    ]


def met_within(counts: NDArray[np.int64], draws: int) -> NDArray[np.float64]:
    """Probability that each category is among `draws` records without replacement, 1 - C(N - c, d) / C(N, d).

    All records are drawn where there are not as many; the rarefaction of Hurlbert (1971), Ecology 52(4).
    """
    total = int(counts.sum())
    draws = min(draws, total)
    rest = total - counts
    with np.errstate(invalid="ignore"):
        log_missed = gammaln(rest + 1) - gammaln(rest - draws + 1) - gammaln(total + 1) + gammaln(total - draws + 1)
    return np.where(rest < draws, 1.0, 1 - np.exp(log_missed))


def nearest_tools(
    schema: Schema, train: pd.DataFrame, samples: Sequence[pd.DataFrame]
) -> tuple[list[str], list[tuple[NDArray[np.int64], NDArray[np.float64]]]]:
    """The train tools, and for every record of the samples the nearest one with its cosine; shapes (records,).

    Raises:
        ValueError: train has no words.
    """
    names, tool = np.unique(train["tool_name"].to_numpy(dtype=object), return_inverse=True)
    words = TfidfVectorizer(sublinear_tf=True, max_features=MOST_WORDS, dtype=np.float32)
    records = words.fit_transform(texts(schema, train))
    ones = np.ones(len(tool), dtype=np.float32)
    tools = sparse.csr_array((ones, (tool, np.arange(len(tool)))), shape=(len(names), len(tool))) @ records
    length = np.sqrt(tools.multiply(tools).sum(axis=1))
    tools = sparse.diags_array(1 / np.maximum(length, 1e-12)) @ tools
    found = []
    for sample in samples:
        rows = words.transform(texts(schema, sample))
        index, cosine = np.empty(len(sample), dtype=np.int64), np.empty(len(sample))
        for start in range(0, len(sample), BLOCK):
            block = (rows[start : start + BLOCK] @ tools.T).toarray()
            index[start : start + BLOCK], cosine[start : start + BLOCK] = block.argmax(axis=1), block.max(axis=1)
        found.append((index, cosine))
    return list(names), found


def texts(schema: Schema, records: pd.DataFrame) -> list[str]:
    columns = [records[column.name].fillna("") for column in schema.columns if column.kind == "text"]
    return [" ".join(parts)[:LONGEST] for parts in zip(*columns, strict=True)]
