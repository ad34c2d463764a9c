"""A user's own files: what they hold comes back, and what is wrong with them is said in one line."""

import gzip
import json
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from bench import datasets
from bench.datasets.files import MISSING, read_records, read_repaired, read_table
from bench.datasets.jsonl import read_jsonl
from bench.errors import BenchError
from bench.frames import conform, infer_schema
from bench.records import Column, Schema

GOOD = "age,city,income\n" + "".join(f"{20 + i},{'xyz'[i % 3]},{'hl'[i % 2]}\n" for i in range(40))


def write(folder, content, name="people.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def load(path, **arguments):
    return datasets.load(str(path), **arguments)


def refused(path, **arguments):
    """The one line that a file is refused with."""
    with pytest.raises(BenchError) as refusal:
        load(path, **arguments)
    message = str(refusal.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def test_a_csv_becomes_a_dataset(tmp_path):
    data = load(write(tmp_path, GOOD), target="income")
    assert (data.name, data.family, data.source.variant) == ("people", "tabular", "file")
    assert [column.kind for column in data.schema.columns] == ["integer", "categorical", "categorical"]
    assert [len(part) for part in (data.train, data.validation, data.test)] == [32, 4, 4]
    assert data.train["age"].dtype == "Int64"


def test_csv_gzip_and_parquet_hold_the_same_records(tmp_path):
    plain = write(tmp_path, "\ufeff" + GOOD)
    zipped = write(tmp_path, gzip.compress(GOOD.encode()), "people.csv.gz")
    parquet = tmp_path / "people.parquet"
    pd.read_csv(plain).to_parquet(parquet)
    expected = load(plain, target="income").train
    pd.testing.assert_frame_equal(load(zipped, target="income").train, expected)
    pd.testing.assert_frame_equal(load(parquet, target="income").train, expected)


def test_the_digest_covers_bytes_and_schema(tmp_path):
    path = write(tmp_path, GOOD)
    other = write(tmp_path, GOOD.replace("20,", "21,"), "other.csv")
    same = write(tmp_path, GOOD, "same.csv")
    digests = [
        load(path, target="income").digest,
        load(path).digest,
        load(path, target="income", kinds={"age": "real"}).digest,
        load(other, target="income").digest,
    ]
    assert len(set(digests)) == 4
    assert load(same, target="income").digest == digests[0]


def test_every_bad_file_is_refused_in_one_line(tmp_path):
    assert "is not there" in refused(tmp_path / "absent.csv")
    assert "is not a table that can be read" in refused(write(tmp_path, GOOD, "people.txt"))
    assert "is empty" in refused(write(tmp_path, ""))
    assert "is empty" in refused(write(tmp_path, "\n\n"))
    assert "has no rows" in refused(write(tmp_path, "a,b\n"))
    assert "too few records (1)" in refused(write(tmp_path, "a,b\n1,2\n"))
    assert "too few records (2)" in refused(write(tmp_path, "a,b\n1,2\n3,4\n"))
    assert "did you mean 'income'?" in refused(write(tmp_path, GOOD), target="incme")
    assert "column 'a' stands more than once" in refused(write(tmp_path, "a,b,a\n1,2,3\n"))
    assert "did you mean 'ab'?" in refused(write(tmp_path, "\n\nab,y\n1,2\n3,4\n5,6\n"), target="abc")
    assert "column 1 has no name" in refused(write(tmp_path, ",a\n0,1\n1,2\n"))
    assert "Expected 2 columns, got 3" in refused(write(tmp_path, "a,b\n1,2\n1,2,3\n"))
    assert "Expected 2 columns, got 1" in refused(write(tmp_path, "a,b\n1,2\n1\n"))
    assert "starts at line 3" in refused(write(tmp_path, 'a,b\n1,2\n3,"4\n5,6\n'))
    assert "cannot be read" in refused(write(tmp_path, gzip.compress(GOOD.encode())[:-20], "cut.csv.gz"))
    assert "separated by semicolons" in refused(write(tmp_path, GOOD.replace(",", ";")), target="income")
    assert "separated by semicolons" in refused(write(tmp_path, "a;b\n1,5;2\n"))
    assert "iconv -f utf-16" in refused(write(tmp_path, GOOD.encode("utf-16")))
    assert "not a parquet file" in refused(write(tmp_path, GOOD, "people.parquet"))


def test_a_file_that_is_not_utf8_is_refused_with_the_place(tmp_path):
    message = refused(write(tmp_path, "name,y\nAnn,1\nRené,2\n".encode("latin-1")))
    assert "byte 0xe9 at offset 16 (line 3)" in message
    assert "iconv" in message


def test_rows_without_a_target_are_not_dropped_in_silence(tmp_path):
    message = refused(write(tmp_path, "a,y\n1,u\n2,\n3,v\n4,NA\n"), target="y")
    assert "target 'y' is missing in 2 of 4 rows (first in row 1)" in message


def test_all_missing_and_constant_columns_are_kept(tmp_path):
    data = load(write(tmp_path, "gap,same,y\n" + ",5,u\n,5,v\n" * 10), target="y")
    assert data.schema["gap"].kind == "categorical"
    assert data.train["gap"].isna().all()
    assert (data.test["same"] == 5).all()


def test_numbers_stored_as_text_are_repaired_and_thousands_separators_are_not(tmp_path):
    text = 'a,b,c,d\n"1"," 2.5","1,234",007\n"2","3","2,345",012\n"","?",NA,013\n'
    data = load(write(tmp_path, text))
    assert [column.kind for column in data.schema.columns] == ["integer", "real", "categorical", "categorical"]
    assert set(data.train["d"]) | set(data.test["d"]) == {"007", "012", "013"}


def test_what_counts_as_missing(tmp_path):
    words = sorted(MISSING)
    path = write(tmp_path, "a,program\n" + "".join(f'" {word} ","{word}"\n' for word in words) + "x,y\n")
    frame = read_table(path, verbatim=["program"])
    assert frame["a"].isna().tolist() == [True] * len(words) + [False]
    # None is a Python program; only the empty field is no program
    assert frame["program"].isna().tolist() == [not word for word in words] + [False]


def test_a_column_of_kind_text_keeps_its_spaces_and_words(tmp_path):
    path = write(tmp_path, 'program,y\n" None\n",1\nx = 1,2\nNA,3\n')
    data = load(path, kinds={"program": "text"})
    assert set(data.train["program"]) | set(data.test["program"]) == {" None\n", "x = 1", "NA"}


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\r"), min_size=1).filter(str.strip)
LABELS = st.text(st.characters(codec="utf-8", exclude_characters="\r")).map(lambda text: f"<{text}>")
COLUMNS = [
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: x % 1),
    LABELS,
]


@settings(deadline=None, max_examples=30)
@given(st.data())
def test_csv_to_frame_to_csv_round_trip(tmp_path_factory, data):
    names = data.draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    size = data.draw(st.integers(1, 6))
    columns = {}
    for name in names:
        values = data.draw(st.sampled_from(COLUMNS))
        columns[name] = data.draw(st.lists(st.none() | values, min_size=size, max_size=size))
    frame = pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in columns.items()})
    schema = infer_schema(frame)
    expected = conform(frame, schema)

    path = tmp_path_factory.getbasetemp() / "round_trip.csv"
    expected.to_csv(path, index=False)
    raw = read_table(path)
    assert infer_schema(raw) == schema
    pd.testing.assert_frame_equal(conform(raw, schema), expected)
    pd.testing.assert_frame_equal(read_records(path, schema), expected)


