"""A user's own programs and tools: what a file is taken for, and what is said where it cannot be used."""

import gzip
import json
import random
import sys

import pytest
from typer.testing import CliRunner

from bench import datasets
from bench.cli.main import app, main
from bench.errors import BenchError

PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def write(path, records, array=False):
    text = json.dumps(records, indent=1) if array else "\n".join(map(json.dumps, records))
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return str(path)


def programs(count):
    return [f"def f{i}(x{i}):\n    return x{i} * {i} + g{i}(x{i})" for i in range(count)]


def everything(data):
    return [*data.train.to_dict("records"), *data.validation.to_dict("records"), *data.test.to_dict("records")]


@pytest.mark.parametrize("name", ["own.jsonl", "own.jsonl.gz", "own.json", "own.json.gz"])
@pytest.mark.parametrize(
    "record",
    [
        lambda code: {"instruction": "do", "input": "", "output": f"Sure:\n```python\n{code}\n```\nDone."},
        lambda code: {"program": code},
        lambda code: {"code": code},
        lambda code: {"text": code},
    ],
    ids=["pairs", "program", "code", "text"],
)
def test_programs(tmp_path, name, record):
    data = datasets.load(write(tmp_path / name, [record(code) for code in programs(20)], array=".jsonl" not in name))
    assert data.family == "code"
    assert data.source.variant == "file"
    assert data.schema.names == ["program"]
    assert {row["program"] for row in everything(data)} == set(programs(20))
    assert [len(data.train), len(data.validation), len(data.test)] == [16, 2, 2]


@pytest.mark.parametrize(
    "record",
    [
        lambda i: {"name": f"get_{i}", "description": f"gets number {i}", "parameters": PARAMETERS},
        lambda i: {
            "type": "function",
            "function": {"name": f"get_{i}", "description": f"gets number {i}", "parameters": PARAMETERS},
        },
        lambda i: {
            "tool_name": f"get_{i}",
            "tool_description": "",
            "api_name": f"get_{i}",
            "api_description": f"gets number {i}",
            "parameters": PARAMETERS,
            "method": "GET",
        },
    ],
    ids=["function", "wrapped function", "api"],
)
def test_tools(tmp_path, record):
    data = datasets.load(write(tmp_path / "tools.jsonl", [record(i) for i in range(20)]))
    assert data.family == "tool"
    rows = {row["api_name"]: row for row in everything(data)}
    assert set(rows) == {f"get_{i}" for i in range(20)}
    assert rows["get_3"] == {
        "tool_name": "get_3",
        "tool_description": "",
        "api_name": "get_3",
        "api_description": "gets number 3",
        "parameters": json.dumps(PARAMETERS, separators=(",", ":")),
    }


def test_a_function_without_parameters_takes_none(tmp_path):
    records = [{"type": "function", "function": {"name": f"n{i}"}} for i in range(10)]
    for row in everything(datasets.load(write(tmp_path / "t.jsonl", records))):
        assert json.loads(row["parameters"]) == {"type": "object", "properties": {}}


def tool(name, apis, **more):
    parameter = {"name": "q", "type": "STRING", "description": "", "default": "x"}
    return {
        "tool_name": name,
        "tool_description": f"all about {name}",
        "api_list": [
            {"name": f"{name} {i}", "description": None, "required_parameters": [parameter], "optional_parameters": []}
            for i in range(apis)
        ],
        **more,
    }


def test_a_folder_of_tools_keeps_each_tool_in_one_part(tmp_path):
    for i in range(30):
        (tmp_path / f"Category{i % 3}").mkdir(exist_ok=True)
        write(tmp_path / f"Category{i % 3}" / f"t{i}.json", tool(f"tool{i}", i % 4), array=True)
    data = datasets.load(f"{tmp_path}")
    assert len(everything(data)) == sum(i % 4 for i in range(30))
    tools = [set(part["tool_name"]) for part in (data.train, data.validation, data.test)]
    assert not tools[0] & tools[1]
    assert not tools[0] & tools[2]
    assert json.loads(everything(data)[0]["parameters"])["required"] == ["q"]
    categories = data.extras["categories"].set_index("tool_name")["category"]
    assert categories["tool7"] == "Category1"
    assert len(categories) == len(set.union(*tools))


def test_a_table_of_json_lines_is_a_table(tmp_path):
    random.seed(0)
    records = [{"code": "US", "n": i, "y": random.choice("ab"), "extra": None} for i in range(40)]
    data = datasets.load(write(tmp_path / "t.jsonl", records), target="y")
    assert data.family == "tabular"
    assert data.schema.target == "y"
    assert data.schema["n"].kind == "integer"
    assert datasets.load(write(tmp_path / "t.jsonl", records)).family == "tabular"
    # with a target even a program is a label
    records = [{"program": random.choice("ab"), "n": i} for i in range(40)]
    assert datasets.load(write(tmp_path / "p.jsonl", records), target="program").family == "tabular"


def test_what_was_left_out_is_said(tmp_path):
    records = [{"instruction": "do", "output": text} for text in [*programs(10), " \n", "```python\nlast = 1\n```"]]
    path = write(tmp_path / "own.jsonl", records)
    data = datasets.load(path)
    assert len(everything(data)) == 11
    assert data.source.notes == (
        "1 records without a program left out",
        "fences, and the prose around them, taken off 1 programs",
        "fields that are not used: instruction",
    )
    shown = CliRunner().invoke(app, ["data", "describe", path]).output
    assert all(note in shown for note in data.source.notes)


