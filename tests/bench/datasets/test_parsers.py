"""The parsers of answers in Markdown and of JSON objects, on whatever they may be given."""

import ast
import gzip
import json
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.datasets.flytech import unfenced
from bench.datasets.jsonl import read_jsonl, read_objects
from bench.errors import BenchError

LINE = st.text(
    st.characters(blacklist_characters="`\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029", codec="utf-8"), max_size=20
)
PROGRAM = st.lists(LINE, min_size=1, max_size=4).map("\n".join)
PROSE = st.sampled_from(["", "Sure, here it is:\n", "Text with `code` in it.\n\n"])


@given(
    st.lists(
        st.tuples(PROSE, st.sampled_from(["python", "py", "", "Python", " python"]), PROGRAM), min_size=1, max_size=3
    )
)
def test_the_blocks_of_an_answer_are_its_program(parts):
    answer = "".join(f"{prose}```{tag}\n{program}\n```\n" for prose, tag, program in parts)
    assert unfenced(answer) == "\n\n".join(program for _, _, program in parts)


@given(st.text(alphabet="`\n xpython", max_size=40))
def test_any_text_gives_a_text(text):
    assert isinstance(unfenced(text), str)
    if "```" not in text:
        assert unfenced(text) == text


@pytest.mark.parametrize(
    ("answer", "program"),
    [
        ("```bash\npip install x\n```\n```python\nimport x\n```", "import x"),
        ("```bash\nls\n```", "```bash\nls\n```"),
        ("```python\nx = 1", "x = 1"),
        ("Here:\n```python\nx = 1\n", "x = 1"),
        ("```\n```", ""),
        ("x = '''\n```\nnot a fence\n```\n'''", "x = '''\n```\nnot a fence\n```\n'''"),
        (
            'def f():\n    """\n    ```\n    f()\n    ```\n    """',
            'def f():\n    """\n    ```\n    f()\n    ```\n    """',
        ),
        ("```python\r\nx = 1\r\n```", "x = 1"),
        ("x = '```'", "x = '```'"),
        ("", ""),
    ],
)
def test_fences(answer, program):
    assert unfenced(answer) == program


def test_a_long_program_with_fences_costs_no_more_than_its_length():
    long = "\n".join(f"x{i} = {i}" for i in range(70_000))
    assert unfenced(f"```python\n{long}\n```") == long
    ast.parse(unfenced("```\n" * 100_000) or "pass")


TEXT = st.text(st.characters(codec="utf-8"), max_size=6)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.lists(st.dictionaries(TEXT, JSON, max_size=4), max_size=6)


def outcome(path):
    """What is read from a file, or what is said about it."""
    try:
        return read_jsonl(path)
    except BenchError as error:
        return str(error)


@settings(max_examples=50, deadline=None)
@given(OBJECTS, st.sampled_from([".jsonl", ".jsonl.gz", ".json", ".json.gz"]), st.booleans(), st.booleans())
def test_objects_come_back_with_their_places(objects, ending, escaped, array):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a{ending}"
        if array and ".jsonl" not in ending:
            raw = json.dumps(objects, ensure_ascii=escaped, indent=1).encode()
        else:
            array = False
            raw = "\n\n".join(json.dumps(one, ensure_ascii=escaped) for one in objects).encode()
        path.write_bytes(gzip.compress(raw) if ending.endswith(".gz") else raw)
        found = read_objects(path)
    assert [one for _, one in found] == objects
    places = [f"record {i + 1}" if array else f"line {2 * i + 1}" for i in range(len(objects))]
    assert [place for place, _ in found] == places


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=60) | st.text(alphabet='{}[]",:1a\n \\ud8', max_size=40).map(str.encode),
    st.sampled_from([".json", ".jsonl", ".jsonl.gz"]),
)
def test_any_bytes_are_read_or_refused_in_one_line(raw, ending):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a{ending}"
        path.write_bytes(raw)
        found = outcome(path)
    assert isinstance(found, pd.DataFrame) or (str(path) in found and "\n" not in found)


def test_a_table_of_deeply_nested_values_is_refused(tmp_path):
    for depth in (100, 5_000, 100_000):
        (tmp_path / "a.jsonl").write_text('{"a": 1}\n{"a": ' + "[" * depth + "]" * depth + "}\n")
        found = outcome(tmp_path / "a.jsonl")
        if depth == 100:
            assert found["a"].iloc[1] == "[" * depth + "]" * depth
        # a depth in between may be read by one version of Python and refused by another
        elif depth == 100_000 or isinstance(found, str):
            assert "line 2: objects or lists are nested too deeply" in found
