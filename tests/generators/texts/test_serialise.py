"""A record's text is the JSON that any parser reads back."""

import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import BenchError
from bench.frames import conform
from bench.records import Column, Schema
from generators.texts.serialise import from_texts, to_texts

MIXED = Schema((Column("n", "integer"), Column("x", "real"), Column("c", "categorical"), Column("p", "json")))
PROGRAM = Schema((Column("program", "text"),))
record = st.tuples(
    st.one_of(st.none(), st.integers(-(2**53), 2**53)),
    st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
    st.one_of(st.none(), st.text().map("é{}".format)),  # "TRUE" and "1.0" are other spellings of a label
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=3).map(lambda v: json.dumps(v, ensure_ascii=False)),
)


@given(st.lists(record, min_size=1, max_size=5))
@settings(max_examples=50, deadline=None)
def test_any_json_parser_reads_the_record(rows):
    frame = conform(pd.DataFrame(rows, columns=MIXED.names, dtype="object"), MIXED)
    for text, (n, x, c, p) in zip(to_texts(frame, MIXED), rows, strict=True):
        assert json.loads(text) == {"n": n, "x": x, "c": c, "p": json.loads(p)}
    back, reasons = from_texts(to_texts(frame, MIXED), MIXED, "tool")
    assert reasons == [None] * len(rows)
    pd.testing.assert_frame_equal(back, frame)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"n": 1', "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[1]", "not exactly the columns of the schema"),
        ('{"x": 1.5, "n": 1, "c": "a", "p": {}}', "not exactly the columns of the schema"),
        ('{"n": 1.5, "x": 1.5, "c": "a", "p": {}}', "a value of 'n' is not of its kind"),
        ('{"n": 1, "x": 1.5, "c": 7, "p": {}}', "a value of 'c' is not of its kind"),
        ('{"n": "1", "x": 1.5, "c": "a", "p": {}}', "a value of 'n' is not of its kind"),
    ],
)
def test_an_illegal_text_is_rejected_with_its_reason(text, reason):
    good = '{"n": 1, "x": 1.5, "c": "a", "p": {}}'
    frame, reasons = from_texts([good, text], MIXED, "tool")
    assert len(frame) == 1
    assert reasons == [None, reason]


def test_a_program_stands_for_itself_and_must_parse():
    frame, reasons = from_texts(["x = 1\n", "x = = 1", "", "x = '\0'"], PROGRAM, "code")
    assert to_texts(frame, PROGRAM) == ["x = 1\n"]
    assert reasons == [None, "does not parse", "empty text", "does not parse"]


def test_a_missing_text_is_named_by_its_place():
    frame = pd.DataFrame({PROGRAM.names[0]: ["x = 1\n", None]})
    with pytest.raises(BenchError, match="the text of record 1 is missing"):
        to_texts(frame, PROGRAM)
