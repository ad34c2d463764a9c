import re
import xml.dom.minidom

import pytest

import leaderboards
from leaderboards.render.text import plain

SHAPE, AUC = "column_shape_error_percent", "xgboost_auc"
MAIN = {
    SHAPE: 1.0, "pair_trend_error_percent": 2.0, AUC: 0.9, "catboost_auc": 0.91, "valid_percent": 100.0,
    "raw_valid_percent": 99.5, "duplicate_percent": 0.1, "copy_percent": 0.2,
}  # fmt: skip


@pytest.fixture
def filled(store):
    for seed in range(3):
        store.cell("smote", {**MAIN, SHAPE: 1.0 + seed / 100}, seed=seed)
        store.cell("copula", {**MAIN, SHAPE: 5.0 + seed / 50, AUC: 0.8}, seed=seed)
        store.cell("real", {SHAPE: 0.4, AUC: 0.95}, seed=seed)
        store.cell("marginals", {SHAPE: 0.5, AUC: 0.5}, seed=seed)
        store.cell("holdout", {SHAPE: 0.3}, seed=seed)
    store.cell("ctgan", {SHAPE: 2.0}, seed=0)
    store.cell("ctgan", seed=1, failed=("fit", "timeout", "took longer than 60 s"))
    return store


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def markdown_rows(text: str) -> dict[str, list[str]]:
    lines = [cells(line) for line in text.splitlines() if line.startswith("|")]
    return {line[0]: line[1:] for line in lines}


def test_markdown_shows_values_errors_marks_and_sentinels(filled):
    rows = markdown_rows(leaderboards.markdown(filled.connection))
    assert list(rows)[2:] == [
        "smote", "copula", "ctgan", "real (ceiling)", "marginals (floor)", "holdout (reference)",
    ]  # fmt: skip
    assert rows["smote"][0] == "**1.01 ±0.01**"
    assert rows["copula"][0] == "5.02 ±0.01"
    # (2.0 + the floor's 0.5) / 2 on two of three seeds
    assert rows["ctgan"][0] == "1.25†‡ ±0.75"
    assert rows["holdout (reference)"][:2] == ["0.30", "-"]
    assert rows["smote"][-2:] == ["2.0", "250"]


def test_every_table_says_what_it_was_computed_from(filled):
    for text in (leaderboards.markdown(filled.connection), leaderboards.terminal(filled.connection)):
        flat = " ".join(text.split())
        assert "demo data adultdem · profile demo · harness split seeds 0 · seeds 0, 1, 2" in flat
        assert "protocols harness v1" in flat
        assert "ctgan failed in fit (timeout): took longer than 60 s" in flat


def test_a_standard_error_that_is_not_over_seeds_is_labelled(store):
    store.cell("smote", {SHAPE: 1.0}, stderr=0.125)
    alone = leaderboards.markdown(store.connection)
    assert "| 1.00 ±0.12 |" in alone
    assert "± standard error: the score's own, as there is one cell only" in alone
    store.cell("copula", {SHAPE: 2.0}, seed=0)
    store.cell("copula", {SHAPE: 3.0}, seed=1)
    mixed = leaderboards.markdown(store.connection)
    assert "1.00‡ ±0.12ˢ" in mixed
    assert "| 2.50 ±0.50 |" in mixed
    assert "± standard error: over split seeds and seeds" in mixed
    assert "ˢ the score's own standard error" in mixed


def test_marks_are_explained_only_where_they_occur(store):
    store.cell("smote", {SHAPE: 1.0}, stderr=0.1)
    text = leaderboards.markdown(store.connection)
    assert not re.search("[†‡ˢ]", text)
    assert "bold" not in text
    assert "sorted" not in text


def test_the_main_columns_fit_into_one_terminal_table_of_100_columns(filled):
    text = leaderboards.terminal(filled.connection)
    assert max(map(len, text.splitlines())) <= 100
    assert text.count("smote") == 1
    assert "\x1b" not in text
    assert text == "\n".join(line.rstrip() for line in text.split("\n"))


