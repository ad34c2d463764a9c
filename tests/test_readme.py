"""What README.md and CONTRIBUTING.md tell a reader to type is run, in a folder of its own.

Commands are run as they stand, in the order of the page, but with little training and tuning (`SHORT`)
and few records (`FEW`).
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import bench
from bench.frames import conform
from bench.registry import plug_ins
from generators import Between

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PAGES = [str(path.relative_to(ROOT)) for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])]
PAGES += ["results/README.md"]
STEPS = {"steps": 10, "diffusion_steps": 10, "sampler_steps": 2}
SHORT = [f"--set=generators.difflm.{name}={value}" for name, value in STEPS.items()]
SHORT += ["--set=evaluators.mle.trials=1", "--set=records=300"]
TRAINED = {"train_tokens": 2000, "width": 16, "heads": 2, "layers": 1}
SHORT += [
    f"--set=evaluators.{who}.{name}={value}" for who in ("pass_at_k", "tool_use") for name, value in TRAINED.items()
]
SHORT += ["--set=evaluators.pass_at_k.samples=1", "--set=evaluators.tool_use.queries=10"]
FEW = {"1000": "50"}
BENCH = [sys.executable, "-c", "from bench.cli.main import main; main()"]
TRAINING = ("run", "generate", "diagnose", "evaluate")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def commands() -> list[list[str]]:
    lines = [line for block in blocks(README, "bash") for line in block.splitlines()]
    return [shlex.split(line, comments=True) for line in lines if line.strip()]


def run_command(words: list[str], folder: Path) -> None:
    assert words[0] == "bench", words
    extra = SHORT if words[1] in TRAINING else []
    arguments = [*(FEW.get(word, word) for word in words[1:]), *extra]
    done = subprocess.run(
        [*BENCH, *arguments],
        capture_output=True, text=True, check=False, cwd=folder, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, f"{shlex.join(words)}\n{done.stdout}\n{done.stderr}"


def test_the_page_names_every_command():
    top = subprocess.run([*BENCH, "--help"], capture_output=True, text=True, check=True)
    offered = set(re.findall(r"^  ([a-z]+)  ", top.stdout.partition("Commands:")[2], flags=re.MULTILINE))
    assert offered == {words[1] for words in commands() if words[0] == "bench"}


def test_make_knows_its_targets():
    targets = [words[1] for words in commands() if words[0] == "make"]
    assert {"demo", "test"} <= set(targets)
    for target in [*targets, "check", "bench"]:
        done = subprocess.run(["make", "-n", target], capture_output=True, text=True, check=False, cwd=ROOT)
        assert done.returncode == 0, done.stderr
    assert (
        "bench run --generator difflm --dataset all --profile demo"
        in subprocess.run(["make", "-n", "demo"], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    )


@pytest.mark.timeout(900)  # three minutes of CPU, most of it the start of commands
def test_the_commands_on_demo_data_and_the_python_blocks_run(tmp_path, monkeypatch, capsys):
    for words in commands():
        if words[0] != "make" and "--data-dir" not in words:
            run_command(words, tmp_path)
    assert (tmp_path / "leaderboard.md").read_text().startswith("## adult")
    assert set(bench.load(str(tmp_path / "rich.csv")).train["income"]) == {">50K"}
    thirties = pd.read_csv(tmp_path / "thirties.csv")
    assert thirties["age"].between(30, 39).all()
    assert thirties["income"].value_counts().tolist() == [25, 25]

    monkeypatch.chdir(tmp_path)
    options = ", ".join(f"{name}={value}" for name, value in STEPS.items())
    for block in blocks(README, "python"):
        short = block.replace("DiffLM()", f"DiffLM({options})").replace("sample(1000", "sample(50")
        exec(compile(short, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "pair_trend_error_percent" in printed
    assert re.search(r"adult.*smote.*column_shape_error_percent", printed)


@pytest.mark.realdata
def test_the_commands_on_the_original_files_run(tmp_path):
    mirror = os.environ.get("BENCH_DATA_DIR")
    if mirror is None:
        pytest.skip("BENCH_DATA_DIR is not set")
    (tmp_path / "data").symlink_to(mirror)
    for words in commands():
        if "--data-dir" in words:
            run_command(words, tmp_path)


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if not link.startswith("http")]
    assert [link for link in links if not ((ROOT / page).parent / link).exists()] == []


def example(name: str):
    (block,) = [block for block in blocks(CONTRIBUTING, "python") if f"class {name}(" in block]
    namespace: dict[str, object] = {"__name__": "example"}
    sys.modules.setdefault("example", type(sys)("example"))
    exec(compile(block, "CONTRIBUTING.md", "exec"), namespace)
    return namespace[name]


def test_the_example_generator_works(tmp_path):
    data = bench.load("adult")
    modes = example("Modes")().fit(data)
    drawn = modes.sample(5, where={"sex": "Female"}).records
    assert conform(drawn, data.schema).equals(drawn)
    assert list(drawn["sex"]) == ["Female"] * 5
    assert drawn["race"].iloc[0] == data.train["race"].value_counts().index[0]
    modes.save(tmp_path / "modes")
    again = type(modes).load(tmp_path / "modes").sample(5, where={"sex": "Female"}).records
    assert again.equals(drawn)
    assert modes.sample(5, where={"age": Between(41, 43)}).records["age"].between(41, 43).all()
    assert modes.sample(5, where={"age": Between(high=-1)}).shortfall


def test_the_example_evaluator_works():
    data = bench.load("beijing")
    (same,) = example("MeanGap")().evaluate(data, data.train)
    assert same.value == 0
    moved = data.train.assign(**{data.schema.target: data.train[data.schema.target] + 100})
    assert example("MeanGap")().evaluate(data, moved)[0].value > 10


def test_the_groups_of_the_examples_are_those_of_the_registry():
    for group in re.findall(r'entry-points\."difflm_bench\.(\w+)"', CONTRIBUTING):
        assert plug_ins(group)