DEEP = b'{"program": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
GOOD = b'{"program": "x = 1"}\n'
FUNCTION = b'{"name": "f", "parameters": {"type": "object"}}\n'


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.jsonl", b"", "has no records"),
        ("a.json", b"", "has no records"),
        ("a.json", b"[]", "has no records"),
        ("a.jsonl", GOOD * 2 + b'{"program": \n', r"line 3: Expecting value"),
        ("a.jsonl", GOOD + b"[1]\n", r"line 2: a JSON object was expected, not \[1\]"),
        ("a.json", b'[{"program": "x"},\n {"program": }]', r"line 2: Expecting value"),
        ("a.json", b'[{"program": "x"}, 3]', r"record 2: a JSON object was expected, not 3"),
        ("a.jsonl", GOOD + DEEP, "line 2: objects or lists are nested too deeply"),
        ("a.json", b"[" + DEEP + b"]", "nested too deeply"),
        ("a.jsonl", bytes(range(256)) * 40, "line 1: "),
        ("a.jsonl", GOOD + b'{"program": "\\ud800"}\n', "line 2: .*surrogates not allowed"),
        ("a.jsonl.gz", gzip.compress(GOOD * 5000)[:-40], r"line \d+: .*end-of-stream"),
        ("a.jsonl.gz", b"no gzip", "Not a gzipped file"),
        ("a.jsonl", GOOD + b'{"prog": "x"}\n', "line 2: the field 'program' is missing"),
        ("a.jsonl", GOOD + b'{"program": 3}\n', "line 2: the field 'program' must be a text, not int"),
        ("a.jsonl", b'{"instruction": "i", "output": null}\n', "line 1: the field 'output' is missing"),
        ("a.jsonl", b'{"program": "  "}\n' * 3, "has no programs"),
        ("a.jsonl", GOOD * 2, r"too few records \(2\)"),
        ("a.jsonl", GOOD * 50, r"the smallest of 1 has 50 of 50 records\); add records that differ"),
        ("a.jsonl", FUNCTION + b'{"parameters": {}}\n', "line 2: a function needs a 'name'"),
        ("a.jsonl", b'{"name": "f", "parameters": [1]}\n', "line 1: 'parameters' of function 'f' must be"),
        ("a.jsonl", b'{"name": 3, "parameters": {}}\n', "line 1: 'name' must be a text, not 3"),
        ("a.jsonl", b'{"api_name": "f", "parameters": "x"}\n', "line 1: the field 'parameters' must be"),
        ("a.jsonl", b'{"tool_name": "t", "api_list": [{"url": 1}]}\n', "line 1: API 1 of tool 't' has no 'name'"),
        ("a.jsonl", b'{"tool_name": "t", "api_list": []}\n', "has tools, but none of them has an API"),
        (
            "a.jsonl",
            b'{"tool_name": "t", "api_list": [{"name": "f", "required_parameters": 5}]}\n',
            "line 1: 'required_parameters' must be a list, not 5",
        ),
        (
            "a.jsonl",
            b'{"tool_name": "t", "api_list": [{"name": "f", "optional_parameters": {"a": {}}}]}\n',
            "line 1: 'optional_parameters' must be a list, not [{]\"a\"",
        ),
        ("a.jsonl", b'{"": 1, "b": 2}\n', "column 1 has no name"),
    ],
)
def test_what_cannot_be_used_is_one_line(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BenchError, match=said) as error:
        datasets.load(str(tmp_path / name))
    assert name in str(error.value)
    assert "\n" not in str(error.value)


def test_folders_that_hold_no_tools(tmp_path):
    with pytest.raises(BenchError, match="has no tools; ToolBench keeps them as CATEGORY/TOOL"):
        datasets.load(str(tmp_path))
    with pytest.raises(BenchError, match="is not there"):
        datasets.load(str(tmp_path / "nowhere.jsonl"))
    (tmp_path / "Food").mkdir()
    (tmp_path / "Food" / "t.json").write_text('{"tool_name": "t"}')
    with pytest.raises(BenchError, match=r"t\.json': not one of ToolBench's tools: a tool needs"):
        datasets.load(str(tmp_path))
    (tmp_path / "Food" / "t.json").write_bytes(b"\xff\x00")
    with pytest.raises(BenchError, match=r"t\.json': not one of ToolBench's tools: 'utf-8' codec"):
        datasets.load(str(tmp_path))
    (tmp_path / "Food" / "t.json").write_bytes(b"[" * 100_000)
    with pytest.raises(BenchError, match="nested too deeply"):
        datasets.load(str(tmp_path))


def test_the_command_ends_with_exit_code_two_and_writes_nothing(tmp_path, monkeypatch, capsys):
    path = tmp_path / "a.jsonl"
    path.write_bytes(GOOD + b"{\n")
    monkeypatch.setattr(sys, "argv", ["bench", "run", "--dataset", str(path), "--results", str(tmp_path / "results")])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert "a.jsonl', line 2: Expecting property name" in capsys.readouterr().err
    assert list(tmp_path.rglob("*")) == [path]


def test_a_program_of_a_megabyte_is_kept_whole(tmp_path):
    long = "\n".join(f"x{i} = {i}" for i in range(70_000))
    path = write(tmp_path / "a.jsonl", [{"program": text} for text in [*programs(12), long]])
    assert len(long) > 1_000_000
    assert long in {row["program"] for row in everything(datasets.load(path))}
