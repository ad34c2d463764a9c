import json
from dataclasses import replace
from xml.etree import ElementTree as Tree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboards.gate.report import github, json_text, junit, text
from leaderboards.gate.report.github import MESSAGE, PROPERTY, annotation
from leaderboards.gate.verdict import Broken, Comparison, Verdict

SOUND = Comparison(
    dataset="adult", generator="difflm", metric="xgboost_auc", protocol="harness", version=2, column="",
    higher_is_better=True, baseline=0.9, run=0.89, low=-0.03, high=0.01, minimum=0.01, p_worse=0.4, p_better=1.0,
    pairs=5, change="none",
)  # fmt: skip
WORSE = replace(
    SOUND, metric="single_column_shape_error_percent", column="age", higher_is_better=False, baseline=2.0, run=7.5,
    low=4.0, high=7.0, minimum=1.5, p_worse=0.00001, change="worse",
)  # fmt: skip
BETTER = replace(WORSE, column="job", run=0.5, low=-2.0, high=-1.6, p_worse=1.0, p_better=0.01, change="better")
LOST = Broken("adult", "difflm", "stage fit", "timeout: 900 s", ((0, 1), (0, 2)))
BOTH = Broken("adult", "tvae", "stage mle", "raised: no", ((0, 1), (1, 1)))
VERDICT = Verdict(
    "old (monday)", "new (tuesday)", 0.05, [SOUND, WORSE, BETTER], [LOST], [BOTH], ["look"], ["in_range"], []
)


def named(name: str) -> Verdict:
    """Everything foreign is called `name`."""
    return replace(
        VERDICT,
        comparisons=[replace(WORSE, dataset=name, generator=name, column=name)],
        broken=[replace(LOST, generator=name, reason=name)],
        notes=[name],
        run=name,
    )


def test_the_text_says_what_fails_by_how_much_and_why():
    lines = text(VERDICT).splitlines()
    assert lines[0] == "gate FAILED: 1 regression and 1 broken part in 3 comparisons"
    assert (
        "  adult difflm single_column_shape_error_percent of age: 2 -> 7.5, worse by 5.5 (95 % interval of the "
        "difference 4 to 7; 1.5 matters; p < 0.0001; 5 pairs)" in lines
    )
    assert "  adult difflm stage fit: timeout: 900 s (split seed 0, seeds 1, 2)" in lines
    assert "  adult tvae stage mle: raised: no (split seed/seed 0/1, 1/1)" in lines
    assert any("of job: 2 -> 0.5, better by 1.5" in line for line in lines)
    assert "not gated, as no minimum effect is stated: in_range" in lines
    assert not any("xgboost_auc: " in line for line in lines)


def test_json_holds_every_comparison():
    found = json.loads(json_text(VERDICT))
    assert found["passed"] is False
    assert len(found["comparisons"]) == 3
    assert found["regressions"][0]["difference"] == 5.5
    assert found["broken"][0]["cells"] == [[0, 1], [0, 2]]


def test_json_knows_no_nan():
    found = json.loads(json_text(replace(VERDICT, comparisons=[replace(SOUND, low=float("nan"))])))
    assert found["comparisons"][0]["low"] is None


def test_junit_is_read_back_with_its_counts():
    suite = Tree.fromstring(junit(VERDICT))
    assert suite.attrib == {"name": "bench gate", "tests": "5", "failures": "1", "errors": "1", "skipped": "1"}
    cases = {case.get("name"): [child.tag for child in case] for case in suite}
    assert cases == {
        "xgboost_auc": [],
        "single_column_shape_error_percent of age": ["failure"],
        "single_column_shape_error_percent of job": [],
        "stage fit": ["error"],
        "stage mle": ["skipped"],
    }


@pytest.mark.parametrize("name", ["<script>", 'a"b&c', "\x00\x1b[31mred\n]]>", "\ud800", "￾"])
def test_foreign_names_stay_text_in_xml(name):
    suite = Tree.fromstring(junit(named(name)))
    assert len(suite) == 3
    if name.isprintable():
        assert suite[0].get("classname") == f"{name}.{name}"


def test_no_control_character_reaches_a_terminal():
    assert all(line.isprintable() for line in text(named("\x1b[31mred\r\nok")).splitlines())


def test_annotations_are_errors_for_what_fails():
    lines = github(VERDICT).splitlines()
    assert [line.split(" ")[0] for line in lines] == ["::error", "::error", "::warning", "::notice", "::notice"]
    assert lines[0].startswith("::error title=adult difflm%3A single_column_shape_error_percent of age::2 -> 7.5")
    assert "p < 0.0001" in lines[0]


def undone(line: str) -> tuple[str, str, str]:
    """As the runner reads a command: split at the first `::` after the properties, then unescaped."""
    head, message = line.removeprefix("::").split("::", 1)
    kind, title = head.split(" title=", 1)
    for table, value in ((PROPERTY, "title"), (MESSAGE, "message")):
        text = title if value == "title" else message
        for char, code in reversed(table.items()):
            text = text.replace(code, char)
        title, message = (text, message) if value == "title" else (title, text)
    return kind, title, message


@given(st.text(), st.text())
def test_an_annotation_is_one_line_that_reads_back(title, message):
    line = annotation("error", title, message)
    assert "\n" not in line
    assert "\r" not in line
    assert undone(line) == ("error", title, message)
