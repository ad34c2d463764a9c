"""`bench data`."""

import hashlib
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from bench.cli.data import app, parse_kinds
from bench.errors import BenchError


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_list_names_every_dataset_without_importing_pandas():
    code = (
        "import sys\nfrom bench.cli.data import app\n"
        "try:\n    app(['list'])\nexcept SystemExit as end:\n    assert not end.code\n"
        "assert 'pandas' not in sys.modules"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for name in ("adult", "default", "magic", "shoppers", "beijing", "flytech", "toolbench"):
        assert name in out


def test_describe_a_users_file(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("age,city,rich\n" + "".join(f"{i},{'' if i % 4 else 'Rome [it]'},{i % 2}\n" for i in range(40)))
    result = run("describe", path, "--target", "rich", "--kind", "age=real")
    assert result.exit_code == 0
    assert "classification" not in result.output
    lines = [line.split() for line in result.output.splitlines()]
    assert ["train", "32"] in lines
    assert ["age", "real", "0.00", "40", "0", "to", "39"] in lines
    assert ["city", "categorical", "75.00", "1", "Rome", "[it]"] in lines
    assert ["1", "50.00", "50.00", "50.00"] in lines


def test_describe_a_regression_and_a_simulated_set(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("y\n" + "".join(f"{i / 2}\n" for i in range(30)))
    assert "standard deviation" in run("describe", path, "--target", "y").output
    result = run("describe", "flytech")
    assert result.exit_code == 0
    assert "characters (median)" in result.output


def test_describe_refuses_with_the_error_of_the_loader():
    result = run("describe", "adlut")
    assert isinstance(result.exception, BenchError)
    assert "did you mean 'adult'?" in str(result.exception)


def test_verify_tells_missing_and_wrong_files_apart(tmp_path):
    (tmp_path / "magic").mkdir()
    (tmp_path / "magic" / "magic04.data").write_bytes(b"cut")
    result = run("verify", "magic", "shoppers", "--data-dir", tmp_path)
    assert result.exit_code == 2
    statuses = {line.split()[0]: line.split()[-1] for line in result.stdout.splitlines()}
    assert (statuses["magic"], statuses["shoppers"]) == ("wrong", "missing")
    assert hashlib.sha256(b"cut").hexdigest() in result.output


def test_fetch_reports_each_dataset_that_cannot_be_had(tmp_path):
    result = run("fetch", "default", "toolbench", "--data-dir", tmp_path)
    assert result.exit_code == 2
    first, second = result.output.splitlines()
    assert first.startswith("default: ")
    assert second.startswith("toolbench: ")
    assert list(tmp_path.iterdir()) == []


def test_parse_kinds():
    assert parse_kinds(["a=real", "b=c=text"]) == {"a": "real", "b=c": "text"}
    with pytest.raises(BenchError, match="column=kind"):
        parse_kinds(["real"])
