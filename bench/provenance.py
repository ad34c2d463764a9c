"""What a result depends on: hashes of data, code and config; versions, host and git commit.

A plug-in's code is the plug-in's module with all the modules that it imports, followed through the
packages of the harness and its own package by reading the source; the other packages that this
code imports are the libraries whose versions matter.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import platform
import subprocess
import sys
from functools import cache
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.frames import digest
from bench.records import Dataset
from bench.registry import module_file

OURS = frozenset({"bench", "generators", "evaluators"})
# Nearly everything computes through these, whether it imports them by name or not.
ALWAYS = frozenset({"numpy", "pandas"})


def hashed(value: object) -> str:
    """sha256 over a JSON-able value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def file_hash(path: Path) -> str:
    """sha256 over the bytes of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def data_hash(data: Dataset) -> str:
    """sha256 over everything that a plug-in can see of a dataset: records, split, schema and condition.

    The frames themselves are hashed, not only the bytes they were read from, so that a change of the
    loader counts as well.
    """
    frames = {"train": data.train, "validation": data.validation, "test": data.test, **data.extras}
    seen: list[Any] = [
        data.name,
        data.family,
        data.schema.to_dict(),
        data.split,
        data.split_seed,
        {name: digest(frame) for name, frame in frames.items()},
    ]
    # two conditions that leave the same records are still two for the evaluator that asks whether they hold
    if data.condition:
        seen.append(sorted(data.condition.items()))
    return hashed(seen)


@cache
def imported(module: str) -> frozenset[str]:
    """Modules that the source of `module` names in its import statements, also inside functions.

    Raises:
        BenchError: the module is no Python.
    """
    path = module_file(module)
    if path is None:
        return frozenset()
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    names: set[str] = set()
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"), path.name)
    except (SyntaxError, ValueError) as error:
        raise BenchError(f"module '{module}' cannot be read: {error}") from error
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                names.add(inner if module_file(inner) else base)
    return frozenset(names)


@cache
def code_of(module: str) -> tuple[frozenset[str], frozenset[str]]:
    """Modules of the harness and of the plug-in's own package that `module` uses, and foreign packages."""
    ours = OURS | {module.partition(".")[0]}
    found: set[str] = set()
    foreign: set[str] = set()
    waiting = {module}
    while waiting:
        name = waiting.pop()
        found.add(name)
        for other in imported(name) - found:
            if other.partition(".")[0] in ours:
                waiting.add(other)
            else:
                foreign.add(other.partition(".")[0])
    return frozenset(found), frozenset(foreign)


@cache
def code_hash(module: str) -> str:
    """sha256 over the source of a plug-in and of everything of the harness that it uses."""
    state = hashlib.sha256()
    for name in sorted(code_of(module)[0]):
        path = module_file(name)
        if path is not None:
            state.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return state.hexdigest()


@cache
def library_versions(module: str) -> dict[str, str]:
    """Distribution -> version of the libraries that a plug-in imports, and of Python."""
    known = _distributions()
    packages = (code_of(module)[1] | ALWAYS) & known.keys()
    versions = {name: version(name) for package in packages for name in known[package]}
    return {"python": platform.python_version(), **dict(sorted(versions.items()))}


@cache
def _distributions() -> dict[str, list[str]]:
    return {package: sorted(set(names)) for package, names in packages_distributions().items()}


def host() -> dict[str, Any]:
    """System, processor, cores, memory in bytes, and the accelerator where torch is loaded and has one."""
    import psutil  # noqa: PLC0415 - the light commands do not need it

    return {
        "system": platform.platform(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "device": device(),
    }


def device() -> str:
    """`cpu`, or the accelerator's name; torch is asked only where something has imported it already."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        return str(torch.cuda.get_device_name())
    return "cpu"


def git_commit() -> str | None:
    """Commit that a run is of.

    `BENCH_COMMIT` where it is set: a project that tracks its own generator counts its own commits. Else the
    commit of the checkout that this package lies in, with a `+` where files differ; None outside one.
    """
    if told := os.environ.get("BENCH_COMMIT"):
        return told
    folder = Path(__file__).resolve().parents[1]
    if not (folder / ".git").exists():
        return None
    try:
        commit = _git(folder, "rev-parse", "HEAD")
        return commit + ("+" if _git(folder, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
