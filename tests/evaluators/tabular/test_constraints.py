"""Rules on tables small enough to count, what a rules file may say, and the known tables."""

import os
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest

from bench.choose import choose
from bench.datasets import load
from bench.errors import BenchError
from bench.records import Column, Schema, Source
from evaluators.tabular.constraints import Constraints, ConstraintsConfig
from evaluators.tabular.rules import parse

SCHEMA = Schema(
    (
        Column("code", "categorical"),
        Column("years", "integer"),
        Column("net", "real"),
        Column("tax", "real"),
        Column("gross", "real"),
    )
)
TRAIN = pd.DataFrame(
    {
        "code": ["a", "b", "b", "c"],
        "years": [1, 2, 2, 3],
        "net": [0.1, 1.0, 2.0, 5.0],
        "tax": [0.2, 1.0, 1.0, 0.0],
        "gross": [0.1 + 0.2, 2.0, 3.0, 5.0],
    }
)
SAMPLE = pd.DataFrame(
    {
        "code": ["a", "b", "z", None, "c", "a"],
        "years": pd.array([1, 1, 3, 9, None, 2], dtype="Int64"),
        "net": [0.1, 3.0, 0.0, 1.0, np.nan, 7.0],
        "tax": [0.2, 0.0, 0.5, 1.0, 9.0, 0.0],
        "gross": [0.3, 3.0, 1.0, 2.005, 1.0, 7.0],
    }
)


@pytest.fixture
def judged(make_dataset, tmp_path):
    def evaluate(text, sample=SAMPLE, test=None):
        file = tmp_path / "rules.toml"
        file.write_text(text, encoding="utf-8")
        data = make_dataset(TRAIN, test, schema=SCHEMA)
        (score,) = Constraints(rules=str(file)).evaluate(data, make_dataset(sample, schema=SCHEMA).train)
        return score

    return evaluate


def rule(**keys):
    return "[[rule]]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())


FOLLOWS = rule(column='"years"', follows='"code"')
SUM = rule(sum='["net", "tax"]', equals='"gross"', tolerance="0.01")
LESS = rule(left='"tax"', operator='"<="', right='"net"')
IMPLIES = rule(when='{ code = ["a", "b"] }', then="{ years = [1, 2] }")


@pytest.mark.parametrize(
    ("text", "broken", "rows"),
    [
        # (b, 1) and (a, 2) are no pairs of train, z is no code of it; rows without code or years are not judged
        (FOLLOWS, 3, 4),
        (rule(column='"years"', follows='["code", "net"]'), 3, 4),
        (SUM, 1, 5),
        (rule(sum='"net"', equals="0.1"), 4, 5),
        (LESS, 2, 5),
        (rule(left='"tax"', operator='"<"', right="1"), 2, 6),
        (rule(left='"years"', operator='"!="', right="9"), 1, 5),
        (rule(left='"gross"', operator='"=="', right='"net"'), 3, 5),
        (rule(left='"gross"', operator='">="', right='"net"'), 0, 5),
        (rule(left='"gross"', operator='">"', right='"net"'), 2, 5),
        (rule(left='"code"', operator='"=="', right='"code"'), 0, 5),
        (IMPLIES, 0, 4),
        (rule(when="{ years = 1.0 }", then='{ code = "a" }'), 1, 4),
        (rule(when='{ years = [1, 3], code = ["b", "z"] }', then="{ net = 0, tax = [0.5, 9] }"), 1, 4),
    ],
)
def test_single_rules_counted_by_hand(judged, text, broken, rows):
    score = judged(text)
    assert score.value == pytest.approx(100 * broken / 6)
    (one,) = score.details["rules"]
    assert one["judged"] == rows
    assert one["records_percent"] == pytest.approx(100 * broken / rows)


def test_a_record_counts_once_and_real_rows_are_judged_beside(judged):
    test = pd.DataFrame(
        {"code": ["a", "b"], "years": [1, 3], "net": [1.0, 1.0], "tax": [1.0, 1.0], "gross": [2.0, 9.0]}
    )
    score = judged(FOLLOWS + SUM + LESS, test=test)
    # follows: rows 1, 2, 5; sum: row 2; less: rows 0, 2
    assert score.value == pytest.approx(100 * 4 / 6)
    assert score.stderr == pytest.approx(100 * np.sqrt(4 / 6 * 2 / 6 / 6))
    assert score.details["train_percent"] == pytest.approx(25)  # tax above net in the first row
    assert score.details["held_out_percent"] == pytest.approx(50)
    assert [one["held_out_percent"] for one in score.details["rules"]] == [50, 50, 0]
    assert [one["rule"] for one in score.details["rules"]] == [
        "years follows code",
        "net + tax == gross +- 0.01",
        "tax <= net",
    ]


