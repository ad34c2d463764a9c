"""`bench diagnose` as a user types it, on a small table of one's own."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from bench.cli.main import app
from bench.errors import BenchError

TINY = {
    "encoder_width": 16,
    "encoder_layers": 1,
    "encoder_heads": 2,
    "decoder_width": 16,
    "decoder_layers": 1,
    "decoder_heads": 2,
    "steps": 5,
    "least_steps": 5,
    "diffusion_steps": 5,
    "matched_draws": 256,
    "diffusion_width": 8,
    "sampler_steps": 2,
}


def call(*arguments):
    return CliRunner().invoke(app, ["diagnose", *map(str, arguments)])


@pytest.fixture
def arguments(tmp_path, results):
    # few values: in a small table a number of its own could not be spelled when it is held out
    rng = np.random.default_rng(0)
    age = rng.integers(2, 8, size=120) * 10
    columns = {
        "age": age,
        "<script>pay</script>": rng.integers(6, size=120) / 4,
        "old": np.where(age > 45, "yes", "no"),
    }
    pd.DataFrame(columns).to_csv(tmp_path / "people.csv", index=False)
    options = [f"--set=generators.difflm.{name}={value}" for name, value in TINY.items()]
    return ["--dataset", tmp_path / "people.csv", "--target", "old", "--results", results, *options]


def test_the_page_and_the_numbers_of_a_model_that_is_fitted_once(arguments, results, tmp_path):
    arguments.append("--set=generators.difflm.where=guidance")
    first = call("difflm", *arguments)
    assert first.exit_code == 0, first.exception
    page = results / "diagnosis" / "difflm-people.html"
    assert f"page written to {page}" in first.stdout
    assert "C2ST AUC against train latents, diffusion" in first.stdout
    assert "<script" not in page.read_text(encoding="utf-8")
    found = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    assert (found["dataset"], found["numbers"]["reconstruction"]["held-out"]["records"]) == ("people", 12)
    assert found["numbers"]["records"] == {"diffusion": 96, "posteriors of train": 96, "prior": 96}
    scores = {(score["where"], score["records"], score["metric"]): score for score in found["scores"]}
    assert {score[:2] for score in scores} == {
        *(("", name) for name in (*found["numbers"]["records"], "held-out (reference)")),
        *(
            (f"old={label}", name)
            for label in ("yes", "no")
            for name in ("rejection", "guidance", "held-out (reference)")
        ),
    }
    assert len(scores) == 20
    for score in scores.values():
        assert 0 < score["value"] < 100
    # the terminal says what the file says
    printed = re.findall(r"held-out \(reference\)\s+column_shape_error_percent\s+([\d.]+)", first.stdout)
    reference = scores["", "held-out (reference)", "column_shape_error_percent"]["value"]
    assert [float(text) for text in printed] == [pytest.approx(reference, abs=1e-4)]

    (fitted,) = (results / "stages").glob("*/stage.json")
    before = fitted.stat().st_mtime_ns
    again = call("difflm", *arguments, "--out", tmp_path / "again.html")
    assert again.exit_code == 0, again.exception
    assert fitted.stat().st_mtime_ns == before
    assert (tmp_path / "again.html").read_bytes() == page.read_bytes()
    assert (tmp_path / "again.json").read_bytes() == page.with_suffix(".json").read_bytes()


def test_a_model_that_learnt_no_conditions_is_not_guided(arguments, results):
    other = ["--target", "age", "--task", "regression"]
    done = call("difflm", *arguments, *other)
    assert done.exit_code == 0, done.exception
    found = json.loads((results / "diagnosis" / "difflm-people.json").read_text(encoding="utf-8"))
    assert [(where, list(ways)) for where, ways in found["numbers"]["control"].items()] == [("60<=age", ["rejection"])]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["smote"], "generator 'smote' cannot be diagnosed; those that can: difflm"),
        (["diflm"], "generator 'diflm' is not known; did you mean 'difflm'?"),
        (["difflm", "--out", "page.pdf"], "--out 'page.pdf' does not end in .html"),
    ],
)
def test_bad_input_is_refused_before_anything_is_fitted(arguments, results, words, message):
    done = call(*words, *arguments)
    assert isinstance(done.exception, BenchError)
    assert (str(done.exception), done.stdout) == (message, "")
    assert not results.exists()
