"""Problem sets for pass@k: the embedded one, HumanEval and MBPP, or a file in the form of one of them.

A set is a frame of the string columns task_id, prompt, entry_point, canonical_solution, test, difficulty: a program is
the prompt with what the model wrote behind it; `test` defines check(candidate), or where there is no entry point it
is assertions that use the program's names.

HumanEval: Chen et al. 2021 (arXiv 2107.03374). MBPP: Austin et al. 2021 (arXiv 2108.07732), tasks 11 to 510; its
prompt without examples is that of Fried et al. 2022 (arXiv 2204.05999), a docstring with the task and one test.
"""

from __future__ import annotations

import ast
import builtins
import gzip
import json
import os
import symtable
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pooch

from bench.errors import BenchError
from bench.records import Dataset
from evaluators.code.sandbox.worker.testing import free_names

EMBEDDED = "embedded"
SHIPPED = Path(__file__).parent / "embedded_problems.jsonl"
COLUMNS = ("task_id", "prompt", "entry_point", "canonical_solution", "test", "difficulty")
HUMANEVAL_FIELDS = COLUMNS[:-1]
MBPP_TEST = range(11, 511)
TIMEOUT_SECONDS = 30
CHEN_STOP = ("\nclass", "\ndef", "\n#", "\nif", "\nprint")
FRIED_STOP = ("\nclass", "\nassert", '\n"""', "\nprint", "\nif", "\n<|/", "\n```")


@dataclass(frozen=True)
class PublishedSet:
    """Where a published set lies: names below the data folder, the first of which is its home's."""

    files: tuple[str, ...]
    url: str


PUBLISHED = {
    "humaneval": PublishedSet(
        ("humaneval/HumanEval.jsonl.gz", "humaneval/HumanEval.jsonl"),
        "https://raw.githubusercontent.com/openai/human-eval/master/data/HumanEval.jsonl.gz",
    ),
    "mbpp": PublishedSet(
        ("mbpp/mbpp.jsonl",), "https://raw.githubusercontent.com/google-research/google-research/master/mbpp/mbpp.jsonl"
    ),
    "mbpp-sanitized": PublishedSet(
        ("mbpp/sanitized-mbpp.json",),
        "https://raw.githubusercontent.com/google-research/google-research/master/mbpp/sanitized-mbpp.json",
    ),
}


@dataclass(frozen=True)
class ProblemSet:
    """Problems with the rule they are used by.

    Args:
        protocol: name of the rule: `harness` for the embedded set.
        frame: the problems, see above.
        stop: strings that end a program.
        records: the raw records of a file, in the order of the frame; empty for the embedded set.
        examples: MBPP's tasks below 11, which published prompts show; empty elsewhere.
    """

    protocol: str
    frame: pd.DataFrame
    stop: tuple[str, ...] = CHEN_STOP
    records: tuple[dict[str, Any], ...] = ()
    examples: tuple[dict[str, Any], ...] = ()


def load_problems(name: str, data: Dataset) -> ProblemSet:
    """The problem set of a name, or of a file.

    Args:
        name: `embedded`, `humaneval`, `mbpp`, `mbpp-sanitized`, or path of a json, jsonl or jsonl.gz file.
        data: the dataset, whose `extras` may hold the embedded problems.

    Raises:
        BenchError: there is no such set, it cannot be had, or its file is broken.
    """
    path = problem_file(name)
    if path is None:
        frame = data.extras["problems"] if "problems" in data.extras else read_problems(SHIPPED, "harness").frame
        return ProblemSet("harness", frame.reset_index(drop=True))
    return read_problems(path, name if name in PUBLISHED else f"file-{path.name.split('.')[0]}")


def problem_file(name: str) -> Path | None:
    """Where the problem set of a name lies; None for the embedded one.

    Raises:
        BenchError: there is no such set, or it cannot be had.
    """
    if name == EMBEDDED:
        return None
    if name in PUBLISHED:
        return find(name)
    if not Path(name).is_file():
        known = ", ".join([EMBEDDED, *PUBLISHED])
        raise BenchError(f"problem set '{name}' is neither a file nor known; known: {known}")
    return Path(name)


def find(name: str) -> Path:
    """A published file in the data folder (BENCH_DATA_DIR or the user's cache), else from its home.

    Raises:
        BenchError: it is not there and cannot be downloaded.
    """
    published = PUBLISHED[name]
    folder = Path(os.environ.get("BENCH_DATA_DIR") or pooch.os_cache("difflm-bench"))
    for file in published.files:
        if (folder / file).is_file():
            return folder / file
    target = folder / published.files[0]
    try:
        pooch.retrieve(
            published.url,
            known_hash=None,
            fname=target.name,
            path=target.parent,
            downloader=pooch.HTTPDownloader(timeout=TIMEOUT_SECONDS),
        )
    except Exception as error:  # requests, urllib3 and the file system have errors of their own
        raise BenchError(
            f"problem set '{name}' cannot be downloaded ({type(error).__name__}); get {published.url} and put it at "
            f"'{target}', or give the path of the file as problem set"
        ) from error
    return target


