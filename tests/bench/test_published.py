"""The printed numbers that come with the harness, and how they get into a store."""

import csv
from importlib.metadata import entry_points

import duckdb
import pytest

from bench import store
from bench.store import database, published
from leaderboards.columns import MAIN
from leaderboards.paper.words import CERTAINTIES

COLUMNS = ["paper", "table", "method", "dataset", "metric", "protocol", "value", "split", "certainty", "source"]
KEY = ("paper", "table", "method", "dataset", "metric", "protocol", "split")
PRINTED_ONLY = {"judge_win_percent", "judge_equal_percent", "judge_loss_percent"}


def rows() -> list[dict[str, str]]:
    with published.FILE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def count(connection) -> int:
    return connection.execute("SELECT count(*) FROM published").fetchone()[0]


def test_every_row_has_a_known_metric_protocol_certainty_and_dataset():
    datasets = {one.name for one in entry_points(group="difflm_bench.datasets")}
    for row in rows():
        assert list(row) == COLUMNS
        assert row["metric"] in MAIN.keys() | PRINTED_ONLY
        assert row["protocol"] in ("", "tabsyn", "difflm", "sdmetrics-0.11", "humaneval")
        assert row["split"] in ("", "tabsyn", "difflm")
        assert row["certainty"] in CERTAINTIES
        assert row["dataset"] in datasets
        assert all(row[name] for name in ("paper", "table", "method", "source"))
        low, high = (0, 1) if row["metric"] == "xgboost_auc" else (0, 100)
        assert low < float(row["value"]) < high


def test_nothing_is_printed_twice():
    keys = [tuple(row[name] for name in KEY) for row in rows()]
    assert len(keys) == len(set(keys))


def test_a_rule_belongs_to_a_split():
    """TabSyn's rule on TabSyn's split, DiffLM's on its own: a line that mixes them would compare the wrong things."""
    for row in rows():
        if row["protocol"] in ("tabsyn", "difflm"):
            assert row["split"] == row["protocol"]
        if row["method"] == "difflm":
            assert row["split"] != "tabsyn"


def test_a_new_store_holds_the_numbers(tmp_path):
    with store.connect(tmp_path / "bench.duckdb") as connection:
        assert count(connection) == len(rows())
        found = connection.execute(
            "SELECT value, certainty, protocol FROM published WHERE method = 'tabsyn' AND dataset = 'adult'"
            " AND metric = 'xgboost_auc'"
        ).fetchall()
        assert found == [(0.915, "stored", "tabsyn")]
        # an empty field says that the paper does not say
        assert connection.execute("SELECT count(*) FROM published WHERE protocol = ''").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM published WHERE split IS NULL").fetchone()[0] > 0


def test_a_store_of_version_1_gets_them(tmp_path):
    path = tmp_path / "bench.duckdb"
    with store.connect(path) as connection:
        connection.execute("ALTER TABLE published DROP COLUMN protocol; UPDATE meta SET schema_version = 1")
    with store.connect(path, read_only=True) as connection:
        assert count(connection) == len(rows())


@pytest.mark.parametrize("read_only", [False, True])
def test_a_store_is_brought_up_to_date_when_the_file_changes(tmp_path, monkeypatch, read_only):
    path = tmp_path / "bench.duckdb"
    store.connect(path).close()
    other = tmp_path / "published.csv"
    other.write_text(",".join(COLUMNS) + '\nP,main,"a, b",adult,xgboost_auc,,0.5,,weak,memory\n', encoding="utf-8")
    monkeypatch.setattr(published, "FILE", other)
    with store.connect(path, read_only=read_only) as connection:
        assert connection.execute("SELECT method, protocol FROM published").fetchall() == [("a, b", None)]
    monkeypatch.undo()
    with store.connect(path, read_only=True) as connection:
        assert count(connection) == len(rows())


def test_who_cannot_write_reads_the_numbers_that_are_there(tmp_path, monkeypatch):
    path = tmp_path / "bench.duckdb"
    with store.connect(path) as connection:
        connection.execute("DELETE FROM published; COMMENT ON TABLE published IS 'older'")
    monkeypatch.setattr(database, "PATIENCE_SECONDS", 0.1)
    opened = database.opened

    def refuse_writers(path, read_only):
        if not read_only:
            raise database.BenchError("held by process 1")
        return opened(path, read_only)

    monkeypatch.setattr(database, "opened", refuse_writers)
    with store.connect(path, read_only=True) as connection:
        assert count(connection) == 0


def test_a_store_that_is_up_to_date_is_not_written(tmp_path):
    path = tmp_path / "bench.duckdb"
    store.connect(path).close()
    path.chmod(0o444)
    before = path.read_bytes()
    with duckdb.connect(str(path), read_only=True) as connection:
        assert not published.outdated(connection)
    store.connect(path, read_only=True).close()
    assert path.read_bytes() == before
