"""The walls of the house: who may import whom, what stays light, how long a file may be."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("bench", "generators", "evaluators", "leaderboards")
WORDS = {
    *("bench.chat", "bench.condition", "bench.errors", "bench.frames", "bench.near_duplicates"),
    *("bench.progress", "bench.records"),
}
SHARED = {
    *("generators.columns", "generators.ddpm", "generators.edm", "generators.language"),
    *("generators.reject", "generators.texts", "generators.training"),
}
LINE_LIMIT = 400
# Written so that this file does not match itself.
MACHINE_PATHS = re.compile(r"(?<![\w.])/(work|root|home|opt)/[\w.]|\.\./shared[/]")


def imports(source: str, module: str, package: bool = False) -> Iterator[tuple[str, bool]]:
    """Every module of the house that `source` imports, anywhere in it, and whether for its types only.

    `from a import b` counts as `a.b` where that is a module, else as `a`.
    """
    tree = ast.parse(source)
    types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for statement in node.body
        for inner in ast.walk(statement)
    }
    parents = module.split(".") if package else module.split(".")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            up = parents[: len(parents) + 1 - node.level] if node.level else []
            start = ".".join([*up, *([node.module] if node.module else [])])
            names = [f"{start}.{alias.name}" if is_module(f"{start}.{alias.name}") else start for alias in node.names]
        else:
            continue
        for name in names:
            if name.split(".")[0] in ROOMS:
                yield name, node in types


def is_module(name: str) -> bool:
    path = ROOT / name.replace(".", "/")
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def allowed(module: str, imported: str, types_only: bool) -> bool:
    """Whether one module of the house may import another."""
    room, target = (name.split(".", maxsplit=1)[0] for name in (module, imported))
    if room == "generators":
        homes = SHARED | {".".join(module.split(".")[:2])}
        own_folder = module != room and any(within(imported, home) for home in homes)
        # the front of the package names what it imports only when asked for
        front = module == target == room and types_only
        return imported in WORDS | {"generators.base"} or own_folder or front
    if room == "evaluators":
        return imported in WORDS or target == room
    if room == "leaderboards":
        return imported == "bench.errors" or target == room
    if within(module, "bench.cli") or module == "bench.__main__":
        return target in ("bench", "leaderboards")
    if types_only and imported in ("generators.base", "evaluators.base"):
        return True
    return target == "bench" and not within(imported, "bench.cli")


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def modules() -> Iterator[tuple[str, Path]]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), path


def test_every_import_keeps_to_the_rules():
    seen = 0
    broken = []
    for module, path in modules():
        for imported, types_only in imports(path.read_text(encoding="utf-8"), module, path.name == "__init__.py"):
            seen += 1
            if not allowed(module, imported, types_only):
                broken.append(f"{module} imports {imported}")
    assert broken == []
    assert seen > 50


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("generators.smote.generator", "from bench.runner import run"),
        ("generators.smote.generator", "import bench.store"),
        ("generators.smote.generator", "def late():\n    from bench import plan"),
        ("generators.smote.generator", "from generators.real import Real"),
        ("generators.smote.generator", "from ..marginals.model import draw_values"),
        ("generators.smote.generator", "from evaluators.base import Score"),
        ("generators.smote.generator", "from bench.frames import conform; from bench import load"),
        ("generators", "from generators.difflm import DiffLM"),
        ("generators.base", "from generators.difflm.config import DiffLMConfig"),
        ("evaluators.tabular.density", "from generators.base import Sample"),
        ("evaluators.tabular.density", "from bench.datasets import load"),
        ("evaluators.tabular.density", "import leaderboards"),
        ("leaderboards.rank", "from bench import store"),
        ("leaderboards.rank", "from evaluators.base import Score"),
        ("bench.runner", "from generators.difflm import DiffLM"),
        ("bench.runner", "if TYPE_CHECKING:\n    from generators.difflm import DiffLM"),
        ("bench.runner", "from generators.base import Generator"),
        ("bench.runner", "import leaderboards"),
        ("bench.runner", "from bench.cli.run import run"),
        ("bench.cli.run", "from generators.difflm import DiffLM"),
    ],
)
def test_a_planted_violation_is_found(module, source):
    assert any(not allowed(module, *found) for found in imports(source, module))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("generators.smote.generator", "from bench.errors import BenchError\nfrom .model import decode"),
        ("generators.difflm.vae", "from generators.difflm.encoder import Encoder\nimport torch"),
        ("evaluators.texts", "from evaluators.tabular.density import kolmogorov_smirnov"),
        ("leaderboards.rank", "from leaderboards.columns import ranked\nfrom bench.errors import BenchError"),
        ("bench.stages", "if TYPE_CHECKING:\n    from generators.base import Generator"),
        ("bench.cli.run", "import leaderboards\nfrom bench import api"),
    ],
)
def test_what_the_design_allows_passes(module, source):
    assert all(allowed(module, *found) for found in imports(source, module))


@pytest.mark.parametrize(
    ("statement", "heavy"),
    [
        ("import bench, generators, evaluators, leaderboards", {"torch", "transformers", "xgboost", "catboost"}),
        ("import bench.cli.main", {"torch", "transformers", "pandas", "duckdb", "sklearn"}),
    ],
)
def test_importing_stays_light(statement, heavy):
    code = f"{statement}; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert heavy & set(done.stdout.split()) == set()


def test_no_module_is_longer_than_the_limit():
    long = {module: lines for module, path in modules() if (lines := path.read_text().count("\n")) > LINE_LIMIT}
    assert long == {}


def test_no_path_of_a_machine_is_in_the_repository():
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("not a git checkout")
    found = []
    for name in listed.stdout.splitlines():
        path = ROOT / name
        # only the CI script may know where a mirror of the original files may lie
        if name == ".ci/run" or not path.is_file():
            continue
        text = path.read_bytes().decode("utf-8", errors="ignore")
        found += [f"{name}: {match[0]}" for match in MACHINE_PATHS.finditer(text)]
    assert found == []


@pytest.mark.parametrize("text", ["cd /wor" + "k/main", 'Path("/roo' + 't/.cache")', "DIR=../shared" + "/data"])
def test_a_planted_path_is_found(text):
    assert MACHINE_PATHS.search(text)
