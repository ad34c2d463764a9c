"""Readers of the original files, on small files written by hand in their formats."""

import gzip
import json

import pandas as pd
import pytest

from bench.datasets import adult, beijing, default, flytech, magic, shoppers, toolbench
from bench.datasets.fetch import fetch
from bench.errors import BenchError
from bench.frames import conform


def put(folder, file, content):
    path = folder / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = content.encode()
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)


def read(module, folder):
    return conform(module.LOADER.read(folder).frame, module.LOADER.schema)


def test_adult(tmp_path):
    row = "39, {}, 77516, Bachelors, 13, Divorced, ?, Husband, White, Male, 2174, 0, 40, ?, {}\n"
    put(tmp_path, adult.TRAIN, row.format("Private", "<=50K") + row.format("?", ">50K") + "\n")
    put(tmp_path, adult.TEST, "|1x3 Cross validator\n" + row.format("Private", ">50K.") + "\n")
    frame = read(adult, tmp_path)
    assert frame["income"].tolist() == ["<=50K", ">50K"]
    assert frame["workclass"].isna().tolist() == [False, True]
    assert frame["native-country"].isna().all()
    assert frame["age"].tolist() == [39, 39]
    test = conform(adult.read(tmp_path).official_test, adult.LOADER.schema)
    assert test["income"].tolist() == [">50K"]


def test_default_reads_below_both_header_rows(tmp_path):
    names = ["ID", *default.LOADER.schema.names]
    header = ",".join(["", *(f"X{i}" for i in range(1, 24)), "Y"]) + "\n" + ",".join(names) + "\n"
    put(tmp_path, default.FILE, header + "1,20000,2,2,1,24,2,2,-1,-1,-2,-2," + ",".join(["689"] * 12) + ",1\n")
    (record,) = read(default, tmp_path).to_dict("records")
    assert record["LIMIT_BAL"] == 20000
    assert record["PAY_6"] == "-2"
    assert record["PAY_AMT6"] == 689
    assert record["default payment next month"] == "1"


def test_magic_keeps_its_first_row(tmp_path):
    put(tmp_path, magic.FILE, ",".join(map(str, range(10))) + ",g\n" + ",".join(["0.1"] * 10) + ",h\n")
    frame = read(magic, tmp_path)
    assert frame["class"].tolist() == ["g", "h"]
    assert frame["fDist"].tolist() == [9.0, 0.1]


def test_shoppers(tmp_path):
    header = ",".join(shoppers.LOADER.schema.names)
    put(tmp_path, shoppers.FILE, f"{header}\r\n" + "0,0,0,0,1,0,0.2,0.2,0,0.4,Feb,1,2,3,4,Other,TRUE,FALSE\r\n")
    (record,) = read(shoppers, tmp_path).to_dict("records")
    assert (record["Weekend"], record["Revenue"]) == ("True", "False")
    assert (record["SpecialDay"], record["TrafficType"], record["Administrative"]) == (0.4, "4", 0)


def test_beijing_keeps_hours_without_a_measurement(tmp_path):
    header = "No,year,month,day,hour,pm2.5,DEWP,TEMP,PRES,cbwd,Iws,Is,Ir\r\n"
    rows = "1,2010,1,1,0,NA,-21,-11,1021,NW,1.79,0,0\r\n2,2010,1,1,1,129,-16,-4,1020.5,SE,1.79,0,0\r\n"
    put(tmp_path, beijing.FILE, header + rows)
    frame = read(beijing, tmp_path)
    assert frame["pm2.5"].isna().tolist() == [True, False]
    assert frame["pm2.5"].iloc[1] == 129
    assert frame["PRES"].tolist() == [1021.0, 1020.5]
    assert frame["hour"].tolist() == ["0", "1"]


def test_flytech_strips_fences_and_prefers_the_whole_file(tmp_path):
    programs = ["```python\nx = 1\ny = 2\n```", "``` py\nz\n```\n", "plain = 3\n", "a\n```\nb\n```", "```\nn\n```"]
    put(tmp_path, flytech.EXCERPT, "\n".join(json.dumps({"output": text}) for text in programs))
    assert read(flytech, tmp_path)["program"].tolist() == ["x = 1\ny = 2", "z", programs[2], "b", "n"]
    put(tmp_path, flytech.WHOLE, json.dumps({"output": "whole"}) + "\n\n")
    assert read(flytech, tmp_path)["program"].tolist() == ["whole"]
    put(tmp_path, flytech.WHOLE, json.dumps({"text": "whole"}))
    with pytest.raises(BenchError, match="line 1: the field 'output' is missing"):
        flytech.LOADER.read(tmp_path)