SCHEMA = Schema((Column("n", "integer"), Column("c", "categorical"), Column("t", "text"), Column("j", "json")))
RECORDS = pd.DataFrame(
    {
        "n": pd.Series([1, None], dtype="Int64"),
        "c": pd.Series(["2", "x"], dtype="str"),
        "t": pd.Series(["None", "a\nb"], dtype="str"),
        "j": pd.Series(['{"a":[1,"é"]}', "[]"], dtype="str"),
    }
)


@pytest.mark.parametrize("name", ["rows.csv", "rows.csv.gz", "rows.parquet", "rows.jsonl", "rows.jsonl.gz"])
def test_synthetic_records_are_read_in_every_format(tmp_path, name):
    path = tmp_path / name
    if ".csv" in name:
        RECORDS.to_csv(path, index=False)
    elif name.endswith(".parquet"):
        RECORDS[["j", "t", "c", "n"]].to_parquet(path)
    else:
        lines = [{"n": 1, "c": 2, "t": "None", "j": {"a": [1, "é"]}}, {"n": None, "c": "x", "t": "a\nb", "j": []}]
        text = "\n".join(map(json.dumps, lines)).encode()
        path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    pd.testing.assert_frame_equal(read_records(path, SCHEMA), RECORDS)


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("n,c,t\n1,a,b\n", "rows.csv", "column 'j' is missing"),
        ("n,c,t,j,k\n1,a,b,{},1\n", "rows.csv", "column 'k' is not part of the schema"),
        ("n,c,t,j\n1.5,a,b,{}\n", "rows.csv", "column 'n', row 0: '1.5' is not a whole number"),
        ('{"n": 1}\n{"n": \n', "rows.jsonl", "line 2"),
        ("[1]\n", "rows.jsonl", "line 1: a JSON object was expected"),
        ("", "rows.jsonl", "has no records"),
        ("n,c,t,j\n", "rows.csv", "has no rows"),
        ("n,c,t,j\ninf,a,b,{}\n", "rows.csv", "column 'n', row 0: 'inf' is not a whole number"),
        ("N,c,t,j\n1,a,b,{}\n", "rows.csv", "column 'n' is missing; rename 'N'"),
        ("n,n,c,t,j\n1,1,a,b,{}\n", "rows.csv", "column 'n' stands more than once"),
        ("n;c;t;j\n1;a;b;{}\n", "rows.csv", "seems to be separated by semicolons"),
        ("n\tc\tt\tj\n1\ta\tb\t{}\n", "rows.csv", "seems to be separated by tabs"),
    ],
)
def test_synthetic_records_of_another_schema_are_refused(tmp_path, content, name, message):
    path = write(tmp_path, content, name)
    with pytest.raises(BenchError, match=re.escape(message)) as refusal:
        read_records(path, SCHEMA)
    assert str(path) in str(refusal.value)


