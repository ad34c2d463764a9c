import json
import os

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.errors import BenchError
from leaderboards.gate import compare, overridden, read, stated, write
from leaderboards.gate.baseline import MARK

ONE_COLUMN = "single_column_shape_error_percent"


def test_a_baseline_is_read_back_as_it_was(two, tmp_path):
    two.cell("old", 7, {}, failed=("density", "timeout", "too slow"))
    path = tmp_path / "new" / "ci.parquet"
    found = two.snapshot("old")
    write(path, found)
    again = read(path)
    pd.testing.assert_frame_equal(again.rows, found.rows)
    assert again.facts == found.facts
    assert [other.name for other in path.parent.iterdir()] == ["ci.parquet"]


def test_a_baseline_knows_where_it_comes_from(two, tmp_path):
    write(tmp_path / "ci.parquet", two.snapshot("old"))
    facts = json.loads(pq.read_schema(tmp_path / "ci.parquet").metadata[MARK])
    assert facts["run_id"] == "old"
    assert facts["started_at"] == "2026-01-01T00:00:00"
    assert facts["command"] == "bench run"
    assert facts["git_commit"] == "abc"
    assert facts["versions"] == {"python": "3"}
    assert facts["spec"]["settings"]["records"] is None


def test_equal_runs_make_equal_files(two, tmp_path):
    for name in ("a", "b"):
        write(tmp_path / name, two.snapshot("old"))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_single_columns_are_rows_of_their_own(two, tmp_path):
    write(tmp_path / "a", two.snapshot("old"))
    rows = pd.read_parquet(tmp_path / "a")
    own = rows[(rows["metric"] == ONE_COLUMN) & (rows["seed"] == 3)]
    mean = rows[(rows["metric"] == "column_shape_error_percent") & (rows["seed"] == 3)]["value"].item()
    assert sorted(own["column"]) == ["age", "job"]
    assert own["value"].mean() == pytest.approx(mean)


def test_a_run_against_its_own_file_passes(two, tmp_path):
    write(tmp_path / "a", two.snapshot("old"))
    assert compare(read(tmp_path / "a"), two.snapshot("old"), stated()).passed


def test_files_that_are_no_baseline_are_refused(tmp_path):
    with pytest.raises(BenchError, match="is not there; 'bench gate"):
        read(tmp_path / "nothing")
    with pytest.raises(BenchError, match="is not there"):
        read(tmp_path)
    (tmp_path / "text").write_text("no")
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "other")
    for name in ("text", "other"):
        with pytest.raises(BenchError, match="is no baseline of 'bench gate'"):
            read(tmp_path / name)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ('{"format": 99}', "has format 99, this is a bench for format 1; install a newer one"),
        ('{"format": 1}', "lacks dataset, variant, .*, profile, run_id, spec, started_at; delete it, and --update"),
        ('{"format": 1', "is no baseline"),
        ("[1]", "is no baseline"),
        ('{"format": null}', "is no baseline"),
    ],
)
def test_other_formats_are_refused(tmp_path, facts, message):
    pq.write_table(pa.table({"a": [1]}).replace_schema_metadata({MARK: facts}), tmp_path / "a")
    with pytest.raises(BenchError, match=message):
        read(tmp_path / "a")


def test_values_of_other_types_are_refused(two, tmp_path):
    path = tmp_path / "a"
    write(path, two.snapshot("old"))
    table = pq.read_table(path)
    words = pa.array(["five"] * len(table))
    pq.write_table(table.set_column(table.column_names.index("value"), "value", words), path)
    with pytest.raises(BenchError, match="holds values of other types"):
        read(path)


def test_a_damaged_file_is_refused(two, tmp_path):
    path = tmp_path / "a"
    write(path, two.snapshot("old"))
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(BenchError, match="is no baseline"):
        read(path)


def test_a_path_that_no_file_can_have_is_one_line(two, tmp_path):
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    for path, why in (("file/a", "File exists"), ("pipe", "it is no file"), (".", "it is no file")):
        with pytest.raises(BenchError, match=rf"cannot be written \({why}\)"):
            write(tmp_path / path, two.snapshot("old"))
    assert (tmp_path / "pipe").is_fifo()


def test_effects_are_stated_and_overridden():
    assert all(value > 0 for value in stated().values())
    assert overridden(["xgboost_auc = 0.5", "spearman=0"], ["xgboost_auc", "spearman"]) == {
        **stated(),
        "xgboost_auc": 0.5,
        "spearman": 0.0,
    }


@pytest.mark.parametrize(
    "text", ["xgboost_auc", "xgboost_auc=", "xgboost_auc=-1", "xgboost_auc=nan", "=1", "xgboost_auc=inf"]
)
def test_effects_of_another_form_are_refused(text):
    with pytest.raises(BenchError, match="is not of the form METRIC=VALUE"):
        overridden([text], ["xgboost_auc"])


def test_an_effect_on_an_unknown_metric_is_refused():
    with pytest.raises(BenchError, match="did you mean 'xgboost_auc'"):
        overridden(["xgbost_auc=1"], ["xgboost_auc"])
