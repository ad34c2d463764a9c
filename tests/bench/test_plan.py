"""Which cells a spec has, and what the identity of a stage depends on."""

import re
from dataclasses import dataclass

import pytest

from bench import config, plan, provenance, registry, stages
from bench.errors import BenchError

pytestmark = pytest.mark.usefixtures("fakes")


def spec(table, **changes):
    settings = changes.pop("settings", {})
    values = {
        "generators": ("fake",),
        "datasets": (str(table),),
        "evaluators": ("fake_mean",),
        "target": "class",
        "sentinels": False,
        "settings": config.settings("demo", settings),
        **changes,
    }
    return config.validated(config.RunSpec, values, "option")


def keys(table, **changes):
    """stage -> key of the fake's only cell."""
    (cell,) = [cell for cell in plan.plan(spec(table, **changes)) if cell.generator == "fake"]
    return {stage.stage: stage.key for stage in cell.stages}


def test_every_seed_and_split_seed_has_a_reference_and_the_sentinels(table):
    cells = plan.plan(spec(table, sentinels=True, settings={"seeds": [0, 1], "split_seeds": [5, 6, 7]}))
    assert len(cells) == 2 * 3 * 4
    assert [cell.generator for cell in cells[:4]] == ["holdout", "real", "marginals", "fake"]
    assert len({cell.cell_id for cell in cells}) == len(cells)


def test_a_file_that_is_named_twice_has_its_cells_once(table, monkeypatch):
    monkeypatch.chdir(table.parent)
    twice = ("people.csv", "./people.csv")
    assert [cell.generator for cell in plan.plan(spec(table, datasets=twice))] == ["holdout", "fake"]
    of_a_file = plan.plan_file(spec(table, datasets=twice, generators=()), table)
    assert [cell.generator for cell in of_a_file] == ["holdout", "people.csv"]


def test_stages_follow_one_another_and_the_reference_only_scores(table):
    reference, cell = plan.plan(spec(table))
    assert [stage.stage for stage in cell.stages] == ["fit", "sample", "fake_mean"]
    assert [stage.upstream for stage in cell.stages] == [None, cell.stages[0].key, cell.stages[1].key]
    assert [(stage.stage, stage.upstream) for stage in reference.stages] == [("fake_mean", None)]


def test_as_many_records_as_train_or_as_many_as_asked_for(table):
    assert plan.plan(spec(table))[1].stages[1].records == 32
    assert plan.plan(spec(table, settings={"records": 7}))[1].stages[1].records == 7


CHANGES = [
    ({"settings": {"records": 7}}, {"sample", "fake_mean"}),
    ({"settings": {"evaluators.fake_mean.fail": "x"}}, {"fake_mean"}),
    ({"settings": {"generators.fake.lost": 1}}, {"fit", "sample", "fake_mean"}),
    ({"settings": {"seeds": [1]}}, {"fit", "sample", "fake_mean"}),
    ({"settings": {"split_seeds": [1]}}, {"fit", "sample", "fake_mean"}),
    ({"kinds": {"age": "real"}}, {"fit", "sample", "fake_mean"}),
    ({"settings": {"timeout_seconds.fit": 99}, "jobs": 2, "executor": "process"}, set()),
    ({"settings": {"generators.fake.lost": 0}}, set()),
]


@pytest.mark.parametrize(("change", "changed"), CHANGES)
def test_a_key_changes_with_what_its_stage_depends_on_and_with_nothing_else(table, change, changed):
    before, after = keys(table), keys(table, **change)
    assert {stage for stage in before if before[stage] != after[stage]} == changed


def test_keys_change_with_data_code_and_libraries(table, monkeypatch):
    before = keys(table)
    assert keys(table) == before
    monkeypatch.setattr(provenance, "code_hash", lambda module: f"other {module}")
    code = keys(table)
    monkeypatch.undo()
    monkeypatch.setattr(provenance, "library_versions", lambda module: {"numpy": "99"})
    libraries = keys(table)
    monkeypatch.undo()
    table.write_text(table.read_text().replace("red", "blue"))
    stages._load.cache_clear()
    data = keys(table)
    assert all(len({before[name], code[name], libraries[name], data[name]}) == 4 for name in before)


def test_what_a_user_says_about_a_file_is_not_said_of_registered_datasets(table):
    cells = plan.plan(spec(table, datasets=(str(table), "magic")))
    assert {cell.dataset: cell.variant for cell in cells} == {"people": "file", "magic": "demo"}


def test_all_is_every_registered_dataset_and_families_that_do_not_fit_are_left_out(table):
    cells = plan.plan(spec(table, datasets=("all",), target=None))
    assert {cell.dataset for cell in cells if cell.generator == "fake"} == {
        "adult",
        "beijing",
        "default",
        "magic",
        "shoppers",
    }


@dataclass(frozen=True)
class Needy:
    address: str