def test_parquet_keeps_large_integers_and_turns_dates_into_labels(tmp_path):
    path = tmp_path / "t.parquet"
    dates = pd.to_datetime(["2020-01-01"] * 9 + [None])
    pd.DataFrame({"n": [2**60 + i for i in range(10)], "d": dates, "x": np.arange(10) / 3}).to_parquet(path)
    data = load(path)
    assert [column.kind for column in data.schema.columns] == ["integer", "categorical", "real"]
    everything = pd.concat([data.train, data.validation, data.test])
    assert sorted(everything["n"]) == [2**60 + i for i in range(10)]
    assert everything["d"].isna().sum() == 1


@pytest.mark.parametrize("gap", ['{"n": null, "c": null}', '{"n": null}', "{}"])
@pytest.mark.parametrize("name", ["t.jsonl", "t.json"])
def test_integers_beside_gaps_of_a_json_file_are_exact(tmp_path, gap, name):
    numbers = [2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63), 3]
    lines = [json.dumps({"n": number, "c": number}) for number in numbers]
    path = write(tmp_path, "\n".join([*lines, gap, gap]), name)
    schema = Schema((Column("n", "integer"), Column("c", "categorical")))
    assert [column.kind for column in infer_schema(read_jsonl(path)).columns] == ["integer", "integer"]
    records, said = read_repaired(path, schema)
    assert records["n"].tolist() == [*numbers, pd.NA, pd.NA]
    assert records["c"].tolist() == [*map(str, numbers), np.nan, np.nan]
    assert said == []


@pytest.mark.parametrize("values", [[2**63, None, 1], [1.5, None, 2], [True, None, 2], [None, None]])
def test_other_numbers_of_a_json_file_are_what_pandas_makes_of_them(tmp_path, values):
    path = write(tmp_path, "".join(f'{{"n": {json.dumps(value)}}}\n' for value in values), "t.jsonl")
    pd.testing.assert_frame_equal(read_jsonl(path), pd.DataFrame({"n": values}))


@pytest.mark.parametrize("keys", [["id"], ["id", "city"]])
def test_a_named_index_of_a_real_parquet_file_is_a_column_as_in_csv(tmp_path, keys):
    frame = pd.DataFrame({"id": range(100, 140), "city": ["x", "y"] * 20, "age": range(40)})
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.set_index(keys).to_parquet(tmp_path / "a.parquet")
    data = load(tmp_path / "a.parquet")
    assert data.schema == load(tmp_path / "a.csv").schema
    pd.testing.assert_frame_equal(data.train, load(tmp_path / "a.csv").train)
    frame.set_index(pd.Index(range(7, 47))).to_parquet(tmp_path / "a.parquet")
    assert load(tmp_path / "a.parquet").schema == data.schema


