"""A run and a command that ask a server: what they store, and what is not paid for twice."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import bench
from bench.cli.main import app
from bench.frames import from_frame


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=200).round(2), "c": rng.choice(["a", "b"], 200)})
    frame.to_csv(tmp_path / "table.csv", index=False)
    return tmp_path / "table.csv"


@pytest.fixture
def failing(chat_server, simulate, table):
    """A server that refuses every request from the fourth on, until it is told to answer."""
    data = from_frame(pd.read_csv(table))
    answer = simulate(data.train, data.schema)
    started = chat_server(lambda body, number: (400, {}, b"{}") if number >= 3 else answer(body, number))
    started.mend = lambda: setattr(started, "respond", answer)
    return started


def test_a_run_goes_on_from_what_was_answered_and_stores_what_it_cost(failing, table, tmp_path):
    options = {
        "settings": {
            "generators.prompt.url": failing.url,
            "generators.prompt.concurrency": 1,
            "generators.prompt.prompt_price": 1.0,
            "records": 100,
        },
        "sentinels": False,
        "executor": "inline",
        "results": tmp_path / "results",
    }

    def stage():
        bench.run("prompt", str(table), "validity", **options)
        files = (tmp_path / "results").rglob("stage.json")
        found = [json.loads(file.read_text()) for file in files]
        return next((one for one in found if one["stage"] == "sample"), None)

    assert stage() is None
    failing.mend()
    details = stage()["details"]
    assert len(failing.bodies) == 3 + 1 + 2
    assert (details["returned"], details["requests"], details["logged"]) == (100, 5, 3)
    assert details["dollars"] == pytest.approx(5 * 100 / 1e6)


def test_the_command_ends_in_one_line_and_goes_on_later(failing, table, tmp_path):
    out = tmp_path / "out.csv"
    command = ["generate", "--generator", "prompt", "--dataset", str(table), "--out", str(out), "-n", "100"]
    command += ["--results", str(tmp_path / "results"), "--set", f"generators.prompt.url={failing.url}"]
    command += ["--set", "generators.prompt.concurrency=1"]
    first = CliRunner().invoke(app, command)
    assert first.exit_code != 0
    assert "refuses the request: error 400" in str(first.exception or first.output)
    failing.mend()
    assert CliRunner().invoke(app, command).exit_code == 0
    assert len(failing.bodies) == 3 + 1 + 2
    assert len(pd.read_csv(out)) == 100
    assert not list((tmp_path / "results").rglob("chat.jsonl"))
