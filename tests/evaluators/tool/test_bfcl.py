"""Files in BFCL's format, as its versions write them, and broken ones."""

import json
import re

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.errors import BenchError
from evaluators.tool.bfcl import read_bfcl
from evaluators.tool.check_call import check_calls
from evaluators.tool.json_schema import to_json_schema
from evaluators.tool.parse_call import parse_calls

AREA = {
    "name": "geometry.area",
    "description": "Area of a triangle.",
    "parameters": {
        "type": "dict",
        "properties": {
            "base": {"type": "integer", "description": "The base."},
            "height": {"type": "float"},
            "unit": {"type": "string", "default": "cm"},
        },
        "required": ["base", "height"],
    },
}
PLAY = {
    "name": "play",
    "parameters": {
        "type": "dict",
        "properties": {
            "artist": {"type": "string"},
            "range": {"type": "tuple", "items": {"type": "integer"}},
            "options": {"type": "dict", "properties": {"volume": {"type": "any"}}},
        },
        "required": ["artist"],
    },
}
SONG = {"play": {"artist": ["Nina Simone"], "range": [[1, 2], ""]}}
TRIANGLE = {"geometry.area": {"base": [10], "height": [5.0], "unit": ["cm", ""]}}


def write(folder, name, questions, answers=None, array=False):
    def text(entries):
        return json.dumps(entries) if array else "\n".join(json.dumps(entry) for entry in entries) + "\n"

    (folder / name).write_text(text(questions))
    if answers is not None:
        (folder / "possible_answer").mkdir(exist_ok=True)
        (folder / "possible_answer" / name).write_text(text(answers))
    return folder / name


def ask(text):
    return [[{"role": "user", "content": text}]]


def test_version_3_with_answers_in_a_folder_beside(tmp_path):
    path = write(
        tmp_path,
        "BFCL_v3_parallel_multiple.json",
        [{"id": "parallel_multiple_0", "question": ask("Area and music?"), "function": [AREA, PLAY]}],
        [{"id": "parallel_multiple_0", "ground_truth": [TRIANGLE, SONG]}],
    )
    (problem,) = read_bfcl(path)
    assert problem.kind == "parallel_multiple"
    assert problem.messages == ({"role": "user", "content": "Area and music?"},)
    assert [one["name"] for one in problem.functions] == ["geometry.area", "play"]
    written = "[play(artist='nina simone', range=(1, 2)), geometry.area(base=10, height=5)]"
    assert check_calls(parse_calls(written), problem.functions, problem.answers).valid
    assert check_calls(parse_calls("[]"), problem.functions, problem.answers).rule == "wrong_count"


@pytest.mark.parametrize("array", [False, True])
def test_version_1_by_line_with_numbered_names(tmp_path, array):
    path = write(
        tmp_path,
        "gorilla_openfunctions_v1_test_parallel.json",
        [
            {"question": "Two areas?", "function": AREA},
            {"question": "Play it twice.", "function": [PLAY]},
        ],
        [
            {"geometry.area_1": TRIANGLE["geometry.area"], "geometry.area_2": TRIANGLE["geometry.area"]},
            {"play": {"artist": ["A"]}},
        ],
        array,
    )
    first, second = read_bfcl(path)
    assert first.answers == (TRIANGLE, TRIANGLE)
    assert second.answers == ({"play": {"artist": ["A"]}},)
    assert (first.kind, first.id, second.id) == ("parallel", "0", "1")


def test_inline_answers_and_kinds_by_what_is_there(tmp_path):
    path = write(tmp_path, "mine.jsonl", [
        {"id": "a", "question": "?", "function": [AREA], "ground_truth": [TRIANGLE]},
        {"id": "b", "question": "?", "function": [AREA, PLAY], "ground_truth": [TRIANGLE]},
        {"id": "c", "question": "?", "function": [AREA], "ground_truth": [TRIANGLE, TRIANGLE]},
        {"id": "d", "question": "?", "function": [AREA, PLAY], "ground_truth": [TRIANGLE, TRIANGLE]},
        {"id": "live_simple_3-2-1", "question": "?", "function": [AREA], "ground_truth": [TRIANGLE]},
    ])  # fmt: skip
    assert [one.kind for one in read_bfcl(path)] == ["simple", "multiple", "parallel", "parallel_multiple", "simple"]


def test_irrelevance_and_relevance_need_no_answers(tmp_path):
    def read(file, name):
        entry = {"question": ask("Sing!"), "function": [AREA]} | ({"id": name} if name else {})
        (problem,) = read_bfcl(write(tmp_path, file, [entry]))
        return problem.kind, problem.answers

    assert read("BFCL_v3_irrelevance.json", "irrelevance_0") == ("irrelevance", ())
    assert read("BFCL_v3_live_relevance.json", "live_relevance_0-0-0") == ("relevance", None)
    assert read("gorilla_openfunctions_v1_test_relevance.json", None) == ("irrelevance", ())


