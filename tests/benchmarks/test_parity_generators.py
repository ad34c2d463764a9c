"""The parity driver, with a package that copies train rows."""

import json
import sys

import pandas as pd
import pytest

import bench
from benchmarks.parity import generators as parity

COPIES = """
import json, sys
from pathlib import Path
import pandas as pd
request = json.loads(Path(sys.argv[1]).read_text())
train = pd.read_csv(request["train"], dtype=dict.fromkeys(request["categorical"], "object"))
train.sample(request["records"], replace=True, random_state=request["seed"]).to_csv(
    Path(request["out"]) / "synthetic.csv", index=False)
cost = {"package": "copies", "version": "1.0", "steps": request["options"]["steps"], "records_per_step": 10,
        "fit_wall_seconds": 2, "fit_cpu_seconds": 2.5, "prepare_cpu_seconds": 0.5,
        "sample_wall_seconds": 1, "sample_cpu_seconds": 1}
(Path(request["out"]) / "cost.json").write_text(json.dumps(cost))
"""


@pytest.fixture
def pair(tmp_path, monkeypatch):
    packages = tmp_path / "packages"
    packages.mkdir()
    (packages / "copies.py").write_text(COPIES)
    monkeypatch.setattr(parity, "PACKAGES", packages)
    monkeypatch.setattr(parity, "environment", lambda package, folder: sys.executable)
    monkeypatch.setattr(parity, "load", lambda dataset, data_dir: bench.load(dataset))
    monkeypatch.setitem(parity.EVALUATORS, "mle", {"trials": 1})
    monkeypatch.setitem(parity.PAIRS, "copies", parity.Pair("copies", "tvae", {"steps": 10}, {"steps": 100}))


def test_both_sides_are_scored_and_shown(pair, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "parity"
    monkeypatch.setattr(sys, "argv", ["parity", "table", "--folder", str(folder)])
    parity.main()
    assert "nothing was run" in capsys.readouterr().out
    data = bench.load("adult")
    run = folder / "adult" / "copies" / "seed-0"
    request = parity.write_request(parity.PAIRS["copies"], data, 0, run)
    parity.fit_theirs(sys.executable, parity.PACKAGES / "copies.py", request)
    parity.fit_ours(parity.PAIRS["copies"], data, 0, run / "ours")
    assert len(pd.read_csv(run / "ours" / "synthetic.csv")) == len(data.train)
    for side in ("ours", "theirs"):
        parity.score(data, run / side)
    parity.write_scores(data, data.train, folder / "adult" / "real" / "seed-0" / "real")
    theirs, ours, real = sorted(parity.rows(folder), key=lambda row: row["side"])
    assert real["trend error %"] < 1e-9
    assert theirs["side"] == "copies 1.0"
    assert theirs["steps a CPU s"] == 50
    # copies of train rows keep pairs together, a model of ten steps does not
    assert theirs["trend error %"] < ours["trend error %"]
    assert theirs["XGBoost AUC"] > ours["XGBoost AUC"]
    assert parity.table(folder).count("\n") == 4


def test_what_is_done_is_not_done_again(pair, tmp_path):
    run = tmp_path / "adult" / "copies" / "seed-0"
    for side in ("ours", "theirs"):
        (run / side).mkdir(parents=True)
        (run / side / "cost.json").write_text(json.dumps({}))
        (run / side / "scores.json").write_text("[]")
    (tmp_path / "adult" / "real" / "seed-0" / "real").mkdir(parents=True)
    (tmp_path / "adult" / "real" / "seed-0" / "real" / "scores.json").write_text("[]")
    options = type("Options", (), {"data_dir": None, "folder": tmp_path})
    parity.run_pair("copies", "adult", 0, options)
    assert {path.name for path in run.iterdir()} == {"ours", "theirs", "request.json", "train.csv"}
