"""The workflows and the action as texts: what a runner would refuse, and what would be unsafe."""

import re
import shlex
from collections import defaultdict
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FILES = [ROOT / "action.yml", *WORKFLOWS]
ACTION = yaml.safe_load(FILES[0].read_text(encoding="utf-8"))
EXAMPLE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
# Set by the runner for every step.
GIVEN = {"GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"}
USES = re.compile(r"^\s*-?\s*uses: (\S+)(.*)$", re.MULTILINE)
INPUT = re.compile(r"\binputs\.([\w-]+)")
OUTPUT = re.compile(r"\bsteps\.([\w-]+)\.outputs\.([\w-]+)")


def steps(path: Path) -> list[dict]:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    if "runs" in document:
        return document["runs"]["steps"]
    return [step for job in document["jobs"].values() for step in job["steps"]]


def script_of(step: dict) -> str:
    """The text of the script that a step of the action calls."""
    (name,) = re.findall(r"\.github/action/\w+\.sh", step["run"])
    return (ROOT / name).read_text(encoding="utf-8")


def test_there_are_workflows():
    assert [path.name for path in WORKFLOWS] == ["benchmark.yml", "ci.yml"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_action_that_is_used_is_pinned_to_a_commit_and_names_its_version(path):
    used = USES.findall(path.read_text(encoding="utf-8"))
    assert used
    for name, comment in used:
        if name != "./":
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name), name
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), name


def test_the_same_action_is_used_in_one_version():
    commits = defaultdict(set)
    for path in FILES:
        for name, _ in USES.findall(path.read_text(encoding="utf-8")):
            if name != "./":
                action, commit = name.split("@")
                # actions/cache/restore is a part of actions/cache
                commits["/".join(action.split("/")[:2])].add(commit)
    assert {name for name, found in commits.items() if len(found) > 1} == set()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_expression_is_part_of_a_script(path):
    for step in steps(path):
        assert "${{" not in step.get("run", "")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_only_read_ends_in_time_and_replaces_its_older_self(path):
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert document["permissions"] == {"contents": "read"}
    assert document["concurrency"]["group"].endswith("${{ github.ref }}")
    for job in document["jobs"].values():
        assert job["timeout-minutes"] <= 60
        assert "permissions" not in job
        checkouts = [step for step in job["steps"] if "checkout" in step.get("uses", "")]
        assert [step["with"]["persist-credentials"] for step in checkouts] == [False]


def test_the_action_knows_the_inputs_that_it_reads_and_reads_those_it_has():
    text = FILES[0].read_text(encoding="utf-8")
    assert set(INPUT.findall(text)) == set(ACTION["inputs"])
    for name, one in ACTION["inputs"].items():
        assert one.get("required") or "default" in one, name


def test_the_action_reads_only_outputs_that_a_step_writes():
    text = FILES[0].read_text(encoding="utf-8")
    found = set(OUTPUT.findall(text))
    assert found == {("pins", "digest"), ("benchmark", "run"), ("gate", "verdict")}
    by_id = {step["id"]: step for step in ACTION["runs"]["steps"] if "id" in step}
    for step, output in found:
        assert f'echo "{output}=' in script_of(by_id[step])


def test_every_script_is_given_what_it_reads():
    called = [step for step in ACTION["runs"]["steps"] if "run" in step]
    assert len(called) == len(list((ROOT / ".github" / "action").glob("*.sh")))
    for step in called:
        assert step["shell"] == "bash"
        read = set(re.findall(r"\$\{?([A-Z][A-Z_]+)", step["run"] + script_of(step)))
        # what only a program reads is no variable of the script
        assert read - GIVEN == set(step["env"]) - {"BENCH_COMMIT"} | ({"ACTION_PATH"} & read), step["run"]


def test_our_own_benchmark_gives_the_action_inputs_that_it_knows():
    (step,) = [step for step in steps(ROOT / ".github" / "workflows" / "benchmark.yml") if step.get("uses") == "./"]
    assert set(step["with"]) <= set(ACTION["inputs"])
    assert step["with"]["baseline"] == "results/baselines/ci.parquet"


def test_our_own_benchmark_is_a_run_that_the_harness_can_plan(runner):
    from bench.config import parse_overrides, settings
    from bench.registry import plug_ins

    (step,) = [step for step in steps(ROOT / ".github" / "workflows" / "benchmark.yml") if step.get("uses") == "./"]
    ended = runner.run(**{name.replace("-", "_"): value for name, value in step["with"].items()})
    (call,) = [call for call in ended.calls if call[0] == "run"]
    options = dict(zip(call[1::2], call[2::2], strict=True))
    assert set(options["--generator"].split(",")) <= set(plug_ins("generators"))
    assert set(options["--dataset"].split(",")) <= set(plug_ins("datasets"))
    assert len(settings(options["--profile"], parse_overrides([options["--set"]])).seeds) >= 5


def test_the_make_targets_of_the_workflow_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    lines = [shlex.split(step["run"]) for step in steps(ROOT / ".github" / "workflows" / "ci.yml") if "run" in step]
    assert [words[1] for words in lines if words[0] == "make"] == ["check", ".venv/.ready"]
    assert re.search(r"^check:", makefile, re.MULTILINE)
    assert "READY := $(VENV)/.ready" in makefile


def test_the_example_of_the_docs_is_a_workflow_with_inputs_that_the_action_knows():
    (block, *_) = re.findall(r"```yaml\n(.*?)```", EXAMPLE, re.DOTALL)
    document = yaml.safe_load(block)
    (job,) = document["jobs"].values()
    (step,) = [step for step in job["steps"] if "difflm-bench" in step["uses"]]
    assert set(step["with"]) <= set(ACTION["inputs"])
    assert {name for name, one in ACTION["inputs"].items() if one.get("required")} <= set(step["with"])


@pytest.mark.parametrize("page", ["ci.md", "history.md"])
def test_the_commands_of_the_docs_are_ones_that_the_command_line_takes(page):
    import typer.main

    from bench.cli.main import app

    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    lines = [line for block in re.findall(r"```bash\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    assert lines
    for line in lines:
        program, name, *rest = shlex.split(line)
        assert program == "bench"
        typer.main.get_command(app).commands[name].make_context(name, rest)


def test_the_docs_describe_every_input_and_output():
    for name in [*ACTION["inputs"], *ACTION["outputs"]]:
        assert re.search(rf"^\| `{name}` \|", EXAMPLE, re.MULTILINE), name
