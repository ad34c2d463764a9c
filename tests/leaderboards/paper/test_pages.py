"""What the pages say, from hand-made rows; every expected number was worked out by hand."""

import json

import pytest

import leaderboards
from bench.errors import BenchError
from leaderboards.paper.build import report
from leaderboards.paper.pages import PAGES

AUC = "xgboost_auc"
SHAPE, TREND, SHARE = "column_shape_error_percent", "pair_trend_error_percent", "dcr_share_percent"
ORIGINAL = {"variant": "original", "profile": "cpu"}
TABSYN = {**ORIGINAL, "split": "tabsyn", "protocol": "tabsyn"}


def page(store, name="main", run=None):
    return report(store.connection, PAGES[name], run)


def lines(store, method, kind="measured", name="main", section=0):
    found = page(store, name).sections[section].lines
    return [line for line in found if line.method.split(" ")[0] == method and line.kind == kind]


def entry(line, dataset):
    return {column.dataset: one for column, one in line.entries.items()}[dataset]


def add_run(store, run, **spec):
    values = [run, json.dumps(spec)]
    store.connection.execute(
        "INSERT INTO runs VALUES (?, '2026-01-01', 'cpu', ?, 'bench run', '{}', '{}', NULL, 1)", values
    )


def test_a_difference_is_printed_where_split_and_protocol_agree(printed_store):
    for seed, value in enumerate((0.900, 0.901, 0.905)):
        printed_store.cell("smote", {AUC: value}, seed=seed, **TABSYN)
    (line,) = lines(printed_store, "smote")
    # printed: .899; mean .902; standard error sqrt(7 / 3) / 1000
    assert entry(line, "adult").value == "0.9020"
    assert entry(line, "adult").error == "±0.0015"
    assert entry(line, "adult").difference == "Δ +0.0030"
    assert line.verdict == "compared with DiffLM"
    assert "seeds 0, 1, 2" in line.source


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"split": "harness"}, "other split (printed: tabsyn)"),
        ({"protocol": "harness"}, "other protocol (printed: tabsyn)"),
    ],
)
def test_another_rule_is_not_compared_and_says_why(printed_store, changes, reason):
    printed_store.cell("smote", {AUC: 0.9}, **{**TABSYN, **changes})
    (line,) = lines(printed_store, "smote")
    assert line.verdict == f"not comparable: {reason}"
    assert entry(line, "adult").difference == ""


def test_protocols_of_one_cell_have_lines_of_their_own_and_only_the_printed_one_is_compared(printed_store):
    key = printed_store.cell("smote", {AUC: 0.95}, **{**TABSYN, "protocol": "harness"})
    printed_store.connection.execute(
        "INSERT INTO scores SELECT stage_key, cell_id, evaluator, metric, 'tabsyn', version, 0.9, stderr,"
        " higher_is_better, n, imputed, details FROM scores WHERE cell_id = ?", [key],
    )  # fmt: skip
    first, second = lines(printed_store, "smote")
    assert (first.protocol, entry(first, "adult").difference) == ("tabsyn", "Δ +0.0010")
    assert (second.protocol, entry(second, "adult").difference) == ("harness", "")


def test_another_model_is_not_compared(printed_store):
    rule = {**ORIGINAL, "split": "difflm", "protocol": "difflm"}
    printed_store.cell("difflm", {AUC: 0.9}, options='{"decoder": "compact"}', **rule)
    (line,) = lines(printed_store, "difflm")
    assert line.verdict == "not comparable: other model"
    (not_run,) = lines(printed_store, "difflm", "not run")
    assert "Mistral-7B" in not_run.verdict
    options = '{"decoder": "mistralai/Mistral-7B-Instruct-v0.3"}'
    printed_store.cell("difflm", {AUC: 0.907}, config="d", options=options, **{**rule, "profile": "paper"})
    found = {line.profile: line for line in lines(printed_store, "difflm")}
    assert entry(found["paper"], "adult").difference == "Δ +0.0010"
    assert entry(found["cpu"], "adult").difference == ""
    assert not lines(printed_store, "difflm", "not run")


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"where": ["age>=30"], "settings": {"records": None}}, "other data"),
        ({"where": [], "settings": {"records": 500}}, "other number of records (500)"),
    ],
)
def test_conditioned_and_smaller_samples_are_not_compared(printed_store, spec, reason):
    printed_store.cell("smote", {AUC: 0.9}, **TABSYN)
    add_run(printed_store, "run1", **spec)
    (line,) = lines(printed_store, "smote")
    assert line.verdict == f"not comparable: {reason}"


def test_other_records_of_the_same_name_have_a_line_of_their_own(printed_store):
    for seed in range(2):
        printed_store.cell("smote", {AUC: 0.9}, seed=seed, **TABSYN)
    printed_store.cell("smote", {AUC: 0.8}, digest="another file", **TABSYN)
    usual, other = lines(printed_store, "smote")
    assert entry(usual, "adult").value == "0.9000"
    assert entry(other, "adult").value == "0.8000"
    assert other.verdict == "not comparable: other data"