@pytest.mark.parametrize("width", [40, 60, 80])
def test_a_narrow_terminal_gets_the_same_values_in_several_tables(filled, width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    narrow = re.sub(r"\x1b\[[\d;]*m", "", leaderboards.terminal(filled.connection, styled=True))
    assert max(map(len, narrow.splitlines())) <= width
    numbers = re.compile(r"±?\d+\.\d+[†‡*]*")
    wide = leaderboards.terminal(filled.connection)
    assert sorted(numbers.findall(narrow)) == sorted(numbers.findall(wide))
    assert narrow.count("smote") > 1


def test_names_are_shown_as_they_are(store):
    name = "[red]a|b*_c_ <b>`x`"
    store.cell(
        name, {SHAPE: 1.0}, dataset="my|data [bold]", failed=("density", "raised", "line one\nline \x1b[31mtwo | x")
    )
    text = leaderboards.terminal(store.connection)
    assert name in text
    assert "my|data [bold]" in text
    assert "\x1b" not in text
    marked = leaderboards.markdown(store.connection)
    rows = [cells(line) for line in marked.splitlines() if line.startswith("|")]
    assert {len(row) for row in rows} == {len(rows[0])}
    assert r"\[red\]a\|b\*\_c\_ \<b\>\`x\`" in rows[-1]
    assert r"## my\|data \[bold\]" in marked
    assert "line one line" in marked


def test_names_of_metrics_are_shown_as_they_are(store):
    name = "m|<b>\x1b[31m\n# \u202ex"
    for seed in range(2):
        store.cell("smote", {name: 1.0}, seed=seed)
        store.cell("copula", {name: 2.0}, seed=seed)
    shown = {form: getattr(leaderboards, form)(store.connection, metrics=["all"]) for form in ("terminal", "svg")}
    marked = leaderboards.markdown(store.connection, metrics=["all"])
    for text in (*shown.values(), marked):
        assert not {"\x1b", "\u202e"} & set(text)
    xml.dom.minidom.parseString(shown["svg"])
    assert r"- sorted by mean rank over m\|\<b\> \[31m \# x;" in marked
    assert "\n# " not in marked


def test_plain_keeps_one_line_of_printable_text():
    assert plain("a\r\n\tb\x1b[0m  é") == "a b [0m é"


def test_the_picture_is_well_formed_and_loads_nothing(filled):
    picture = leaderboards.svg(filled.connection)
    xml.dom.minidom.parseString(picture)
    assert 'url("http' not in picture
    assert "smote" in picture


def several_datasets(store, datasets=("adult", "magic"), generators=("smote", "copula")):
    for dataset in datasets:
        for seed in range(2):
            for place, name in enumerate(generators):
                store.cell(name, {**MAIN, SHAPE: (place + 1) * (1 + seed / 100)}, dataset=dataset, seed=seed)
    return store


def test_two_datasets_and_two_generators_get_an_overall_section(store):
    several_datasets(store)
    rows = markdown_rows(leaderboards.markdown(store.connection).split("## Overall: tabular")[1])
    # one of six ranked metrics differs, the others are tied
    assert rows["smote"] == ["1.38 ±0.00", "2", "6", "0", "-"]
    assert rows["copula"] == ["1.62 ±0.00", "0", "6", "2", "-"]
    text = " ".join(leaderboards.terminal(store.connection).split())
    assert "2 datasets: adult, magic · demo data · profile demo · split harness" in text
    assert "not tested with fewer than 5 datasets or 3 generators" in text
    assert "best trade-offs of quality against seconds (seconds to fit and sample): smote (6, rank 1.38)" in text


@pytest.mark.parametrize("little", [{"datasets": ("adult",)}, {"generators": ("smote",)}])
def test_less_than_two_of_either_get_none(store, little):
    several_datasets(store, **little)
    for text in (
        leaderboards.markdown(store.connection), leaderboards.terminal(store.connection),
        leaderboards.latex(store.connection), leaderboards.svg(store.connection),
    ):  # fmt: skip
        assert "Overall" not in text


def test_generators_that_all_failed_have_an_overall_section_without_a_winner(store):
    for dataset in ("adult", "magic"):
        for name in ("smote", "copula"):
            store.cell(name, dataset=dataset, failed=("fit", "raised", "singular"))
    for text in (leaderboards.markdown(store.connection), leaderboards.terminal(store.connection)):
        assert "2 of 2" in text.split("Overall")[1]
        assert "*" not in text.split("Overall")[1]


def test_names_in_the_overall_section_stay_text(store):
    several_datasets(store, generators=("<script>|x", "[red]b\x1b[31m"))
    marked = leaderboards.markdown(store.connection).split("## Overall")[1]
    lines = [cells(line) for line in marked.splitlines() if line.startswith("|")]
    assert {len(line) for line in lines} == {6}
    assert "<script>" not in marked
    assert "\x1b" not in leaderboards.terminal(store.connection)
    xml.dom.minidom.parseString(leaderboards.svg(store.connection))