def test_some_problems_of_irrelevance_offer_no_function(tmp_path):
    entry = {"id": "live_irrelevance_120-13-0", "question": ask("Sing!"), "function": []}
    (problem,) = read_bfcl(write(tmp_path, "BFCL_v4_live_irrelevance.json", [entry]))
    assert problem.functions == problem.answers == ()


def test_words_of_categories_inside_other_words_do_not_count(tmp_path):
    path = write(tmp_path, "forest_simpler.json", [{"question": "?", "function": [AREA], "ground_truth": [TRIANGLE]}])
    assert read_bfcl(path)[0].kind == "simple"


def test_system_messages_are_kept(tmp_path):
    said = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Sing!"}]
    for question in (said, [said]):
        (problem,) = read_bfcl(
            write(tmp_path, "x_irrelevance.json", [{"id": "irrelevance_1", "question": question, "function": [AREA]}])
        )
        assert list(problem.messages) == said


def test_types_become_those_of_json_schema():
    schema = to_json_schema(PLAY["parameters"])
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema == {
        "type": "object",
        "properties": {
            "artist": {"type": "string"},
            "range": {"type": "array", "items": {"type": "integer"}},
            "options": {"type": "object", "properties": {"volume": {}}},
        },
        "required": ["artist"],
    }
    named_type = {"type": "object", "properties": {"type": {"type": "STRING"}, "items": {"type": ["float", "null"]}}}
    assert to_json_schema(named_type)["properties"] == {
        "type": {"type": "string"},
        "items": {"type": ["number", "null"]},
    }
    deep = {"type": "string"}
    for _ in range(5000):
        deep = {"type": "array", "items": deep}
    with pytest.raises(BenchError, match="levels deep"):
        to_json_schema(deep)


GOOD = {"id": "simple_1", "question": "?", "function": [AREA], "ground_truth": [TRIANGLE]}


def changed(**parameters):
    return [AREA | {"parameters": AREA["parameters"] | parameters}]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"question": None}, "'question'"),
        ({"question": " "}, "'question'"),
        ({"question": []}, "'question'"),
        ({"question": [{"role": "user"}]}, "'question'"),
        ({"question": [*ask("a"), *ask("b")]}, "2 turns"),
        ({"function": None}, "'function'"),
        ({"function": []}, "'function'"),
        ({"function": [{"parameters": {}}]}, r"'function\[0\].name'"),
        ({"function": [AREA, {"name": "f"}]}, r"'function\[1\].parameters'"),
        ({"function": changed(properties=[])}, r"'function\[0\].parameters'"),
        ({"function": changed(required="base")}, r"parameters.required'"),
        (
            {"function": changed(properties={"base": {"type": "date"}})},
            r"function\[0\].parameters.properties.base.type",
        ),
        ({"function": changed(properties={"base": "integer"})}, r"function\[0\].parameters.properties.base"),
        ({"ground_truth": None}, "'ground_truth'"),
        ({"ground_truth": []}, "'ground_truth'"),
        ({"ground_truth": ["f(1)"]}, "'ground_truth'"),
        ({"ground_truth": [{"other": {}}]}, "'other'"),
        ({"ground_truth": [{"geometry.area": {"base": 10}}]}, "ground_truth.geometry.area.base"),
        ({"id": "simple_java_3"}, "'java'"),
        ({"id": "multi_turn_base_3"}, "'multi_turn'"),
    ],
)
def test_errors_name_line_and_field(tmp_path, fields, says):
    path = write(tmp_path, "questions.json", [GOOD, GOOD | fields])
    with pytest.raises(BenchError, match=rf"questions.json', line 2: .*{says}") as caught:
        read_bfcl(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"id": 1\n', "line 1: no JSON"),
        (b"3\n", "line 1: a JSON object"),
        (b'[{"id": 1}, 2]', "entry 2: a JSON object"),
        (b"[" * 100_000, "no JSON"),
        (b"\x00\xff\xfe", "cannot be read"),
    ],
)
def test_files_that_are_no_json(tmp_path, content, says):
    path = tmp_path / "simple.json"
    path.write_bytes(content)
    with pytest.raises(BenchError, match=re.escape(says)):
        read_bfcl(path)
    with pytest.raises(BenchError, match="cannot be read"):
        read_bfcl(tmp_path / "absent.json")


KEYS = ["name", "parameters", "type", "properties", "required", "geometry.area", "role", "content"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.sampled_from(["dict", "name", "role"]),
    lambda v: st.lists(v, max_size=3) | st.dictionaries(st.sampled_from(KEYS), v, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.fixed_dictionaries({}, optional={"question": JSON, "function": JSON, "ground_truth": JSON, "id": JSON}))
def test_arbitrary_fields_are_a_problem_or_one_clear_error(tmp_path, fields):
    path = write(tmp_path, "any.json", [GOOD | fields])
    try:
        (problem,) = read_bfcl(path)
    except BenchError:
        return
    assert problem.messages
    assert problem.functions
