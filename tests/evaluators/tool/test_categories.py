"""Categories of synthetic tools, where the right answer is known."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from bench.datasets import load
from evaluators.tool.categories import category_scores, met_within


@pytest.fixture(scope="module")
def tools():
    return load("toolbench")


def found(data, records):
    return {score.metric: score for score in category_scores(data, records, 0)}


def test_expected_coverage_is_that_over_all_draws():
    counts = np.array([3, 1, 0, 2])
    labels = np.repeat(np.arange(4), counts)
    draws = [np.bincount(labels[list(rows)], minlength=4) > 0 for rows in combinations(range(6), 4)]
    assert met_within(counts, 4) == pytest.approx(np.mean(draws, axis=0))
    assert met_within(counts, 10) == pytest.approx([1, 1, 0, 1])


def test_real_records_cover_everything_and_one_domain_a_tenth(tools):
    scores = found(tools, tools.validation)
    assert scores["category_coverage_percent"].value > 95
    assert scores["category_coverage_percent"].details["right_for_test_percent"] > 95
    music = tools.validation[tools.validation.tool_name.str.endswith("Music")]
    scores = found(tools, music)
    assert scores["category_coverage_percent"].value == pytest.approx(10)
    assert scores["category_error_percent"].value > 80


def test_nonsense_has_no_category(tools):
    nonsense = tools.validation.assign(**{name: "zq vx kj" for name in tools.schema.names})
    scores = found(tools, nonsense)
    assert scores["category_coverage_percent"].value == 0
    assert scores["category_coverage_percent"].details["none_percent"] == 100
    assert scores["category_error_percent"].value > 90


def test_without_categories_there_is_a_reason_and_no_number(tools):
    for score in found(replace(tools, extras={}), tools.validation).values():
        assert np.isnan(score.value)
        assert score.details["reason"] == "the categories of the real tools are not known"
