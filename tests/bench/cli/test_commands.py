"""The commands as a user types them."""

import json
import os
import subprocess
import sys

import pandas as pd
import pytest
from typer.testing import CliRunner

from bench import shards, store
from bench.cli.main import app, main
from bench.errors import BenchError
from bench.store import database

HEAVY = ("torch", "transformers", "pandas", "numpy", "duckdb", "sklearn", "xgboost", "catboost", "matplotlib")


@pytest.fixture
def call(monkeypatch, capsys):
    """Calls a command in this process: exit code, standard output, standard error."""

    def run(*arguments: object):
        monkeypatch.setattr(sys, "argv", ["bench", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        return stopped.value.code or 0, *capsys.readouterr()

    return run


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["--version"]])
def test_help_and_list_load_nothing_heavy_and_answer_at_once(arguments):
    script = (
        "import sys, time\n"
        f"sys.argv = ['bench', *{arguments!r}]\n"
        "from bench.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit as stop:\n    assert not stop.code\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], time.process_time())\n"
    )
    seconds = []
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        loaded, cpu = done.stdout.splitlines()[-1].rsplit(" ", 1)
        assert loaded == "[]"
        seconds.append(float(cpu))
    # of the processor, so that a busy machine does not count
    assert min(seconds) < 0.4


def test_list_names_everything_with_a_summary():
    text = CliRunner().invoke(app, ["list"]).stdout
    for name in ("smote", "adult", "mle", "demo"):
        (line,) = [line for line in text.splitlines() if line.split()[:1] == [name]]
        assert len(line.split()) > 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--dataset", "adlut", "--generator", "real"], "dataset 'adlut' is not known; did you mean 'adult'?"),
        (
            ["run", "--dataset", "magic", "--generator", "smoke"],
            "generator 'smoke' is not known; did you mean 'smote'?",
        ),
        (["run", "--dataset", "magic", "--profile", "demon"], "profile 'demon' is not known; did you mean 'demo'?"),
        (["run", "--dataset", "magic", "--set", "seeds"], "--set 'seeds' is not of the form"),
        (["run", "--dataset", "magic", "--executor", "cloud"], "option 'executor'"),
        (["run", "--dataset", "magic", "--jobs", "0"], "option 'jobs'"),
        (["run", "--dataset", "none.csv"], "none.csv"),
        (["evaluate", "--dataset", "magic", "--synthetic", "none.csv"], "none.csv"),
        (["generate", "--dataset", "magic", "--generator", "real", "--out", "x.xls"], "no known ending"),
        (["generate", "--dataset", "magic", "--generator", "real", "--out", "no/x.csv"], "there is no folder 'no'"),
        (["generate", "--dataset", "magic", "--generator", "reel", "--out", "x.csv"], "did you mean 'real'?"),
        (["ls"], "'bench run' makes it"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(call, results, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    code, out, err = call(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert message in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "darwin", reason="its file system has no such names")
@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--generator", "real", "--dataset", "{}", "--evaluator", "density"],
        ["evaluate", "--dataset", "people.csv", "--synthetic", "{}", "--evaluator", "density"],
        ["evaluate", "--dataset", "{}", "--synthetic", "people.csv", "--evaluator", "density"],
        ["run", "--generator", "real", "--dataset", "people.csv", "--evaluator", "density", "--results", "{}"],
        ["leaderboard", "--results", "{}.folder"],
    ],
)
def test_a_name_that_is_not_utf8_is_one_line(call, table, monkeypatch, arguments):
    monkeypatch.chdir(table.parent)
    name = os.fsdecode(b"p\xff.csv")
    (table.parent / name).write_text(table.read_text())
    (table.parent / f"{name}.folder").mkdir()
    (table.parent / f"{name}.folder" / shards.DATABASE).touch()
    before = sorted(table.parent.rglob("*"))
    code, out, err = call(*(argument.format(name) for argument in arguments))
    assert (code, out) == (2, "")
    (line,) = [line for line in err.splitlines() if not line.endswith(" s")]
    assert line.startswith("error: ")
    assert "UTF-8" in line
    assert sorted(table.parent.rglob("*")) == before


