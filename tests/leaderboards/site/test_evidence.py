import json

import numpy as np
import pytest

from leaderboards.aggregate import tables
from leaderboards.site.evidence import Evidence, Pool, number
from tests.leaderboards.conftest import Store
from tests.leaderboards.site.conftest import AUC, SHAPE, fill


def gathered(store, run=None):
    found = tables(store.connection, run, ["all"])
    return found, Evidence(store.connection, run).to_dict(found)


@pytest.fixture(scope="module")
def shown():
    return gathered(fill(Store()))


def value(data, table, row, metric):
    """The records behind one value, as the page reads them."""
    own = data["tables"][table]
    column = next(place for place, one in enumerate(own["columns"]) if one[1] == metric)
    return next(one[2][column] for one in own["rows"] if one[0] == row)


def test_the_cells_behind_every_value_average_to_it(shown):
    found, data = shown
    compared = 0
    for place, table in enumerate(found):
        for row in table.rows:
            for column, summary in row.summaries.items():
                behind = value(data, place, row.name, column.metric)
                values = np.array([record[1] for record in behind], dtype=float)
                assert values.mean() == pytest.approx(summary.mean, nan_ok=True)
                compared += 1
    assert compared > 30


def test_a_cell_leads_to_its_seeds_stages_and_run(shown):
    found, data = shown
    place = [table.dataset for table in found].index("adult")
    behind = value(data, place, "smote", SHAPE)
    cells = [data["cells"][record[0]] for record in behind]
    assert all(cell[0].startswith("adult-demo-demo-smote-c-") for cell in cells)
    assert len({cell[0] for cell in cells}) == 3
    assert [cell[1:3] for cell in cells] == [[0, 0], [0, 1], [0, 2]]
    assert [record[2:] for record in behind] == [[0.125, 100, 0]] * 3
    status, _, _, finished, wall, *_, device, run, found, returned, _ = cells[0][5]["sample"]
    assert (status, finished, wall, found, returned) == ("done", "2026-01-01 00:00:00", 4, 0, 1000)
    assert data["pool"][device] == "cpu"
    name, started, profile, command, host, versions, commit = data["runs"][run]
    assert (name, started) == ("run1", "2025-12-31 10:00:00")
    told = [data["pool"][at] for at in (profile, command, host, versions, commit)]
    assert told == ["demo", "bench run", {"cores": 2}, {"numpy": "2.4.6"}, "0123abc"]


def test_a_failed_cell_stands_as_the_floor_with_its_reason(shown):
    found, data = shown
    place = [table.dataset for table in found].index("adult")
    measured, stood_in = value(data, place, "ctgan", SHAPE)
    assert measured[1:] == [10, None, 100, 0]
    assert stood_in[1:] == [0.5, None, None, 1]
    status, phase, error, *_ = data["cells"][stood_in[0]][5]["fit"]
    assert (status, data["pool"][phase], data["pool"][error]) == ("failed", "timeout", "took longer than 60 s")


def test_a_stage_belongs_to_the_run_in_which_it_ended(store):
    store.cell("smote", {SHAPE: 1.0}, run="first", day=2)
    store.connection.execute("INSERT INTO run_cells SELECT 'second', cell_id FROM cells")
    for run, day in [("first", "2026-01-01"), ("second", "2026-01-03")]:
        store.connection.execute("INSERT INTO runs VALUES (?,?,'demo','{}','bench run','{}','{}',NULL,1)", [run, day])
    for asked in (None, "second"):
        _, data = gathered(store, asked)
        assert {data["runs"][stage[8]][0] for stage in data["cells"][0][5].values()} == {"first"}


def begun(store, **days):
    for run, day in days.items():
        store.connection.execute("INSERT INTO runs VALUES (?,?,'demo','{}','bench run','{}','{}',NULL,1)", [run, day])


def test_a_stage_of_an_earlier_run_stays_that_runs_in_a_cell_with_more_stages(store):
    """A cell covers all of its stages: one more evaluator makes another cell, which holds the old stages."""
    store.cell("smote", {SHAPE: 1.0}, run="first", day=2)
    later = store.cell("smote", {SHAPE: 1.0}, run="second", day=2, code="+validity")
    store.stage(later, "validity", 1.0, day=4)
    begun(store, first="2026-01-01", second="2026-01-03")
    _, data = gathered(store)
    shown = data["cells"][0]
    assert shown[0] == later
    assert {name: (data["runs"][stage[8]][0], stage[9]) for name, stage in shown[5].items()} == {
        **dict.fromkeys(("fit", "sample", "density"), ("first", 0)), "validity": ("second", 0),
    }  # fmt: skip


def test_who_only_found_a_stage_finished_is_not_taken_for_its_maker(store):
    store.cell("smote", {SHAPE: 1.0}, run="later", day=2)
    begun(store, later="2026-01-03")
    _, data = gathered(store)
    assert {(data["runs"][stage[8]][0], stage[9]) for stage in data["cells"][0][5].values()} == {("later", 1)}


def test_a_store_without_the_rows_of_its_runs_still_names_them(store):
    store.cell("smote", {SHAPE: 1.0, AUC: float("nan")})
    _, data = gathered(store)
    assert data["runs"] == [["run1", *[None] * 6]]
    assert json.loads(json.dumps(data, allow_nan=False)) == data


def test_what_is_shared_stands_once(shown):
    _, once = shown
    assert len(once["cells"]) == len({cell[0] for cell in once["cells"]})
    texts = [json.dumps(one, sort_keys=True) for one in once["pool"]]
    assert len(texts) == len(set(texts))


def test_a_pool_gives_equal_values_one_place():
    pool = Pool()
    places = [pool.place(one) for one in ("a", {"b": 1, "c": 2}, "a", {"c": 2, "b": 1}, None)]
    assert places == [0, 1, 0, 1, None]


@pytest.mark.parametrize(
    ("given", "written"),
    [
        (0.1 + 0.2, 0.3),
        (2.0, 2),
        (float("nan"), None),
        (float("inf"), None),
        (None, None),
        (1e-12, 1e-12),
        (123456789.123, 123456789),
    ],
)
def test_numbers_are_written_short(given, written):
    assert number(given) == written


def test_only_the_runs_of_what_is_shown_are_told(filled):
    filled.connection.execute("INSERT INTO runs VALUES ('empty','2026-02-01','demo','{}','bench run','{}','{}',NULL,0)")
    _, data = gathered(filled)
    assert [run[0] for run in data["runs"]] == ["run1"]