def test_all_generators_are_those_that_lack_no_setting(table, monkeypatch):
    import fakes

    named = {cell.generator for cell in plan.plan(spec(table, generators=("all",)))}
    assert named == {"holdout", *registry.plug_ins("generators")} - {"prompt"}
    # one that fits none of the datasets is left out in silence, unlike one that was asked for
    programs = plan.plan(spec(table, generators=("all",), datasets=("flytech",), target=None, evaluators=()))
    assert {"real", "marginals", "difflm"} <= {cell.generator for cell in programs}
    assert "fake" not in {cell.generator for cell in programs}
    monkeypatch.setattr(fakes.Fake, "Config", Needy)
    assert "fake" not in {cell.generator for cell in plan.plan(spec(table, generators=("all",)))}
    with_it = spec(table, generators=("all",), settings={"generators.fake.address": "here"})
    assert "fake" in {cell.generator for cell in plan.plan(with_it)}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"generators": ("fak",)}, "generator 'fak' is not known; did you mean 'fake'"),
        ({"evaluators": ("fake_men",)}, "evaluator 'fake_men' is not known; did you mean 'fake_mean'"),
        ({"datasets": ("adlut",), "target": None}, "dataset 'adlut' is not known; did you mean 'adult'"),
        ({"datasets": ("flytech",), "target": None}, "'fake' works on tabular data"),
        ({"evaluators": ("fake_mean", "code_validity")}, "evaluator 'code_validity' works on code data; none of the"),
        ({"generators": ()}, "no generator is chosen"),
        ({"target": "clas"}, "did you mean 'class'"),
        ({"settings": {"generators.fake.dely_seconds": 1}}, "did you mean 'delay_seconds'"),
        ({"settings": {"generators.fake.lost": "many"}}, "setting 'generators.fake.lost'.*integer.*'many'"),
        ({"settings": {"generators.fakee.lost": 1}}, "generator 'fakee' is not known"),
    ],
)
def test_bad_input_is_refused_before_anything_runs(table, changes, message):
    with pytest.raises(BenchError, match=message) as caught:
        plan.plan(spec(table, **changes))
    assert "\n" not in str(caught.value)


def test_an_evaluator_that_was_named_fits_the_file_that_is_scored(table):
    with pytest.raises(BenchError, match="evaluator 'tool_use' works on tool data; none of the chosen datasets"):
        plan.plan_file(spec(table, generators=(), evaluators=("fake_mean", "tool_use")), table)


def test_an_evaluator_that_fits_one_of_the_datasets_is_left_out_elsewhere(table):
    both = spec(table, datasets=(str(table), "flytech"), evaluators=("fake_mean", "code_validity"))
    scored = {cell.dataset: [stage.stage for stage in cell.stages] for cell in plan.plan(both)}
    assert scored["flytech"] == ["code_validity"]
    assert scored["people"][-1] == "fake_mean"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"datasets": ("all",), "target": None}, "one dataset is fitted at a time, not 7 (adult, beijing, "),
        ({"settings": {"seeds": [4, 2]}}, "one of 'seeds' is fitted at a time, not 2 (4, 2); --set seeds=[4]"),
        ({"settings": {"split_seeds": [1, 3]}}, "one of 'split_seeds' is fitted at a time, not 2 (1, 3); --set split_"),
    ],
)
def test_a_fit_alone_is_of_one_dataset_split_and_seed(table, changes, message):
    fit, _ = plan.plan_fit(spec(table))
    assert fit.key == keys(table)["fit"]
    with pytest.raises(BenchError, match=re.escape(message)):
        plan.plan_fit(spec(table, **changes))


def with_file(option, path):
    evaluator = option.partition(".")[0]
    changed = {
        "generators": ("real",),
        "datasets": ({"pass_at_k": "flytech", "tool_use": "toolbench"}[evaluator],),
        "evaluators": (evaluator,),
        "sentinels": False,
        "settings": config.settings("demo", {f"evaluators.{option}": str(path)}),
    }
    cells = plan.plan(config.validated(config.RunSpec, changed, "option"))
    return cells[0].stages[-1].key


@pytest.mark.parametrize("option", ["pass_at_k.problems", "tool_use.bfcl"])
def test_a_score_depends_on_the_bytes_of_the_files_that_its_evaluator_reads(option, tmp_path):
    path = tmp_path / "file.jsonl"
    path.write_text("one")
    first = with_file(option, path)
    assert with_file(option, path) == first
    path.write_text("two")
    second = with_file(option, path)
    assert second != first
    if option == "tool_use.bfcl":
        (tmp_path / "possible_answer").mkdir()
        (tmp_path / "possible_answer" / "file.jsonl").write_text("answers")
        assert with_file(option, path) not in (first, second)


@pytest.mark.parametrize("option", ["pass_at_k.problems", "tool_use.bfcl"])
def test_a_file_that_is_not_there_is_found_before_anything_runs(option, tmp_path):
    with pytest.raises(BenchError, match=r"nowhere\.jsonl"):
        with_file(option, tmp_path / "nowhere.jsonl")
