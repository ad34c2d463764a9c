"""Runs the shell steps of action.yml as a runner does, without GitHub."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
# Notes every call, one line with a tab between the arguments, and does what a command would leave behind.
FAKE = """#!/usr/bin/env bash
printf '%s\\t' "$@" | tr '\\n' ' ' >>"$CALLS"; echo >>"$CALLS"
command=$1
while [ $# -gt 0 ]; do
    if [ "$1" = --out ] || { [ "$command" = gate ] && [ "$1" = --baseline ] && [[ $2 == "$REPORT"/* ]]; }; then
        out=$2
    fi
    shift
done
if [ "$command" = run ]; then
    [ "$RUN_STATUS" = 2 ] || mkdir -p "$RESULTS/runs/20990101-000000-new"
    exit "$RUN_STATUS"
fi
if [ "$command" = gate ] && [[ ${out:-} != *baseline.parquet ]]; then
    if [ "$GATE_STATUS" = 2 ]; then echo "error: another protocol" >&2; exit 2; fi
    [ -z "${out:-}" ] || echo "the verdict of the gate" >"$out"
    exit "$GATE_STATUS"
fi
[ -z "${out:-}" ] || echo "what $command writes" >"$out"
"""
REAL = f"""#!/usr/bin/env bash
PYTHONPATH={ROOT} exec {sys.executable} -c 'from bench.cli.main import main; main()' "$@"
"""


@dataclass
class Ended:
    """What became of a job: exit codes by step, outputs of the action, the summary and the calls of `bench`."""

    codes: list[int] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    log: str = ""
    calls: list[list[str]] = field(default_factory=list)
    report: Path = Path()

    @property
    def failed(self) -> bool:
        return any(self.codes)


class Runner:
    """A folder that is the workspace of a job."""

    def __init__(self, folder: Path, bench: str) -> None:
        self.workspace = folder / "workspace"
        self.temp = folder / "temp"
        self.bin = folder / "bin"
        for made in (self.workspace, self.temp, self.bin):
            made.mkdir()
        self.write("bench", bench)
        self.write("python", FAKE)

    def write(self, name: str, text: str) -> None:
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def run(self, *, run_status: int = 0, gate_status: int = 0, **given: str) -> Ended:
        """The action with its inputs, `_` for `-`; the statuses are those of a fake `bench`."""
        action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
        inputs = {name: str(one.get("default", "")) for name, one in action["inputs"].items()}
        inputs |= {name.replace("_", "-"): value for name, value in given.items()}
        values = {f"inputs.{name}": value for name, value in inputs.items()}
        values |= {"github.action_path": str(ROOT), "github.sha": "5ha", "runner.temp": str(self.temp)}
        ended = Ended(report=self.temp / f"difflm-bench-{inputs['artifact']}")
        summary, calls = self.temp / "summary", self.temp / "calls"
        for file in (summary, calls):
            file.write_text("")
        for number, step in enumerate(action["runs"]["steps"]):
            if "run" not in step or not wanted(step.get("if"), ended.failed, values):
                continue
            output = self.temp / f"output{number}"
            output.write_text("")
            env = {
                name: EXPRESSION.sub(lambda found: values.get(found[1], ""), text) for name, text in step["env"].items()
            }
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                cwd=self.workspace,
                env={
                    "PATH": f"{self.bin}:/usr/bin:/bin",
                    "HOME": str(self.temp),
                    "GITHUB_OUTPUT": str(output),
                    "GITHUB_STEP_SUMMARY": str(summary),
                    "CALLS": str(calls),
                    "RUN_STATUS": str(run_status),
                    "GATE_STATUS": str(gate_status),
                    "OMP_NUM_THREADS": "1",
                    **{"REPORT": str(ended.report), "RESULTS": inputs["results"]},
                    **env,
                },
                capture_output=True,
                text=True,
                check=False,
            )
            ended.codes.append(done.returncode)
            ended.log += done.stdout + done.stderr
            for line in output.read_text().splitlines():
                name, _, value = line.partition("=")
                values[f"steps.{step['id']}.outputs.{name}"] = value
        ended.outputs = {
            name: EXPRESSION.sub(lambda found: values.get(found[1], ""), one["value"])
            for name, one in action["outputs"].items()
        }
        ended.summary = summary.read_text()
        ended.calls = [line.split("\t")[:-1] for line in calls.read_text().splitlines()]
        return ended


def wanted(condition: str | None, failed: bool, values: dict[str, str]) -> bool:
    """Whether a step runs; only the conditions of action.yml are understood."""
    if condition is None:
        return not failed
    first, *rest = EXPRESSION.fullmatch(condition)[1].split(" && ")
    assert first == "!cancelled()"
    for one in rest:
        name, _, empty = one.partition(" != ")
        assert empty == "''", one
        if not values.get(name):
            return False
    return True


@pytest.fixture
def runner(tmp_path):
    return Runner(tmp_path, FAKE)


@pytest.fixture
def real_runner(tmp_path):
    return Runner(tmp_path, REAL)


@pytest.fixture(scope="session")
def root():
    return ROOT