def test_integers_beside_gaps_of_a_parquet_file_are_exact(tmp_path):
    numbers = pa.array([2**53 + 1, None, *range(18)], pa.int64())
    # the schema and the index that pandas writes, the numbers of another writer
    indexed = pd.DataFrame({"n": range(20), "m": range(20)}, index=range(70, 90))
    table = pa.Table.from_pandas(indexed).set_column(0, "n", numbers)
    parquet.write_table(table, tmp_path / "t.parquet")
    schema = Schema((Column("n", "integer"), Column("m", "integer")))
    records, said = read_repaired(tmp_path / "t.parquet", schema)
    assert records["n"].tolist() == [*numbers.to_pylist()[:1], pd.NA, *numbers.to_pylist()[2:]]
    assert said == []
    assert infer_schema(read_table(tmp_path / "t.parquet")) == schema


def test_names_of_columns_that_are_numbers_are_text(tmp_path):
    frame = pd.DataFrame({1: [2**53 + 1, None] * 10, 0: range(20)}, dtype="Int64")
    frame.to_parquet(tmp_path / "t.parquet")
    data = load(tmp_path / "t.parquet", target="0")
    assert data.schema.names == ["1", "0"]
    assert data.train["1"].dropna().unique().tolist() == [2**53 + 1]
    assert read_repaired(tmp_path / "t.parquet", data.schema)[1] == []


PLAIN = "n,c,t,j\n1,a,b,{}\n2,b,c,[]\n"


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        "\ufeff" + PLAIN,
        PLAIN.replace("\n", "\r\n"),
        "\n" + PLAIN + "\n\n",
        '"n","c","t","j"\n"1","a","b","{}"\n"2","b","c","[]"\n',
    ],
)
def test_the_manners_of_csv_writers_need_no_repair(tmp_path, content):
    records, said = read_repaired(write(tmp_path, content), SCHEMA)
    assert (records["n"].tolist(), records["c"].tolist(), records["j"].tolist()) == ([1, 2], ["a", "b"], ["{}", "[]"])
    assert said == []


def test_what_was_repaired_is_said(tmp_path):
    path = write(tmp_path, "c, n,t,j\nTRUE,1.0,b,{}\nfalse,,c,[]\n")
    records, said = read_repaired(path, SCHEMA)
    assert records["n"].tolist() == [1, pd.NA]
    assert records["c"].tolist() == ["True", "False"]
    assert said == [
        "spaces around the names of columns removed: n",
        "columns put into the order of the schema",
        "whole numbers written as floats: n",
        "labels written as floats or truth values of another spelling: c",
    ]


@pytest.mark.parametrize(
    ("index", "repaired"),
    [
        ({}, []),
        ({"keys": "c"}, ["the index taken for a column: c", "columns put into the order of the schema"]),
        ({"keys": pd.Index([7, 8], name="id")}, []),
        ({"keys": pd.Index([7, 8])}, []),
    ],
)
def test_a_parquet_file_may_have_an_index_and_categories(tmp_path, index, repaired):
    frame = RECORDS.assign(c=pd.Categorical(["x", "y"]), n=pd.Categorical([1, 2]))
    path = tmp_path / "rows.parquet"
    (frame.set_index(**index) if index else frame).to_parquet(path)
    records, said = read_repaired(path, SCHEMA)
    assert records["c"].tolist() == ["x", "y"]
    assert records["n"].tolist() == [1, 2]
    assert said == repaired


def test_truth_values_and_dates_become_the_labels_of_a_csv(tmp_path):
    schema = Schema((Column("b", "categorical"), Column("d", "categorical")))
    parquet = tmp_path / "rows.parquet"
    pd.DataFrame({"b": [True, False], "d": pd.to_datetime(["2020-01-01", "2020-02-01"])}).to_parquet(parquet)
    plain = write(tmp_path, "b,d\ntrue,2020-01-01\nFALSE,2020-02-01\n")
    pd.testing.assert_frame_equal(read_records(parquet, schema), read_records(plain, schema))