API = {"category": "c", "tool_name": "t", "tool_description": "", "api_name": "a", "api_description": "d"}
GIVEN = {
    "required_parameters": [{"name": "p", "type": "NUMBER", "description": "d", "default": 3}],
    "optional_parameters": [{"name": "q", "type": "STRING", "description": "", "default": ""}],
}
QUERY = {
    "group": "G",
    "query": "What?",
    "api_list": [
        {"category_name": "c", "tool_name": "t", "api_name": "a", "api_description": None, **GIVEN},
        {"tool_name": "t", "api_name": "b", "api_description": "d", "required_parameters": []},
    ],
    "relevant_apis": [["t", "a"]],
}


def test_toolbench(tmp_path):
    parameters = {"type": "object", "properties": {"é": {"type": "STRING", "default": ""}}, "required": []}
    put(tmp_path, toolbench.APIS, json.dumps({**API, "parameters": parameters}))
    put(tmp_path, toolbench.QUERIES, json.dumps(QUERY))
    original = toolbench.read(tmp_path)
    (record,) = conform(original.frame, toolbench.LOADER.schema).to_dict("records")
    assert json.loads(record["parameters"]) == parameters
    assert record["tool_description"] == ""
    (query,) = original.extras["queries"].to_dict("records")
    assert json.loads(query.pop("offered")) == [
        {
            "tool_name": "t",
            "name": "a",
            "description": "",
            "parameters": {
                "type": "object",
                "properties": {
                    "p": {"type": "NUMBER", "description": "d", "default": 3},
                    "q": {"type": "STRING", "description": "", "default": ""},
                },
                "required": ["p"],
            },
        },
        {
            "tool_name": "t",
            "name": "b",
            "description": "d",
            "parameters": {"type": "object", "properties": {}, "required": []},
        },
    ]
    assert query == {"query": "What?", "answer": '[{"name":"a"}]', "group": "G"}
    assert original.extras["categories"].to_dict("records") == [{"tool_name": "t", "category": "c"}]


def test_apis_of_one_name_get_that_of_their_tool_too(tmp_path):
    put(tmp_path, toolbench.APIS, json.dumps({**API, "parameters": {}}))
    offered = [{**QUERY["api_list"][0], "tool_name": name} for name in ("t", "u", "t")] + [QUERY["api_list"][1]]
    query = {**QUERY, "api_list": offered, "relevant_apis": [["u", "a"], ["t", "b"]]}
    put(tmp_path, toolbench.QUERIES, json.dumps(query))
    (query,) = toolbench.read(tmp_path).extras["queries"].to_dict("records")
    assert [api["name"] for api in json.loads(query["offered"])] == ["a_for_t", "a_for_u", "b"]
    assert json.loads(query["answer"]) == [{"name": "a_for_u"}, {"name": "b"}]


def test_queries_about_what_is_seen_in_training_are_not_kept():
    def query(tool, name, description):
        api = {"tool_name": tool, "name": name, "description": description, "parameters": {"type": "object"}}
        other = {**api, "name": "other", "description": "does something else"}
        return {
            "query": f"{tool} {name}",
            "offered": json.dumps([api, other]),
            "answer": json.dumps([{"name": name}]),
            "group": "G",
        }

    fork = "returns the weather of a city for the next days, hour by hour, in metric units"
    queries = [
        query("seen", "get", "anything at all"),
        query("fork", "weather", f"{fork}."),
        query("fork", "forecast", f"{fork}."),
        query("new", "weather", "tells how likely it is that an umbrella is needed tomorrow"),
    ]
    seen = pd.DataFrame(
        [
            ("seen", "", "list", "", "{}"),
            ("old", "", "weather", fork, '{"type":"object"}'),
            ("old", "", "other", "", "{}"),
        ],
        columns=toolbench.SCHEMA.names,
        dtype="str",
    )
    extras = {"queries": pd.DataFrame(queries, dtype="str"), "categories": pd.DataFrame()}
    kept = toolbench.held_out(extras, seen)
    assert kept["queries"]["query"].tolist() == ["fork forecast", "new weather"]
    assert kept["categories"] is extras["categories"]
    assert len(toolbench.held_out(extras, seen.iloc[:0])["queries"]) == 4