def read_problems(path: Path, protocol: str) -> ProblemSet:
    """Read a file in HumanEval's or MBPP's form; which one, the fields of its first record say.

    Raises:
        BenchError: names the line (or item) and the field.
    """
    rows, records, examples = [], [], []
    mbpp: bool | None = None
    for place, record in raw_records(path):
        try:
            if mbpp is None:
                mbpp = "test_list" in record
            row = from_mbpp(record) if mbpp else from_humaneval(record)
            if mbpp and protocol.startswith("mbpp") and outside_test(record):
                examples += [record] if record["task_id"] < MBPP_TEST.start else []
                continue
            rows.append(row)
            records.append(record)
        except ValueError as error:
            raise BenchError(f"'{path}', {place}: {error}") from error
    frame = pd.DataFrame(rows, columns=list(COLUMNS), dtype="str")
    if frame.empty:
        raise BenchError(f"'{path}' holds no problem")
    if len(twice := frame.task_id[frame.task_id.duplicated()]):
        raise BenchError(f"'{path}': task_id '{twice.iloc[0]}' stands more than once")
    stop = FRIED_STOP if mbpp else CHEN_STOP
    return ProblemSet(protocol, frame, stop, tuple(records), tuple(examples))


def raw_records(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The JSON objects of a file, one a line or in one list, each with where it stands."""
    place = "line 1"
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            if path.suffix == ".json":
                records = json.loads(file.read())
                if not isinstance(records, list):
                    raise ValueError("a list of objects was expected")
                for number, record in enumerate(records, 1):
                    place = f"item {number}"
                    yield place, json_object(record)
                return
            for number, line in enumerate(file, 1):
                place = f"line {number}"
                if line.strip():
                    yield place, json_object(json.loads(line))
    except (ValueError, RecursionError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise BenchError(f"'{path}', {place}: {type(error).__name__}: {error}") from error


def json_object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("a JSON object was expected")
    return value


def outside_test(record: dict[str, Any]) -> bool:
    """Whether a record of MBPP is none of its test tasks."""
    number = record.get("task_id")
    return isinstance(number, int) and number not in MBPP_TEST


def from_humaneval(record: dict[str, Any]) -> dict[str, str]:
    row = {name: text(record, name) for name in HUMANEVAL_FIELDS}
    if not row["entry_point"].isidentifier():
        raise ValueError(f"field 'entry_point' is no name: {row['entry_point'][:40]!r}")
    if "def check(" not in row["test"]:
        raise ValueError("field 'test' does not define check(candidate)")
    return row | {"difficulty": str(record.get("difficulty", ""))}


def from_mbpp(record: dict[str, Any]) -> dict[str, str]:
    """The whole set calls the task `text` and has setup code, the sanitized one `prompt` and has imports."""
    tests, imports = record.get("test_list"), record.get("test_imports", [])
    for name, lines in (("test_list", tests), ("test_imports", imports)):
        if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
            raise ValueError(f"field '{name}' is no list of texts")
    if not tests:
        raise ValueError("field 'test_list' is empty")
    if not isinstance(number := record.get("task_id"), int | str):
        raise ValueError("field 'task_id' is missing or no number")
    task = text(record, "text" if "text" in record else "prompt").strip()
    lines = [*imports, *filter(None, [str(record.get("test_setup_code") or "")]), *tests]
    solution = text(record, "code").replace("\r\n", "\n")
    return {
        "task_id": f"mbpp/{number}",
        "prompt": f'"""\n{task}\n{tests[0]}\n"""\n',
        "entry_point": "",
        "canonical_solution": solution,
        "test": with_own_builtins("\n".join(lines) + "\n", solution),
        "difficulty": "",
    }


def with_own_builtins(test: str, solution: str) -> str:
    """The test with an import of the builtins that its solution does not define, where the program would give them.

    The sandbox takes builtins from the program for a test of nothing else, such as `assert sum(10, 15) == 6`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as an invalid escape in a string, which is legal
            used = free_names(ast.parse(test))
            symbols = symtable.symtable(solution, "<solution>", "exec").get_symbols()
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # which shows when they run
        return test
    own = used - {symbol.get_name() for symbol in symbols if symbol.is_assigned() or symbol.is_imported()}
    if not own or own == used or not used <= set(dir(builtins)):
        return test
    return f"from builtins import {', '.join(sorted(own))}\n{test}"


def text(record: dict[str, Any], name: str) -> str:
    if not isinstance(record.get(name), str):
        raise ValueError(f"field '{name}' is missing or no text")
    return record[name]
