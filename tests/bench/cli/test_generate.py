"""What `bench generate` writes."""

import json

import numpy as np
import pandas as pd
import pytest

from bench.cli.generate import WRITERS, write_records
from bench.datasets import read_records
from bench.frames import conform
from bench.records import Column, Schema

SCHEMA = Schema((Column("x", "real"), Column("n", "integer"), Column("c", "categorical"), Column("j", "json")))
NUMBERS = [1 / 3, 1e-12, 0.1 + 0.2, -1.7976931348623157e308, 5e-324, None]
RECORDS = conform(
    pd.DataFrame(
        {
            "x": NUMBERS,
            "n": pd.array([2**62 + 1, -(2**63), None, 0, 1, 2], "Int64"),
            "c": ["a/b", 'é\n"quoted"', None, "null", "3", "x\u2028y"],
            "j": ['{"a":[1,"é"]}', "[]", "{}", "1", '"x"', None],
        }
    ),
    SCHEMA,
)


@pytest.mark.parametrize("ending", WRITERS)
def test_every_value_comes_back_to_the_last_bit(tmp_path, ending):
    path = tmp_path / f"rows{ending}"
    # in a csv file "null" is a missing value, whatever wrote it
    records = RECORDS.replace({"c": {"null": "none at all"}}) if ending == ".csv" else RECORDS
    write_records(records, path)
    pd.testing.assert_frame_equal(read_records(path, SCHEMA), records, check_exact=True)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_lines_of_json_are_such_that_any_reader_knows(tmp_path):
    write_records(RECORDS.assign(x=[*NUMBERS[:-2], np.inf, np.nan]), tmp_path / "rows.jsonl")

    def refuse(constant):
        pytest.fail(f"{constant} is no JSON")

    lines = (tmp_path / "rows.jsonl").read_text(encoding="utf-8").split("\n")
    records = [json.loads(line, parse_constant=refuse) for line in lines[:-1]]
    assert [record["x"] for record in records] == [*NUMBERS[:-2], None, None]
    assert [record["n"] for record in records] == [2**62 + 1, -(2**63), None, 0, 1, 2]
    assert list(records[0]) == SCHEMA.names
    assert lines[-1] == ""
