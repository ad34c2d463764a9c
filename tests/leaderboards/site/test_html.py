import base64
import hashlib
import json
import re
from collections import Counter
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import leaderboards
from bench.errors import BenchError
from leaderboards.aggregate import tables
from leaderboards.rank import rank
from leaderboards.site.html import embedded
from tests.leaderboards.conftest import Store
from tests.leaderboards.site.conftest import SHAPE, Page, fill

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</script><script>alert(1)</script>",
    "<!-- --><style>*{display:none}</style>",
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt;&amp;",
    "]]>\u2028*/ //",
]


@pytest.fixture(scope="module")
def text():
    return leaderboards.html(fill(Store()).connection)


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def of(**texts):
    return Page(leaderboards.html(fill(Store(), **texts).connection))


def test_every_number_of_the_terminals_table_stands_in_the_page(filled, page):
    lines = leaderboards.terminal(filled.connection, styled=False).splitlines()
    grids = [line for line in lines if not re.match(r"demo data|sorted|[±†‡*ˢ] |.* failed in|whether|best trade", line)]
    numbers = set(re.findall(r"±?-?\d+(?:,\d{3})*(?:\.\d+)?[†‡ˢ]*", " ".join(grids)))
    assert len(numbers) > 20
    assert {"0.50", "1,234.5", "5.25†‡"} <= numbers
    assert numbers <= page.words


def test_metrics_choose_the_columns_of_the_start_page(filled):
    page = Page(leaderboards.html(filled.connection, metrics=["linear_r2"]))
    heads = [one["text"] for one in page.all("th", scope="col") if "data-family" in one["attributes"]]
    assert {re.split(r"\s", head)[0] for head in heads} >= {"linear"}
    assert not any("shape" in head for head in heads)
    assert "-0.2500‡" in [one["text"] for one in page.all("td")]


def test_only_the_best_of_a_ranked_column_is_bold(filled, page):
    ranked = [rank(table) for table in tables(filled.connection)]
    best = sum(len(row.best) for table in ranked for row in table.rows)
    assert best > 0
    on_start = [one for one in page.all("strong") if "start" in one["within"]]
    assert len(on_start) == best
    assert len(page.all("strong")) > best


FIELDS = ["rival", "dataset", "error", "command"]


@pytest.mark.parametrize("texts", [HOSTILE[:4], HOSTILE[4:]])
def test_foreign_text_stays_text(page, texts):
    hostile = of(**dict(zip(FIELDS, texts, strict=True)))
    for count in (tags, attributes):
        assert count(hostile) == count(page)
    for text in texts:
        assert text in hostile.all("main")[0]["text"]
        assert json.dumps(text) in json.dumps(hostile.json("evidence"))


def tags(page):
    return Counter(one["tag"] for one in page.elements)


def attributes(page):
    return Counter(name for one in page.elements for name in one["attributes"])


NAMES = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=12).filter(str.strip)


@settings(max_examples=3, deadline=None)
@given(st.lists(NAMES, min_size=4, max_size=8, unique=True))
def test_any_name_comes_back_as_it_was(page, names):
    known = set(tags(page))
    store = Store()
    for name in names:
        store.cell(f"g{name}", {SHAPE: 1.0}, dataset=f"d{names[0]}")
    named = Page(leaderboards.html(store.connection))
    assert {f"g{name}".strip() for name in names} <= {one["text"].strip() for one in named.all("th", scope="row")}
    assert f"d{names[0]}".strip() in [one["text"].strip() for one in named.all("h3")]
    assert set(tags(named)) <= known
    assert {row[0] for row in named.json("evidence")["tables"][0]["rows"]} == {f"g{name}" for name in names}


def test_links_labels_and_descriptions_lead_somewhere(page):
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    for attribute in ("aria-labelledby", "for"):
        assert {name for value in page.values(attribute) for name in value.split()} <= set(ids)
    links = page.values("href")
    assert len(links) > 20
    assert {link.removeprefix("#") for link in links} <= set(ids)
    assert {"dataset/adult-demo-demo-harness", "generator/smote", "runs", "start"} <= set(ids)


