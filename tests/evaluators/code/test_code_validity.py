"""Programs: which parse, whatever a model writes."""

import ast

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import BenchError
from bench.records import Column, Schema
from evaluators.code.syntax import LONGEST_PROGRAM, syntax
from evaluators.code.validity import CodeValidity

SCHEMA = Schema((Column("instruction", "text"), Column("program", "text")))


def programs(texts):
    return pd.DataFrame({"instruction": ["do it"] * len(texts), "program": texts}).astype("str")


def scores(data, synthetic, executed=0):
    return {score.metric: score for score in CodeValidity(executed=executed).evaluate(data, synthetic)}


@pytest.fixture
def data(make_dataset):
    train, test = programs(["x = 1", "y = 2"]), programs(["print('test')", "z = 3", "a = b"])
    return make_dataset(train, test, schema=SCHEMA, family="code")


def test_shares_counted_by_hand(data):
    found = scores(data, programs(["x = 1", "def f(:", "q = 5", "q = 5"]))
    assert found["parse_percent"].value == pytest.approx(75)
    assert found["unique_percent"].value == pytest.approx(75)
    assert found["copy_percent"].value == pytest.approx(25)


def test_lengths_are_compared_with_test_programs(data):
    found = scores(data, data.test)
    assert found["length_shape_error_percent"].value == 0
    longer = programs([text + " " * 50 for text in data.test["program"]])
    assert scores(data, longer)["length_shape_error_percent"].value == 100


def test_reference_is_not_the_test_part_where_there_is_another(make_dataset):
    test, validation = programs(["a = 1"]), programs(["b = 1"])
    data = make_dataset(programs(["x = 1", "y = 2"]), test, schema=SCHEMA, family="code", validation=validation)
    assert CodeValidity().reference_records(data) is data.validation
    without = make_dataset(programs(["x = 1", "y = 2"]), test, schema=SCHEMA, family="code")
    assert CodeValidity().reference_records(without) is without.test


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "program", ["x = 1\n", "async def f():\n    await g()", "'\\d'", "# nothing", "x" * LONGEST_PROGRAM]
)
def test_legal_programs(program):
    assert syntax(program).parses


@pytest.mark.parametrize(
    "program",
    [
        "",
        " \n\t",
        "x = \0",
        "x = '\ud800'",
        "print 1",
        "if x:\nreturn",
        "(" * 100_000,
        "-" * 150_000 + "1",
        "a" + ".b" * 90_000,
        "f" + "()" * 90_000,
        "lambda:" * 20_000 + "1",
        "1" * 10_000,
        "f'" + "{" * 1000,
        "x" * (LONGEST_PROGRAM + 1),
    ],
)
def test_programs_that_are_not_legal_or_beyond_the_parser(program):
    assert not syntax(program).parses


@given(st.text(max_size=200))
def test_any_text_has_an_answer(text):
    assert syntax(text).parses in (True, False)


def test_missing_programs_do_not_parse(data):
    records = data.train.assign(program=pd.Series([None, "x = 1"], dtype="str"))
    assert scores(data, records)["parse_percent"].value == pytest.approx(50)


def test_no_records_and_no_text_column(data, make_dataset):
    for score in scores(data, data.train.iloc[:0]).values():
        assert np.isnan(score.value)
        assert "records" in score.details["reason"]
    schema = Schema((Column("a", "categorical"),))
    other = make_dataset(pd.DataFrame({"a": ["x", "y"]}), schema=schema, family="code")
    with pytest.raises(BenchError, match="last text column"):
        scores(other, other.train)


def test_every_score_exists_and_real_programs_score_well(data):
    found = scores(data, data.test, executed=9)
    assert found["compile_percent"].value == 100
    assert found["ast_node_error_percent"].value == pytest.approx(0, abs=1e-9)
    assert found["statements_shape_error_percent"].value == found["nesting_shape_error_percent"].value == 0
    assert found["near_copy_percent"].value == 0
    # a = b has no b
    assert found["run_percent"].value == pytest.approx(200 / 3)
    assert found["run_percent"].details["ends"] == {"NameError": 1}
    assert found == scores(data, data.test, executed=9)


def test_programs_that_parse_and_do_not_compile():
    outside = syntax("return 1")
    assert outside.parses
    assert not outside.compiles
    assert syntax("break").parses
    assert not syntax("break").compiles