def test_a_missing_option_is_a_usage_error(call):
    code, _, err = call("run")
    assert code == 2
    assert "--dataset" in err


@pytest.mark.usefixtures("fakes")
def test_run_prints_and_writes_the_leaderboard_and_ls_lists_it(call, table, results):
    arguments = ["run", "--dataset", table, "--target", "class", "--generator", "fake", "--results", results]
    code, out, err = call(*arguments, "--evaluator", "density,fake_mean")
    assert code == 0
    assert {"fake", "real", "marginals", "holdout"} <= set(out.split())
    assert "| fake" in (results / "leaderboard.md").read_text()
    # no terminal: one plain line a stage
    assert len(err.splitlines()) == 3 * 4 + 2
    assert "people/0 fake/0: fit done" in err

    _, out, _ = call("ls", "--results", results)
    run_id = out.splitlines()[-1].split()[0]
    assert "4/4" in out
    _, out, _ = call("ls", run_id, "--results", results)
    assert "shape error %" in out
    code, _, err = call("ls", run_id[:-1], "--results", results)
    assert code == 2
    assert f"did you mean '{run_id}'" in err


@pytest.mark.usefixtures("fakes")
def test_run_ends_with_exit_code_1_where_a_cell_failed(call, table, results):
    code, out, err = call(
        *["run", "--dataset", table, "--target", "class", "--generator", "fake", "--evaluator", "density"],
        *["--results", results, "--set", "generators.fake.fail=raise"],
    )
    assert code == 1
    assert "fake" in out
    assert err.splitlines()[-1].startswith("1 of 4 cells failed, first people/0 fake/0: fit (raised): ValueError: bad")


@pytest.mark.usefixtures("fakes")
def test_generate_fits_once_and_keeps_the_condition(call, table, results, tmp_path):
    log = tmp_path / "log"
    arguments = ["generate", "--generator", "fake", "--dataset", table, "--target", "class", "--results", results]
    arguments += ["--set", f"generators.fake.log={str(log)!r}"]
    code, out, _ = call(*arguments, "-n", 9, "--out", tmp_path / "rows.csv", "--where", "income=net=1.5")
    written = f"9 records written to {tmp_path / 'rows.csv'}\n"
    assert (code, out) == (0, f"{written}control accuracy 100.0% (9 attempts, before filtering)\n")
    rows = pd.read_csv(tmp_path / "rows.csv")
    assert list(rows.columns) == ["age", "income=net", "colour", "class"]
    assert rows["income=net"].tolist() == [1.5] * 9

    for suffix, read in ((".parquet", pd.read_parquet), (".jsonl", lambda path: pd.read_json(path, lines=True))):
        call(*arguments, "--out", tmp_path / f"rows{suffix}", "--where", "colour=null")
        rows = read(tmp_path / f"rows{suffix}")
        assert len(rows) == 32
        assert rows["colour"].isna().all()
    limits = ["--where", "age>=30", "--where", "age<40", "--balance", "class"]
    code, out, _ = call(*arguments, "-n", 9, "--out", tmp_path / "rows.csv", *limits)
    rows = pd.read_csv(tmp_path / "rows.csv")
    assert (code, rows["age"].tolist()) == (0, [30] * 9)
    assert rows["class"].value_counts().to_dict() == {"old": 5, "young": 4}
    assert "control accuracy 100.0%" in out
    assert log.read_text() == "fit 0\n"
    assert not list(tmp_path.glob(".*"))

    code, _, err = call(*arguments, "--out", tmp_path / "x.csv", "--balance", "age")
    message = "error: column 'age' is integer; only a categorical column can be balanced"
    assert (code, err.splitlines()[-1]) == (2, message)

    code, _, err = call(*arguments, "--out", tmp_path / "x.csv", "--where", "color=red")
    assert (code, err.splitlines()[-1]) == (2, "error: column 'color' is not known; did you mean 'colour'?")
    code, _, err = call(*arguments, "--out", tmp_path / "x.csv", "--set", "generators.fake.lost=40")
    assert (code, err.splitlines()[-1]) == (1, "32 records short: the fake lost some")