def test_a_dataset_that_occurs_twice_has_two_pages(store):
    for variant, profile in [("demo", "demo"), ("original", "cpu"), ("original", "paper")]:
        store.cell("smote", {SHAPE: 1.0}, variant=variant, profile=profile)
    ids = Page(leaderboards.html(store.connection)).values("id")
    assert [one for one in ids if one.startswith("dataset/")] == [
        *(
            "dataset/adult-demo-demo-harness",
            "dataset/adult-original-cpu-harness",
            "dataset/adult-original-paper-harness",
        ),
    ]


def test_nothing_is_loaded_from_elsewhere(text, page):
    assert page.values("src") == []
    assert all(link.startswith("#") for link in page.values("href"))
    assert not page.all("link")
    assert "@import" not in text
    assert "url(" not in text
    assert not re.search(r"(fetch|XMLHttpRequest|import)\(", text)
    assert set(re.findall(r"https?://[^\s\"'<]+", text)) <= {"http://www.w3.org/2000/svg"}


def test_the_policy_allows_only_the_pages_own_style_and_script(page):
    (policy,) = [one["attributes"]["content"] for one in page.all("meta") if "http-equiv" in one["attributes"]]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    (style,) = page.all("style")
    (script,) = [one for one in page.all("script") if "type" not in one["attributes"]]
    for rule, element in [("style-src", style), ("script-src", script)]:
        digest = base64.b64encode(hashlib.sha256(element["text"].encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"
    assert "unsafe" not in policy
    # such a policy drops these, and so would a reader of the page lose what they carry
    assert page.values("style") == []
    assert not [name for one in page.elements for name in one["attributes"] if name.startswith("on")]


def test_headings_landmarks_and_tables_are_marked_up(page):
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("nav")) == 1
    assert all(one["attributes"].get("scope") for one in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table")) > 10
    regions = [one["attributes"] for one in page.all(role="region")]
    assert all(one["tabindex"] == "0" and ("aria-labelledby" in one or "aria-label" in one) for one in regions)
    assert not [one for one in page.all("section") if "hidden" in one["attributes"]]
    assert page.elements[0]["attributes"] == {"lang": "en"}


def test_failures_are_told_with_their_reason(page):
    told = " ".join(page.all("main")[0]["text"].split())
    assert "ctgan failed in fit (timeout): took longer than 60 s" in told
    assert "failed cells count as the floor" in told
    assert any("took longer than 60 s" in one["text"] for one in page.all("td"))


def test_several_configurations_share_the_page_of_their_generator(page):
    assert page.values("id").count("generator/tvae") == 1
    heads = {one["text"].split("\n")[0].strip() for one in page.all("th", scope="row")}
    assert {"tvae #first", "tvae #second"} <= heads


def test_the_same_rows_in_any_order_give_the_same_page(store, text):
    fill(store)
    store.waiting = {table: dict(reversed(rows.items())) for table, rows in store.waiting.items()}
    assert leaderboards.html(store.connection) == text


@pytest.mark.parametrize(("run", "metrics"), [("run9", ()), (None, ["xgboost_aux"])])
def test_what_is_not_known_is_refused(filled, run, metrics):
    with pytest.raises(BenchError, match="is not known"):
        leaderboards.html(filled.connection, run, metrics=metrics)


def test_an_empty_store_is_refused(store):
    with pytest.raises(BenchError, match="no results yet"):
        leaderboards.html(store.connection)


def test_a_store_where_everything_failed_has_a_page(store):
    store.cell("ctgan", failed=("fit", "memory", "out of memory"))
    page = Page(leaderboards.html(store.connection))
    assert "out of memory" in page.all("main")[0]["text"]


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [0, 1])
@pytest.mark.parametrize("ground", ["paper", "soft"])
@pytest.mark.parametrize("text", ["ink", "muted", "accent", "real", "synthetic", "holdout"])
def test_texts_stand_out_from_their_ground(theme, ground, text):
    style = resources.files("leaderboards.site").joinpath("style.css").read_text()
    found = re.findall(r"--(\w+): light-dark\((#\w{6}), (#\w{6})\)", style)
    colours = {name: pair[theme] for name, *pair in found}
    one, other = sorted([luminance(colours[text]), luminance(colours[ground])])
    assert (other + 0.05) / (one + 0.05) >= 4.5


def test_scripts_and_style_can_stand_inside_their_elements():
    folder = resources.files("leaderboards.site")
    files = [one for one in folder.iterdir() if one.name.endswith((".js", ".css"))]
    assert len(files) > 3
    for one in files:
        text = one.read_text(encoding="utf-8")
        assert not re.search(r"</|<!--", text), one.name
        assert "innerHTML" not in text
        assert text.count("\n") < 400


def test_json_in_the_page_holds_no_tag_and_no_entity():
    hostile = {"</script>&<!--": ["\u2028\u2029 ]]>"]}
    written = embedded(hostile)
    assert not set("<>&\u2028\u2029") & set(written)
    assert json.loads(written) == hostile


def test_the_comparison_says_what_its_numbers_rest_on():
    store = Store()
    for dataset in ("adult", "magic"):
        store.cell("smote", {SHAPE: 1.0, "xgboost_auc": 0.9}, dataset=dataset, stderr=0.1)
        store.cell("tvae", {SHAPE: 2.0}, dataset=dataset, stderr=0.1)
    words = " ".join(one["text"] for one in Page(leaderboards.html(store.connection)).all("li"))
    assert "intervals rest on the scores' own standard errors: adult, magic" in words
    assert "not computed for them or is not defined: tvae" in words
    assert "best trade-offs of quality against seconds" in words


def test_a_generators_settings_are_told_for_every_configuration():
    store = Store()
    for dataset, epochs in (("adult", 1), ("magic", 300)):
        store.cell("tvae", {SHAPE: 1.0}, dataset=dataset, config=f"{epochs:08}", options=f'{{"epochs": {epochs}}}')
    page = Page(leaderboards.html(store.connection))
    assert {"tvae #000000", "tvae #000003"} <= {one["text"] for one in page.all("h4")}
    assert {"1", "300"} <= {one["text"] for one in page.all("dd")}


def test_versions_of_a_datasets_data_are_told_apart():
    store = Store()
    for digest in ("aaaaaaaa", "bbbbbbbb"):
        store.cell("tvae", {SHAPE: 1.0}, digest=digest)
    page = Page(leaderboards.html(store.connection))
    assert [one["text"] for one in page.all("option")][:3] == ["all", "adult #aaaaaa", "adult #bbbbbb"]
    assert {"adult #aaaaaa", "adult #bbbbbb"} <= {one["text"] for one in page.all("h2")}


def test_a_column_with_a_best_value_is_sorted_by_the_distance_from_it():
    store = Store()
    for name, value in (("copier", 0.35), ("ideal", 0.501), ("far", 0.8)):
        store.cell(name, {"c2st_xgboost_auc": value}, higher=False, stderr=0.001)
    page = Page(leaderboards.html(store.connection))
    keys = {
        one["text"].split()[0]: one["attributes"].get("data-s")
        for one in page.all("td")
        if "data-v" in one["attributes"]
    }
    assert [float(keys[text]) for text in ("0.3500", "0.5010", "0.8000")] == pytest.approx([0.15, 0.001, 0.3])
    (head,) = [one["text"] for one in page.all("th") if one["text"].startswith("C2ST") and "start" in one["within"]]
    assert head.split() == ["C2ST", "AUC", "→", "0.5", "best", "at", "0.5"]
