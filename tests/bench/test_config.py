"""Profiles, overrides, and what is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import config, profiles
from bench.errors import BenchError


@pytest.mark.parametrize("name", profiles.names())
def test_every_profile_holds_known_settings_and_known_options_of_evaluators(name):
    from bench.choose import choose

    settings = config.settings(name)
    assert settings.summary
    choose("evaluators", settings.evaluators, settings.evaluators)


@given(st.one_of(st.integers(-(2**60), 2**60), st.booleans(), st.lists(st.integers(0, 99)), st.text(min_size=1)))
def test_a_toml_value_comes_back(value):
    # a JSON number, boolean, list or ASCII string is also TOML
    text = json.dumps(value)
    if isinstance(value, str) and "\\u" in text:
        return
    assert config.parse_overrides([f"a.b={text}"]) == {"a.b": value}


def test_a_bare_word_is_text():
    assert config.parse_overrides(["data=original", "x= y = z "]) == {"data": "original", "x": "y = z"}


def test_overrides_reach_nested_tables():
    overrides = {"seeds": [3, 4], "generators.new.epochs": 2, "timeout_seconds.fit": 7}
    settings = config.settings("demo", overrides)
    assert settings.seeds == (3, 4)
    assert settings.generators["new"] == {"epochs": 2}
    assert settings.timeout_seconds.fit == 7
    assert settings.timeout_seconds.sample == config.settings("demo").timeout_seconds.sample


def test_a_seed_that_comes_twice_counts_once():
    settings = config.settings("demo", {"seeds": [3, 0, 3], "split_seeds": [1, 1]})
    assert (settings.seeds, settings.split_seeds) == ((3, 0), (1,))


@pytest.mark.parametrize("seconds", ["inf", "1e300"])
def test_a_limit_without_an_end_is_none(seconds):
    overrides = config.parse_overrides([f"timeout_seconds.fit={seconds}"])
    assert config.settings("demo", overrides).timeout_seconds.fit is None
    assert json.loads(config.settings("demo", overrides).model_dump_json())["timeout_seconds"]["fit"] is None


@pytest.mark.parametrize("text", ["seeds", "=3", "a..b=3", ""])
def test_an_override_without_name_or_value_is_refused(text):
    with pytest.raises(BenchError, match="name=value"):
        config.parse_overrides([text])


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"seedz": [1]}, "setting 'seedz' is not known; did you mean 'seeds'?"),
        ({"timeout_seconds.fitt": 1}, "setting 'fitt' is not known; did you mean 'fit'?"),
        ({"seeds": "abc"}, "setting 'seeds'"),
        ({"seeds": []}, "setting 'seeds'"),
        ({"seeds": [-1]}, "setting 'seeds.0'"),
        ({"seeds": [0, 2**31]}, "setting 'seeds.1': input should be less than 2147483648, not 2147483648"),
        ({"split_seeds": [3_000_000_000]}, "setting 'split_seeds.0': input should be less than 2147483648, not"),
        ({"timeout_seconds.fit": float("nan")}, "setting 'timeout_seconds.fit': .*, not nan"),
        ({"data": "originl"}, "setting 'data'.*'demo' or 'original'"),
        ({"seeds.first": 1}, "'seeds' holds a value"),
        ({"generators.difflm": 3}, "setting 'generators.difflm'"),
    ],
)
def test_bad_settings_are_named(overrides, message):
    with pytest.raises(BenchError, match=message.replace("?", r"\?")) as caught:
        config.settings("demo", overrides)
    assert "\n" not in str(caught.value)


def test_an_unknown_profile_has_a_nearest_one():
    with pytest.raises(BenchError, match="profile 'dmo' is not known; did you mean 'demo'"):
        config.settings("dmo")