@pytest.mark.usefixtures("fakes")
def test_a_fit_that_fails_is_one_line(call, table, results, tmp_path):
    arguments = ["generate", "--generator", "fake", "--dataset", table, "--target", "class", "--results", results]
    code, _, err = call(*arguments, "--out", tmp_path / "x.csv", "--set", "generators.fake.fail=raise")
    assert code == 2
    assert err.startswith("error: fitting failed (raised): ValueError: bad luck")
    assert err.count("\n") == 1


@pytest.mark.usefixtures("fakes")
def test_evaluate_scores_a_file_of_any_tool(call, table, results, tmp_path):
    rows = pd.read_csv(table).head(10)
    rows[reversed(rows.columns)].to_csv(tmp_path / "rows.csv", index=False)
    arguments = ["evaluate", "--dataset", table, "--target", "class", "--synthetic", tmp_path / "rows.csv"]
    arguments += ["--evaluator", "fake_mean", "--out", tmp_path / "scores.json"]
    code, out, _ = call(*arguments, "--results", results)
    assert code == 0
    scores = {score["metric"]: score for score in json.loads((tmp_path / "scores.json").read_text())}
    mean = rows[["age", "income=net"]].mean().mean()
    assert scores["mean"]["value"] == pytest.approx(mean)
    assert scores["mean"]["reference"] is not None
    assert scores["undefined"]["value"] is None
    assert scores["mean"]["details"] == {"seed": 0}
    assert f"{mean:.4f}" in out
    _, out, _ = call("ls", "--results", results)
    assert "2/2" in out

    condition = ["--where", "class=old", "--where", "age<79"]
    code, _, _ = call(*arguments, "--evaluator", "fake_mean,control", *condition)
    scores = {score["metric"]: score for score in json.loads((tmp_path / "scores.json").read_text())}
    assert code == 0
    assert scores["condition_percent"]["value"] == 100 * ((rows["class"] == "old") & (rows["age"] < 79)).mean()
    assert scores["condition_percent"]["reference"] == 100
    code, _, err = call(*arguments, "--where", "age>1000")
    assert (code, err.splitlines()[-1]) == (2, "error: no train record of 'people' has 1001<=age")

    (tmp_path / "rows.csv").write_text("age\n3\n")
    code, _, err = call(*arguments)
    assert code == 2
    assert "rows.csv" in err
    assert "is missing" in err


@pytest.mark.usefixtures("fakes")
def test_a_store_held_by_another_process_stops_no_running_run_and_loses_nothing(call, table, results, monkeypatch):
    monkeypatch.setattr(database, "PATIENCE_SECONDS", 0.1)
    shards.prepare(results)
    path = results / shards.DATABASE
    store.connect(path).close()
    holder = subprocess.Popen(
        [sys.executable, "-c", f"import duckdb; c = duckdb.connect({str(path)!r}); print(flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    holder.stdout.readline()
    arguments = ["run", "--dataset", table, "--target", "class", "--generator", "fake", "--evaluator", "fake_mean"]
    arguments += ["--no-sentinels", "--results", results]
    code, _, err = call(*arguments)
    assert (code, err.count("\n")) == (2, 1)
    assert f"held by process {holder.pid}" in err

    # free when the run begins, held at every later time
    free = [True]

    def connect(*arguments, **options):
        if not free:
            raise BenchError("held")
        free.clear()
        return database.connect(*arguments, **options)

    holder.communicate("\n")
    monkeypatch.setattr(store, "connect", connect)
    code, _, err = call(*arguments)
    assert (code, err.splitlines()[-1]) == (2, "error: held")
    monkeypatch.undo()
    with store.connect(path) as connection:
        assert store.ingest(connection, results) == 2


def test_results_below_a_file_cannot_be_written(call, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, err = call("run", "--dataset", "magic", "--generator", "real", "--results", tmp_path / "file" / "results")
    assert (code, err.count("\n")) == (2, 1)
    assert "cannot be written to" in err
