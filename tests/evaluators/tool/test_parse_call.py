"""Reading calls: every form, round trips, and whatever else a model writes."""

import json
import keyword

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import BenchError
from evaluators.tool.call import Call
from evaluators.tool.parse_call import DEEPEST, LONGEST, parse_calls

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True).filter(lambda name: not keyword.iskeyword(name))
DOTTED = st.lists(NAMES, min_size=1, max_size=3).map(".".join)
NUMBERS = st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | NUMBERS | st.text(max_size=8)
VALUES = st.recursive(SCALARS, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(max_size=4), v, max_size=3))
CALLS = st.lists(st.builds(Call, DOTTED, st.dictionaries(NAMES, VALUES, max_size=3)), max_size=3)


def same(found, written):
    """Equal with types: True is not 1, and 1 is not 1.0."""
    return repr(found) == repr(written)


@settings(max_examples=50)
@given(CALLS)
def test_json_round_trip(calls):
    plain = [{"name": call.name, "arguments": call.arguments} for call in calls]
    texts = [{"name": call.name, "arguments": json.dumps(call.arguments)} for call in calls]
    openai = {"tool_calls": [{"id": "x", "type": "function", "function": one} for one in texts]}
    assert same(parse_calls(json.dumps(plain)), calls)
    assert same(parse_calls(json.dumps(openai)), calls)
    assert same(parse_calls(f"```json\n{json.dumps(openai['tool_calls'], indent=1)}\n```"), calls)
    for call, one in zip(calls, plain, strict=True):
        assert same(parse_calls(json.dumps(one)), [call])


@settings(max_examples=50)
@given(CALLS)
def test_python_round_trip(calls):
    written = [f"{c.name}({', '.join(f'{name}={value!r}' for name, value in c.arguments.items())})" for c in calls]
    assert same(parse_calls(f"[{', '.join(written)}]"), calls)
    for call, text in zip(calls, written, strict=True):
        assert same(parse_calls(text), [call])


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("f()", {}),
        ("f(a=-1, b=-0.5, c=(1, 2), d=((1,), []))", {"a": -1, "b": -0.5, "c": (1, 2), "d": ((1,), [])}),
        ("f(a={'x': [True, None]}, b='it\\'s', c=n_users)", {"a": {"x": [True, None]}, "b": "it's", "c": "n_users"}),
        ("f(a='\\d')", {"a": "\\d"}),
        ("f(\n  a = 1,\n)", {"a": 1}),
        ('{"name": "f", "parameters": {"a": 1}}', {"a": 1}),
        ('{"name": "f"}', {}),
    ],
)
def test_forms(text, arguments):
    assert same(parse_calls(text), [Call("f", arguments)])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no calls"),
        ("I am sorry, no function fits.", "no calls"),
        ("[f(a=1), 2]", "something else"),
        ("f(1)", "by name"),
        ("f(*x)", "by name"),
        ("f(**x)", "by its name"),
        ("f(a=1, a=2)", "once"),
        ("f(a=1 + 1)", "no literal"),
        ("f(a=g())", "no literal"),
        ("f(a=b.c)", "no literal"),
        ("f(a=__import__('os').system('true'))", "no literal"),
        ("f(a=[x for x in y])", "no literal"),
        ("f(a=b'x')", "no literal"),
        ("f(a=1j)", "no literal"),
        ("f(a=...)", "no literal"),
        ("f(a={1: 2})", "keys"),
        ("f(a={**x})", "keys"),
        ("f()()", "no name"),
        ("(lambda: 1)()", "no name"),
        ("3", "name and arguments"),
        ('["f"]', "name and arguments"),
        ('{"arguments": {}}', "name and arguments"),
        ('{"name": "", "arguments": {}}', "name and arguments"),
        ('{"name": "f", "arguments": [1]}', "must be an object"),
        ('{"name": "f", "arguments": "{"}', "not JSON"),
        ('{"name": "f", "arguments": {"a": NaN}}', "no calls|keys|no literal|something else"),
        (f"f(a=0x{'f' * 10_000})", "bits"),
        (f"f(a={'[' * (DEEPEST + 2)}{']' * (DEEPEST + 2)})", "levels"),
        ('{"name":"f","arguments":{"a":' + "[" * (DEEPEST + 2) + "]" * (DEEPEST + 2) + "}}", "levels"),
        ("[" * 50_000, "no calls"),
        ("f(a=" + "-" * 90_000 + "1)", "no calls|no literal"),
        ("f(a=" + "(" * 40_000 + ")" * 40_000 + ")", "no calls"),
        ("a" + ".a" * 40_000 + "()", "no calls"),
        ('{"name":"f","arguments":' + '{"a":' * 15_000 + "1" + "}" * 15_000 + "}", "no calls|levels"),
        ("x" * (LONGEST + 1), "characters"),
        ("f(a='\x00')", "no calls"),
        ("f(a=" + "9" * 5000 + ")", "no calls"),
    ],
)
def test_what_is_no_call_ends_in_one_line(text, says):
    with pytest.raises(BenchError, match=says) as caught:
        parse_calls(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


@given(st.text() | st.text(alphabet="[](){}'\"\\=,:.-1aftrue \n", max_size=40))
def test_arbitrary_text_is_calls_or_one_clear_error(text):
    try:
        calls = parse_calls(text)
    except BenchError:
        return
    assert all(call.name for call in calls)
