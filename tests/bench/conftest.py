"""A table of forty rows, and plug-ins of another package (`tests/plugins`)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench import registry

PLUGINS = Path(__file__).parents[1] / "plugins"


@pytest.fixture
def fakes(monkeypatch):
    """Registers generator `fake` and evaluator `fake_mean`, for this process and its children."""
    monkeypatch.syspath_prepend(str(PLUGINS))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(PLUGINS), os.environ.get("PYTHONPATH")])))
    registry.plug_ins.cache_clear()
    yield
    registry.plug_ins.cache_clear()


@pytest.fixture
def table(tmp_path) -> Path:
    """A csv file with an integer, a real number, a label and a binary target."""
    rng = np.random.default_rng(0)
    age = rng.integers(18, 80, size=40)
    frame = pd.DataFrame(
        {
            "age": age,
            "income=net": rng.normal(size=40).round(3),
            "colour": rng.choice(["red", "green"], size=40),
            "class": np.where(age > 45, "old", "young"),
        }
    )
    frame.to_csv(tmp_path / "people.csv", index=False)
    return tmp_path / "people.csv"


@pytest.fixture
def results(tmp_path) -> Path:
    return tmp_path / "results"


@pytest.fixture
def command() -> list[str]:
    """How the command line is called in a process of its own."""
    return [sys.executable, "-c", "from bench.cli.main import main; main()"]


@pytest.fixture
def bench(command):
    """Runs a command to its end."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        line = [*command, *map(str, arguments)]
        return subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)

    return run
