import re

from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboards.site.routes import routes


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(), st.text()), unique=True))
def test_routes_are_unique_and_need_no_escaping(names):
    found = routes("dataset", names)
    assert len(set(found)) == len(names)
    assert all(re.fullmatch(r"dataset/[A-Za-z0-9_.-]+", route) for route in found)


def test_a_plain_name_is_its_route_and_equal_ones_are_numbered():
    assert routes("generator", [("difflm",)]) == ["generator/difflm"]
    assert routes("dataset", [("a", "b"), ("a b",), ("a", "b"), ("日本", "")]) == [
        *("dataset/a-b", "dataset/a-b-2", "dataset/a-b-3", "dataset/unnamed-unnamed"),
    ]
