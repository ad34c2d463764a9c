"""TabSyn as a whole: what it learns of a table of known structure, odd tables, a fit that is killed."""

import numpy as np
import pandas as pd
import pytest

from bench.conformance import conformance
from bench.conformance.run import check_table
from bench.conformance.tables import odd_tables
from generators import TabSyn

TINY = {"steps": 3, "diffusion_steps": 3, "width": 8, "sampler_steps": 3, "batch": 16, "diffusion_batch": 16}
HARD = ("2 rows", "missing values everywhere", "a column without any value", "extreme numbers")


def table(rows, seed=0):
    rng = np.random.default_rng(seed)
    c = rng.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1])
    x = rng.normal(size=rows) + 10 * (c == "b")
    return pd.DataFrame({"x": x, "c": c, "y": np.where(c == "c", "yes", "no")})


@pytest.mark.slow
def test_it_learns_marginals_and_dependence():
    frame = table(3000)
    model = TabSyn(
        steps=500, batch=128, learning_rate=1e-2, schedule="budget",
        diffusion_steps=1000, diffusion_batch=256, width=64, ema_decay=0.99, diffusion_learning_rate=2e-3,
    )  # fmt: skip
    records = model.fit(frame, target="y", seed=0).sample(3000, seed=0).records
    for label, share in frame["c"].value_counts(normalize=True).items():
        assert (records["c"] == label).mean() == pytest.approx(share, abs=0.04)
    for label, mean in (("a", 0), ("b", 10)):
        assert records.loc[records["c"] == label, "x"].mean() == pytest.approx(mean, abs=0.5)
    assert ((records["y"] == "yes") == (records["c"] == "c")).mean() > 0.97


@pytest.mark.parametrize("case", [case for case in odd_tables(0) if case.name in HARD], ids=lambda case: case.name)
def test_the_hardest_tables(case):
    findings = list(check_table(lambda: TabSyn(**TINY | {"steps": 1, "diffusion_steps": 1}), case))
    assert [finding for finding in findings if finding.problem] == []


@pytest.mark.slow
def test_every_odd_table():
    findings = list(conformance(lambda: TabSyn(**TINY), random_tables=5))
    assert [finding for finding in findings if finding.problem] == []


@pytest.mark.parametrize("killed_at", [2, 5])
@pytest.mark.parametrize("schedule", ["plateau", "budget"])
def test_a_killed_fit_ends_as_if_it_had_never_stopped(fit_killed_once, killed_at, schedule):
    settings = TINY | {"schedule": schedule, "ema_decay": 0.9}
    whole = TabSyn(**settings).fit(table(40), seed=1).sample(20, seed=0).records
    resumed, calls = fit_killed_once(lambda: TabSyn(**settings), table(40), at=killed_at, seed=1)
    assert calls == 7  # what was done before is not done again
    assert resumed.sample(20, seed=0).records.equals(whole)
