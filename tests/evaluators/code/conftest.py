"""Problem files in the published forms, made by hand."""

from __future__ import annotations

import json

import pytest


def humaneval_record(number: int, add: int) -> dict:
    name = f"add_{add}"
    return {
        "task_id": f"HumanEval/{number}",
        "prompt": f'def {name}(x: int) -> int:\n    """Add {add} to x.\n    >>> {name}(1)\n    {1 + add}\n    """\n',
        "entry_point": name,
        "canonical_solution": f"    return x + {add}\n",
        "test": "\n\nMETADATA = {\n    'author': 'jt',\n    'dataset': 'test'\n}\n\n\n"
        f"def check(candidate):\n    assert candidate(1) == {1 + add}\n    assert candidate(-{add}) == 0\n\n",
    }


def mbpp_record(number: int, add: int) -> dict:
    return {
        "text": f"Write a function to add {add}.",
        "code": f"def add_{add}(x):\r\n  return x + {add} ",
        "task_id": number,
        "test_setup_code": "",
        "test_list": [f"assert add_{add}({x}) == {x + add}" for x in range(3)],
        "challenge_test_list": [],
    }


def sanitized_record(number: int, add: int) -> dict:
    return {
        "source_file": "Benchmark Questions Verification V2.ipynb",
        "task_id": number,
        "prompt": f"Write a function to add {add}.",
        "code": f"def add_{add}(x):\n    return x + {add}",
        "test_imports": ["import math"],
        "test_list": [f"assert math.isclose(add_{add}({x}), {x + add})" for x in range(3)],
    }


@pytest.fixture
def humaneval(tmp_path):
    path = tmp_path / "HumanEval.jsonl"
    path.write_text("".join(json.dumps(humaneval_record(i, i + 1)) + "\n" for i in range(3)))
    return path


@pytest.fixture
def mbpp(tmp_path):
    path = tmp_path / "mbpp.jsonl"
    numbers = [2, 3, 4, 11, 12, 510, 511]
    path.write_text("".join(json.dumps(mbpp_record(number, i + 1)) + "\n" for i, number in enumerate(numbers)))
    return path


@pytest.fixture
def sanitized(tmp_path):
    path = tmp_path / "sanitized-mbpp.json"
    path.write_text(json.dumps([sanitized_record(number, i + 1) for i, number in enumerate([2, 3, 11, 12])]))
    return path