def test_however_many_conditioned_cells_there_are_they_are_not_the_usual_records(printed_store):
    printed_store.cell("smote", {AUC: 0.9}, **TABSYN)
    for seed in range(3):
        printed_store.cell("smote", {AUC: 0.8}, seed=seed, digest="conditioned", run="run2", **TABSYN)
    add_run(printed_store, "run2", where=["age>=30"])
    verdicts = {entry(line, "adult").value: line.verdict for line in lines(printed_store, "smote")}
    assert verdicts == {"0.9000": "compared with DiffLM", "0.8000": "not comparable: other data"}


def test_the_printed_real_is_compared_with_the_train_rows_not_with_the_bootstrap(printed_store):
    printed_store.cell("holdout", {AUC: 0.9272}, **TABSYN)
    printed_store.cell("real", {AUC: 0.9088}, **TABSYN)
    rows, bootstrap = lines(printed_store, "real") + lines(printed_store, "real,")
    assert entry(rows, "adult").difference == "Δ +0.0002"
    assert bootstrap.verdict == "nothing printed"
    assert entry(bootstrap, "adult").difference == ""
    text = page(printed_store)
    assert any("drawn with replacement" in text.notes[number - 1] for number in bootstrap.notes)


def test_demo_numbers_are_never_shown(printed_store):
    printed_store.cell("smote", {AUC: 0.98765}, split="tabsyn", protocol="tabsyn")
    printed_store.cell("ctgan", {AUC: 0.98765}, dataset="magic")
    found = page(printed_store)
    assert not any(line.kind == "measured" for line in found.sections[0].lines)
    assert any("simulated data (demo) that are left out: 2." in remark for remark in found.remarks)
    assert "0.98" not in leaderboards.paper(printed_store.connection, "main", "md")


def test_nothing_is_ever_blank(reports):
    for found in reports.values():
        for section in found.sections:
            for line in section.lines:
                for column in section.columns:
                    assert line.entry(column).value


def test_every_printed_number_has_a_certainty_and_no_other_one_has(reports):
    for found in reports.values():
        for section in found.sections:
            for line in section.lines:
                for one in line.entries.values():
                    assert bool(one.certainty) == (line.kind == "printed")
                    assert not one.certainty or f"({one.certainty})" in dict(found.legend)


def test_what_is_not_measured_comes_with_a_command_and_what_cannot_run_with_a_reason(printed_store):
    found = page(printed_store)
    (ctgan,) = lines(printed_store, "ctgan", "not measured")
    assert {ctgan.entry(column).value for column in found.sections[0].columns} == {"not measured"}
    assert any("ctgan" in command and "--set split=tabsyn" in command for _, command in found.commands)
    reasons = {line.method: line.verdict for line in found.sections[0].lines if line.kind == "not run"}
    assert reasons.keys() == {"great", "gpt-4 in context", "stasy", "difflm"}
    assert all(reasons.values())
    code = page(printed_store, "code").sections[0].lines
    assert {line.method for line in code if line.kind == "not run"} == {
        line.method for line in code if line.kind == "printed"
    }
    judged = page(printed_store, "tool").sections[0].lines
    assert any(line.kind == "not run" and "judge" in line.verdict for line in judged)


def test_a_command_for_what_is_missing_leaves_out_what_is_measured_on_every_table(printed_store):
    for dataset in ("adult", "default", "magic", "shoppers", "beijing"):
        metric = "xgboost_rmse_log" if dataset == "beijing" else AUC
        printed_store.cell("smote", {metric: 0.7}, dataset=dataset, **TABSYN)
    printed_store.cell("ctgan", {AUC: 0.7}, **TABSYN)
    commands = dict(page(printed_store).commands)
    missing = commands["What is missing under split tabsyn, protocol tabsyn"]
    assert "smote" not in missing
    assert "ctgan" in missing
    assert "smote" in commands["Everything under split tabsyn, protocol tabsyn"]


def test_a_failure_is_named_and_its_cells_count_as_the_floor(printed_store):
    printed_store.cell("marginals", {AUC: 0.5}, **TABSYN)
    printed_store.cell("ctgan", {AUC: 0.8}, dataset="magic", **TABSYN)
    printed_store.cell("ctgan", failed=("fit", "timeout", "took longer than 60 s"), **TABSYN)
    found = page(printed_store)
    assert "adult, profile cpu: ctgan failed in fit (timeout): took longer than 60 s" in found.remarks
    (line,) = lines(printed_store, "ctgan")
    assert entry(line, "adult").value == "0.5000†"
    assert entry(line, "adult").difference == ""
    assert entry(line, "magic").difference == "Δ -0.0550"
    assert any(mark == "†" for mark, _ in found.legend)


def test_a_number_of_fewer_seeds_than_others_of_its_line_is_marked(printed_store):
    for seed in range(3):
        printed_store.cell("ctgan", {AUC: 0.8}, seed=seed, **TABSYN)
    for seed in range(2):
        printed_store.cell("ctgan", {AUC: 0.8}, seed=seed, dataset="magic", **TABSYN)
    (line,) = lines(printed_store, "ctgan")
    assert (entry(line, "adult").value, entry(line, "magic").value) == ("0.8000", "0.8000‡")
    assert "‡" in dict(page(printed_store).legend)