def test_a_query_that_nothing_answers_is_counted(tmp_path):
    put(tmp_path, toolbench.APIS, json.dumps({**API, "parameters": {}}))
    unanswered = {**QUERY, "relevant_apis": [["t", "other"]]}
    put(tmp_path, toolbench.QUERIES, "\n".join(map(json.dumps, [QUERY, unanswered])))
    original = toolbench.read(tmp_path)
    assert len(original.extras["queries"]) == 1
    assert original.notes == ("1 of 2 queries left out: no API that they offer answers them",)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"api_list": None}, "line 1: not a query"),
        ({"api_list": [{"tool_name": "t"}]}, "'api_name' is missing"),
        ({"relevant_apis": [["t"]]}, "line 1: not a query"),
        ({"relevant_apis": None}, "'relevant APIs' is missing"),
        ({"query": 3}, "'query' must be a text"),
    ],
)
def test_a_query_of_another_form_is_named(tmp_path, change, said):
    put(tmp_path, toolbench.APIS, json.dumps({**API, "parameters": {}}))
    put(tmp_path, toolbench.QUERIES, json.dumps({**QUERY, **change}))
    with pytest.raises(BenchError, match=said):
        toolbench.read(tmp_path)


def test_toolbench_from_its_own_folders_gives_the_records_of_the_file_of_apis(tmp_path):
    parameters = {
        "type": "object",
        "properties": {
            "p": {"type": "NUMBER", "description": "d", "default": 3},
            "q": {"type": "STRING", "description": "", "default": ""},
        },
        "required": ["p"],
    }
    put(tmp_path / "one", toolbench.APIS, json.dumps({**API, "parameters": parameters}))
    put(tmp_path / "one", toolbench.QUERIES, json.dumps(QUERY))
    api = {"name": "a", "description": "d", "method": "GET", "code": "import requests", **GIVEN}
    tool = {"tool_name": "t", "tool_description": "", "home_url": "u", "api_list": [api], "standardized_name": "t"}
    data = tmp_path / "two" / "toolbench" / "data"
    (data / "toolenv" / "tools" / "c").mkdir(parents=True)
    (data / "toolenv" / "tools" / "c" / "t.json").write_text(json.dumps(tool, indent=4))
    (data / "test_instruction").mkdir()
    asked = {"query": "What?", "api_list": QUERY["api_list"], "relevant APIs": [["t", "a"]], "query_id": 1}
    (data / "test_instruction" / "G.json").write_text(json.dumps([asked], indent=4))
    one, two = (toolbench.read(tmp_path / name) for name in ("one", "two"))
    assert one.frame.equals(two.frame)
    assert all(one.extras[name].equals(two.extras[name]) for name in ("queries", "categories"))
    digests = fetch(toolbench.LOADER, tmp_path / "two")
    assert set(digests) == {"toolbench/data/toolenv/tools", "toolbench/data/test_instruction"}
    (data / "toolenv" / "tools" / "c" / "t.json").write_text(json.dumps(tool))
    assert fetch(toolbench.LOADER, tmp_path / "two") != digests


def test_toolbench_restores_the_line_break_that_the_release_lost(tmp_path):
    line = json.dumps({**API, "api_description": "mail:\ninfo@example.com", "parameters": {}})
    put(tmp_path, toolbench.APIS, line.replace(r"\ninfo", r"\info"))
    put(tmp_path, toolbench.QUERIES, "")
    assert toolbench.read(tmp_path).frame["api_description"].tolist() == ["mail:\ninfo@example.com"]


def test_a_broken_line_is_named(tmp_path):
    put(tmp_path, toolbench.APIS, json.dumps({**API, "parameters": {}}) + '\n{"api_name": \n')
    with pytest.raises(BenchError, match=r"apis\.jsonl\.gz', line 2: Expecting value"):
        toolbench.read(tmp_path)
