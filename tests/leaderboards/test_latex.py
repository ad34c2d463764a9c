import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import leaderboards
from leaderboards.render.latex import SPECIAL, escape

SHAPE, AUC = "column_shape_error_percent", "xgboost_auc"
NASTY = r"{\evil} \input{x} 50% & $x_1^2$ # ~ <b> \end{table} \\[1em] *"


@pytest.fixture
def text(store) -> str:
    for dataset in ("adult", "[magic]_&"):
        for seed in range(2):
            store.cell("smote", {SHAPE: 1.0 + seed / 50, AUC: 0.9}, dataset=dataset, seed=seed)
            store.cell(NASTY, {SHAPE: 5.0 + seed / 100, AUC: 0.8 - seed / 100}, dataset=dataset, seed=seed)
            store.cell("marginals", {SHAPE: 0.5, AUC: 0.5}, dataset=dataset, seed=seed)
    store.cell("*star", {SHAPE: 2.0}, failed=("density", "raised", NASTY))
    return leaderboards.latex(store.connection)


def cells(line: str) -> list[str]:
    return re.split(r"(?<!\\) & ", line.removesuffix(r" \\"))


def test_tables_have_rules_errors_and_bold_values(text):
    assert re.findall(r"\\label\{(.*?)\}", text) == [
        "tab:leaderboard-1", "tab:leaderboard-2", "tab:leaderboard-overall-1",
    ]  # fmt: skip
    assert "Overall: tabular" in text
    first = text.split(r"\end{table}")[0]
    assert re.search(r"^smote & \\textbf\{1\.01\} & ", first, re.MULTILINE)
    assert r"{\scriptsize $\pm$0.01}" in first
    for rule in (r"\toprule", r"\midrule", r"\bottomrule"):
        assert rule in first


def test_environments_braces_and_cells_are_balanced(text):
    open_ones = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", re.sub(r"\\textbackslash\{\}", "", text)):
        if kind == "begin":
            open_ones.append(name)
        else:
            assert open_ones.pop() == name
    assert not open_ones
    bare = re.sub(r"\\[{}]", "", text)
    depth = 0
    for char in bare:
        depth += (char == "{") - (char == "}")
        assert depth >= 0
    assert depth == 0
    # as many cells in every line of a table as it has columns
    for columns, body in re.findall(r"\\begin\{tabular\}\{(lr*)\}(.*?)\\end\{tabular\}", text, re.DOTALL):
        lines = [line for line in body.splitlines() if line.endswith(r" \\")]
        assert len(lines) > 4
        assert {len(cells(line)) for line in lines} == {len(columns)}


def test_foreign_text_holds_no_command_of_its_own(text):
    known = {command.strip("\\{}") for command in SPECIAL.values() if re.match(r"\\[a-z]", command)}
    known |= {
        *("usepackage", "begin", "end", "centering", "small", "setlength", "tabcolsep", "caption", "label", "toprule"),
        *("midrule", "bottomrule", "shortstack", "textbf", "scriptsize", "addlinespace", "par", "smallskip"),
        *("raggedright", "footnotesize", "pm", "uparrow", "downarrow", "textsuperscript", "symbol"),
    }
    assert set(re.findall(r"\\([a-zA-Z]+)", text.replace(r"\\", " "))) <= known
    # a line that began so would be read as an option of the line break before it
    assert not re.search(r"^[*\[]", text, re.MULTILINE)


@settings(max_examples=300, deadline=None)
@given(name=st.text(alphabet=st.one_of(st.characters(), st.sampled_from(r"\{}$&#^_~%<>|-[]*`'\"±·")), max_size=30))
def test_what_is_escaped_reads_back_as_it_was(name):
    written = escape(name)
    meaning = {latex: char for char, latex in SPECIAL.items()}
    tokens = re.findall(
        r"\\textsuperscript\{s\}|\\symbol\{34\}|\\[a-zA-Z]+\{\}|\\[&%$#_{}]|\$\\[a-z]+\$|\{[-\[\]*]\}|[^\\{}$&#^_~%]",
        written,
    )
    assert "".join(tokens) == written
    plain = " ".join("".join(char if char.isprintable() else " " for char in name).split())
    assert "".join(meaning.get(token, token) for token in tokens) == plain
