"""The suite passes what keeps the contract, and finds every promise that a generator breaks."""

import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from bench.conformance.checks import CHECKS
from bench.conformance.run import check_table
from bench.conformance.tables import odd_tables
from generators import Marginals, Sample

PLAIN = odd_tables(0)[0]


def broken(check, **methods):
    """What the suite says of Marginals with other methods."""
    cls = type("Broken", (Marginals,), methods)
    findings = list(check_table(cls, PLAIN))
    return {finding.check: finding.problem for finding in findings if finding.problem}


def with_records(change):
    def sample(self, n, seed, where, progress):
        drawn = Marginals._sample(self, n, seed, where, progress)
        return Sample(change(drawn.records), drawn.attempts)

    return sample


def test_what_keeps_the_contract_passes_on_every_table():
    for case in odd_tables(0):
        findings = list(check_table(Marginals, case))
        assert [finding for finding in findings if finding.problem] == []
        assert len(findings) == len(CHECKS) + 1


@pytest.mark.parametrize(
    ("change", "check"),
    [
        (lambda records: records.iloc[1:].reset_index(drop=True), "draws what was asked for"),
        (lambda records: records.assign(c="new"), "records are canonical"),
        (lambda records: records.assign(c=None), "records are canonical"),
        (lambda records: records[records.columns[::-1]], "records are canonical"),
        (lambda records: records.assign(x=np.inf), "records are canonical"),
        (lambda records: records.assign(n=records["n"].astype("float64")), "records are canonical"),
        (lambda records: records.assign(x=np.random.rand(len(records))), "equal seeds give equal records"),
        (lambda records: records.assign(c=np.resize(["a", "b", "c"], len(records))), "conditions hold or are refused"),
    ],
)
def test_a_broken_promise_of_sampling_is_found(change, check):
    assert check in broken(check, _sample=with_records(change))


def test_randomness_that_is_global_is_found():
    def fit(self, data, seed, progress):
        np.random.seed(seed)
        Marginals._fit(self, data, seed, progress)

    assert "randomness stays inside" in broken("", _fit=fit)


def test_changed_data_are_found():
    def fit(self, data, seed, progress):
        data.train["x"] = 0.0
        Marginals._fit(self, data, seed, progress)

    assert "data stay as they were" in broken("", _fit=fit)


def test_a_seed_that_is_ignored_is_found():
    def sample(self, n, seed, where, progress):
        return Marginals._sample(self, n, 0, where, progress)

    assert broken("", _sample=sample) == {"equal seeds give equal records": "three seeds gave one sample"}


def test_a_generator_that_forgets_what_it_saved_is_found():
    def load(self, folder):
        self.records = pd.read_parquet(folder / "train.parquet").iloc[:10]

    assert "a saved generator draws the same" in broken("", _load=load)


def test_a_crash_is_reported_with_its_place():
    def fit(self, data, seed, progress):
        raise ZeroDivisionError("of course")

    assert broken("", _fit=fit)["fit"].startswith("ZeroDivisionError: of course (test_conformance.py, line ")


@dataclass(frozen=True)
class Settings:
    """Nothing to choose."""


class Forgetful(Marginals):
    """Gives one record fewer than it was asked for, and does not say so."""

    Config = Settings
    _sample = with_records(lambda records: records.iloc[1:].reset_index(drop=True))


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("marginals", 0, "0 broken"),
        ("tests.bench.conformance.test_conformance:Forgetful", 1, "draws what was asked for"),
        ("nowhere:Nothing", 2, "cannot be imported"),
        ("marginal", 2, "did you mean 'marginals'"),
    ],
)
def test_the_command(name, code, said):
    command = [sys.executable, "-m", "bench", "conformance", name, "--tables", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert said in done.stdout + done.stderr