def test_nothing_to_judge(judged, make_dataset, mixed):
    missing = SAMPLE.assign(**{name: None for name in SAMPLE})
    score = judged(FOLLOWS + SUM, sample=missing)
    assert score.value == 0
    assert [(one["judged"], one["records_percent"]) for one in score.details["rules"]] == [(0, None)] * 2
    assert "no records" in judged(LESS, sample=SAMPLE.iloc[:0]).details["reason"]
    (score,) = Constraints().evaluate(make_dataset(mixed(5, 0)), mixed(5, 1))
    assert np.isnan(score.value)
    assert "no rules are declared" in score.details["reason"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "there are no rules"),
        ("# only a comment\n", "there are no rules"),
        ("rule = 3\n", "there are no rules"),
        ("[[rule]\n", "no TOML"),
        ("[[rules]]\n", "'rules' is no rule"),
        ("[[rule]]\n", "rule 1: its keys are none"),
        (LESS + rule(left='"a"', operator='"<"'), "rule 2: its keys are left, operator, and must be one of"),
        (LESS + LESS + rule(left='"a"', operator='"=<"', right="1"), "rule 3: 'operator' must be one of"),
        (rule(left='"a"', operator='"<"', right="true"), "rule 1: 'right' must be the name of a column or a number"),
        (rule(left="1", operator='"<"', right="1"), "rule 1: 'left' must be the name of a column, not 1"),
        (rule(column='"a"', follows="[]"), "rule 1: 'follows' must be"),
        (rule(sum='["a"]', equals='"b"', tolerance="-1"), "rule 1: 'tolerance' must be a number that is not negative"),
        (rule(when="3", then="{ a = 1 }"), "rule 1: 'when' must be a table"),
        (rule(when="{ a = [] }", then="{ a = 1 }"), "rule 1: 'when' must be a table"),
    ],
)
def test_a_broken_file_is_refused_before_anything_runs(tmp_path, text, message):
    file = tmp_path / "rules.toml"
    file.write_text(text)
    with pytest.raises(BenchError) as caught:
        choose("evaluators", ["constraints"], {"constraints": {"rules": str(file)}})
    assert message in str(caught.value)
    assert f"rules '{file}'" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(BenchError, match=r"rules 'no\.toml': the file does not exist"):
        ConstraintsConfig(rules="no.toml")
    (tmp_path / "latin.toml").write_bytes(b"# \xe9\n")
    for path in (tmp_path, tmp_path / "latin.toml"):
        with pytest.raises(BenchError, match="cannot be read"):
            ConstraintsConfig(rules=str(path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            LESS + rule(left='"taxes"', operator='"<"', right="1"),
            "rule 2: column 'taxes' is not known; did you mean 'tax'",
        ),
        (rule(left='"code"', operator='"<"', right='"net"'), "rule 1: 'code < net' compares what are not both numbers"),
        (rule(left='"code"', operator='"=="', right="1"), "not both numbers"),
        (rule(sum='["net", "code"]', equals='"gross"'), "rule 1: column 'code' is not numeric"),
        (rule(column='"net"', follows='"net"'), "rule 1: column 'net' follows itself"),
        (
            rule(when='{ net = "much" }', then="{ tax = 1 }"),
            "rule 1: column 'net' is numeric, and 'much' is not a number",
        ),
    ],
)
def test_rules_that_do_not_fit_the_table_are_refused(judged, text, message):
    with pytest.raises(BenchError) as caught:
        judged(text)
    assert message in str(caught.value)


def test_the_config_holds_the_text_so_that_another_text_is_another_config(tmp_path):
    file = tmp_path / "rules.toml"
    file.write_text(LESS)
    first = ConstraintsConfig(rules=str(file))
    file.write_text(SUM)
    second = ConstraintsConfig(rules=str(file))
    assert first != second
    file.unlink()
    # as a stage in another process makes it
    assert ConstraintsConfig(**asdict(first)) == first
    assert [one.text for one in parse(first.rules)] == ["tax <= net"]


@pytest.mark.parametrize("name", ["adult", "default", "shoppers", "magic", "beijing"])
@pytest.mark.parametrize("variant", ["demo", pytest.param("original", marks=pytest.mark.realdata)])
def test_known_tables_keep_their_rules(name, variant):
    folder = os.environ.get("BENCH_DATA_DIR")
    if variant == "original" and folder is None:
        pytest.skip("BENCH_DATA_DIR is not set")
    data = load(name, variant=variant, data_dir=folder)
    (score,) = Constraints().evaluate(data, data.test)
    assert score.value < 0.02
    assert score.details["train_percent"] < 0.02
    if name == "default":
        return
    # columns that are drawn on their own break what holds between them
    alone = pd.DataFrame({c: data.train[c].sample(frac=1, random_state=i).array for i, c in enumerate(data.train)})
    (score,) = Constraints().evaluate(data, alone)
    assert score.value > 20


def test_a_table_of_ones_own_with_a_known_name_has_no_known_rules(make_dataset, mixed):
    data = replace(make_dataset(mixed(20, 0)), name="adult", source=Source("file"))
    assert np.isnan(Constraints().evaluate(data, data.train)[0].value)