def test_what_stops_programs_is_counted(data):
    synthetic = programs(["print(1)", "1 / 0", "1 / 0", "while True: pass", "import numpy", "x =", "print(1)"])
    score = scores(data, synthetic, executed=9)["run_percent"]
    assert score.value == pytest.approx(200 / 7)
    assert score.details["ends"] == {
        "ZeroDivisionError": 2,
        "timeout": 1,
        "ModuleNotFoundError": 1,
        "SyntaxError": 1,
    }


def test_how_many_are_run_is_chosen(data):
    few = CodeValidity(executed=2).evaluate(data, programs([f"x = {i}" for i in range(9)]))
    assert {score.metric: score.n for score in few}["run_percent"] == 2
    none = {score.metric: score for score in CodeValidity(executed=0).evaluate(data, data.test)}
    assert np.isnan(none["run_percent"].value)
    with pytest.raises(BenchError, match="executed"):
        CodeValidity(executed=-1)


def test_a_near_copy_of_a_train_program_is_found(make_dataset):
    train = (
        "def area(width, height):\n    result = width * height\n    print('the area is', result)\n    return result\n"
    )
    data = make_dataset(programs([train, "x = 1"]), programs(["y = 2"]), schema=SCHEMA, family="code")
    other = "import os\nfor name in os.listdir('.'):\n    print(len(name))\n"
    near = scores(data, programs([train.replace("the area", "its area"), other, train]))["near_copy_percent"]
    assert near.value == pytest.approx(200 / 3)


def test_the_distance_of_node_types_counted_by_hand(make_dataset):
    """`x = 1` is Assign, Name, Constant; `f()` is Expr, Call, Name: one node of three in common."""
    data = make_dataset(programs(["q = 0"]), programs(["x = 1"]), schema=SCHEMA, family="code")
    found = scores(data, programs(["f()"] * 3))["ast_node_error_percent"]
    assert found.value == pytest.approx(200 / 3)
    assert found.stderr == pytest.approx(0, abs=1e-9)


def test_the_jackknife_of_node_types_agrees_with_leaving_out_by_hand(make_dataset):
    data = make_dataset(programs(["q = 0"]), programs(["x = 1", "f(2)"]), schema=SCHEMA, family="code")
    texts = ["f()", "x = 1", "y = z + 1", "def g(): pass", "if a: b = 2"]
    found = scores(data, programs(texts))["ast_node_error_percent"]

    def distance(sources):
        counts, total = {}, {}
        for number, part in enumerate((sources, ["x = 1", "f(2)"])):
            nodes = [node for source in part for node in ast.walk(ast.parse(source))]
            kinds = [type(n).__name__ for n in nodes if not isinstance(n, (ast.Module, ast.expr_context))]
            total[number] = len(kinds)
            for kind in kinds:
                counts.setdefault(kind, [0, 0])[number] += 1
        return 50 * sum(abs(a / total[0] - b / total[1]) for a, b in counts.values())

    without = np.array([distance(texts[:i] + texts[i + 1 :]) for i in range(5)])
    assert found.value == pytest.approx(distance(texts))
    assert found.stderr == pytest.approx(np.sqrt(4 / 5 * np.sum((without - without.mean()) ** 2)))


@pytest.mark.parametrize(
    ("program", "statements", "nesting"),
    [
        ("x = 1", 1, 1),
        ("# nothing", 0, 0),
        ("if a:\n    b\nelse:\n    c", 3, 2),
        ("def f():\n    for x in y:\n        if x:\n            return x\nf()", 5, 4),
    ],
)
def test_sizes_of_programs(program, statements, nesting):
    measured = syntax(program)
    assert (measured.statements, measured.nesting) == (statements, nesting)


def test_nothing_a_model_writes_stops_the_evaluation(data):
    odd = ["x" * 2**20, "x = '\0'", "(" * 100_000, "x\n" * 50_000, "-" * 900 + "1", "def f(): f()\nf()", "é = 1", ""]
    found = scores(data, programs(odd), executed=9)
    assert all(np.isfinite(score.value) for score in found.values())
    only_comments = scores(data, programs(["# nothing"]))["ast_node_error_percent"]
    assert np.isnan(only_comments.value)
    assert "comments" in only_comments.details["reason"]