def test_footnotes_are_tied_to_their_lines(reports):
    found = reports["main"]
    notes = {
        line.method: [found.notes[number - 1] for number in line.notes]
        for line in found.sections[0].lines
        if line.kind == "printed"
    }
    assert any("takes this line from TabSyn" in text for text in notes["real"])
    assert any("level with real data" in text for text in notes["difflm"])
    assert any("Best of a hundred" in text for text in notes["difflm"])
    assert not any("Best of a hundred" in text for text in notes["smote"])
    used = {number for line in found.sections[0].lines for number in line.notes}
    assert used == set(range(1, len(found.notes) + 1))


def test_density_is_compared_under_sdmetrics_and_not_under_harness(printed_store):
    printed_store.cell("smote", {SHAPE: 3.04}, **{**TABSYN, "protocol": "sdmetrics-0.11"})
    (line,) = lines(printed_store, "smote", name="density")
    assert entry(line, "adult").difference == "Δ +1.44"
    printed_store.cell("smote", {TREND: 5.2}, code="x", day=2, **{**TABSYN, "protocol": "harness"})
    (line,) = lines(printed_store, "smote", name="correlation")
    assert line.verdict == "not comparable: other protocol (printed: sdmetrics-0.11)"


def test_privacy_shows_the_holdouts_share_and_says_that_nothing_is_printed(printed_store):
    printed_store.cell("smote", {SHARE: 70.0}, **{**ORIGINAL, "protocol": "tabsyn"})
    printed_store.cell("holdout", {SHARE: 50.2}, **{**ORIGINAL, "protocol": "tabsyn"})
    found = page(printed_store, "privacy")
    assert found.remarks[0].startswith("Printed: none")
    (reference,) = lines(printed_store, "holdout", name="privacy")
    assert entry(reference, "adult").value == "50.20"


def test_ablation_names_the_settings_that_differ_from_the_commonest_config(printed_store):
    for seed in range(2):
        printed_store.cell(
            "difflm", {AUC: 0.92}, seed=seed, config="aaaaaaaa", options='{"beta": 1, "x": 2}', **ORIGINAL
        )
    printed_store.cell("difflm", {AUC: 0.91}, config="bbbbbbbb", options='{"beta": 10, "x": 2, "new": "a"}', **ORIGINAL)
    printed_store.cell("smote", {AUC: 0.9}, **ORIGINAL)
    measured = [line for line in page(printed_store, "ablation").sections[0].lines if line.kind == "measured"]
    assert sorted(line.method for line in measured) == [
        "difflm #aaaaaa: the commonest of 2 configs",
        'difflm #bbbbbb: beta = 10 (commonest: 1), new = "a" (commonest: not set)',
    ]


def test_the_language_model_of_pass_at_k_decides(printed_store):
    text = {"family": "code", "dataset": "flytech", **ORIGINAL, "protocol": "humaneval"}
    printed_store.cell("difflm", {"pass_at_1_percent": 30.0}, **text)
    add_run(printed_store, "run1", settings={"evaluators": {"pass_at_k": {"model": "mistralai/Mistral-7B-v0.3"}}})
    (line,) = lines(printed_store, "difflm", name="code")
    assert "other model" not in line.verdict
    assert "the printed split is not stated" in line.verdict
    left = {line.method for line in page(printed_store, "code").sections[0].lines if line.kind == "not run"}
    assert "mistral-7b, difflm code" not in left
    assert "mistral-nemo-12b, difflm code" in left


def test_one_run_shows_its_own_cells(printed_store):
    printed_store.cell("smote", {AUC: 0.9}, run="run1", **TABSYN)
    printed_store.cell("smote", {AUC: 0.8}, run="run2", code="new", day=2, **TABSYN)
    values = {
        run: [
            entry(line, "adult").value
            for line in page(printed_store, run=run).sections[0].lines
            if line.kind == "measured"
        ]
        for run in (None, "run1", "run2")
    }
    assert values == {None: ["0.8000"], "run1": ["0.9000"], "run2": ["0.8000"]}


def test_the_legend_names_every_paper_once(reports):
    papers = [entry for entry in reports["density"].legend if entry[1].startswith("arXiv")]
    assert papers == [("DiffLM", "arXiv 2411.03250"), ("TabSyn", "arXiv 2310.09656")]


def test_an_empty_store_shows_what_is_printed(printed_store):
    found = page(printed_store)
    assert sum(line.kind == "printed" for line in found.sections[0].lines) == 12
    assert "This store holds no score on the original data for this page." in found.remarks


@pytest.mark.parametrize(("arguments", "message"), [
    ({"page": "mian"}, "page 'mian' is not known; did you mean 'main'"),
    ({"format_": "pdf"}, "format 'pdf' is not known"),
    ({"run_id": "run7"}, "run 'run7' is not known; did you mean 'run1'"),
])  # fmt: skip
def test_unknown_names_are_refused(filled, arguments, message):
    with pytest.raises(BenchError, match=message):
        leaderboards.paper(filled.connection, **arguments)
