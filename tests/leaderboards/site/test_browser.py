"""The site in a real browser: Chromium, found by BENCH_CHROMIUM or on the path, driven by playwright."""

import os
import re
import shutil

import pytest

import leaderboards
from tests.leaderboards.conftest import Store
from tests.leaderboards.site.conftest import SHAPE, fill

pytestmark = pytest.mark.browser

NAMES = ["chromium", "google-chrome", "chromium-browser"]
SCRIPT, IMAGE = "<script>alert(1)</script>", '"><img src=x onerror="alert(1)">'
ADULT = "#dataset/adult-demo-demo-harness"


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = os.environ.get("BENCH_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("no browser; name one in BENCH_CHROMIUM")
    with playwright.sync_playwright() as driver:
        # Chromium's own sandbox refuses to run as root, as tests do in containers
        opened = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    path = tmp_path_factory.mktemp("site") / "leaderboard.html"
    path.write_text(leaderboards.html(fill(Store()).connection), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def opened(browser, address):
    """Opens the page in a context of its own; fails at the end where the browser complained."""
    complaints, contexts = [], []

    def open_(route="", where=address, **options):
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: (complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: request.url.startswith("file://") or complaints.append(request.url))
        page.goto(where + route)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


def board(page, place=0):
    return page.locator("#start .dataset .board").nth(place)


def names(table):
    return table.locator("tbody tr:visible th").all_inner_texts()


def visible(page):
    return [one.get_attribute("id") for one in page.locator(".page:visible").all()]


def test_it_opens_from_disk_on_its_start_page(opened):
    page = opened()
    assert page.title() == "Synthetic data leaderboard"
    assert visible(page) == ["start"]
    assert page.locator(".filters").is_visible()


def test_sorting_is_by_value_both_ways_and_back(opened):
    table = board(opened())
    ranked = names(table)
    head = table.locator(".heads th", has_text="shape error")
    values = lambda: [  # noqa: E731
        float(re.match(r"[\d.]+", text)[0]) for text in table.locator(".competitors td:nth-child(2)").all_inner_texts()
    ]
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    # 5.25 and 9.02 would come behind 10 as texts
    assert values() == sorted(values())
    assert max(values()) > 9
    head.locator("button").press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert values() == sorted(values(), reverse=True)
    assert names(table)[-3:] == ["real ceiling", "marginals floor", "holdout reference"]
    head.locator("button").press("Space")
    assert head.get_attribute("aria-sort") is None
    assert names(table) == ranked


def test_sorting_puts_the_better_first_and_the_missing_last(opened):
    table = board(opened())
    auc = table.locator(".heads th", has_text="xgboost AUC")
    without = ["tvae #first", "tvae #second"]
    for direction, order in [("descending", ["smote", "copula", "ctgan"]), ("ascending", ["ctgan", "copula", "smote"])]:
        auc.locator("button").click()
        assert auc.get_attribute("aria-sort") == direction
        assert names(table)[:3] == order
        assert sorted(names(table)[3:5]) == without
    assert len(table.locator("[aria-sort]").all()) == 1
    table.locator(".heads th").first.locator("button").click()
    assert table.locator(".heads th").first.get_attribute("aria-sort") == "ascending"
    sorted_names = names(table)[:-3]
    assert sorted_names == sorted(sorted_names)


def test_filters_leave_what_is_asked_for_and_say_how_much(opened):
    page = opened()
    count = page.locator("#count")
    assert count.get_attribute("aria-live") == "polite"
    assert "2 of 2 datasets" in count.inner_text()
    page.fill("#filter-generator", "CTG")
    assert names(board(page))[0].startswith("ctgan")
    assert len(names(board(page))) == 4
    assert "1 of 7 rows" in count.inner_text()
    page.fill("#filter-generator", "")
    page.select_option("#filter-dataset", label="magic")
    assert [one.inner_text() for one in page.locator("#start .dataset:visible h3").all()] == ["magic"]
    page.select_option("#filter-dataset", "")
    page.select_option("#filter-family", "cost")
    assert board(page).locator(".heads th:visible").count() == 3
    assert board(page).locator("tbody tr").first.locator("td:visible").count() == 2
    assert "4 of " in count.inner_text()


def test_routes_show_one_page_each(opened):
    page = opened(ADULT)
    assert visible(page) == [ADULT[1:]]
    assert page.title().startswith("adult · ")
    page.locator(f'[id="{ADULT[1:]}"] a', has_text="smote").first.click()
    assert visible(page) == ["generator/smote"]
    assert page.evaluate("document.activeElement.tagName") == "H2"
    page.go_back()
    assert visible(page) == [ADULT[1:]]
    page.locator("nav summary", has_text="Datasets").click()
    page.locator("nav a", has_text="magic").click()
    assert visible(page) == ["dataset/magic-demo-demo-harness"]
    assert page.locator("nav details[open]").count() == 0
    page.locator("nav a", has_text="Runs").click()
    assert "0123abc" in page.locator("#runs").inner_text()
    page.evaluate("location.hash = '#nowhere'")
    page.wait_for_selector("#start:visible")


def test_a_number_leads_to_its_cells_by_keyboard(opened):
    page = opened()
    row = board(page).locator("tr", has_text="ctgan")
    button = row.locator("button").first
    button.focus()
    page.keyboard.press("Enter")
    dialog = page.locator("dialog")
    assert dialog.is_visible()
    text = dialog.inner_text()
    for part in ("ctgan on adult", "harness v1", "counts as the floor", "failed (timeout): took longer than 60 s",
                 "adult-demo-demo-ctgan-c-", "run1", "0123abc", "2.4.6", "cpu"):  # fmt: skip
        assert part in text
    for _ in range(5):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert button.evaluate("button => button === document.activeElement")
    row.locator("td", has_text="1,234.5").locator("button").click()
    assert "The stage fit of every cell" in dialog.inner_text()
    dialog.locator("button", has_text="Close").click()
    assert not dialog.is_visible()


def test_every_number_of_a_dataset_page_has_a_dialog(opened):
    page = opened(ADULT)
    buttons = page.locator(".page:visible .value")
    assert buttons.count() > 20
    for button in buttons.all():
        button.evaluate("button => button.click()")
        assert page.locator("dialog table tbody tr").count() >= 1
        page.keyboard.press("Escape")


@pytest.mark.parametrize("text", [SCRIPT, IMAGE])
def test_foreign_text_stays_text_everywhere(opened, tmp_path, text):
    path = tmp_path / "hostile.html"
    filled = fill(Store(), rival=text, dataset=text, error=text, command=text)
    path.write_text(leaderboards.html(filled.connection), encoding="utf-8")
    page = opened(where=path.as_uri())
    assert text in names(board(page)) + names(board(page, 1))
    for button in page.locator("#start .value").all()[::7]:
        button.evaluate("button => button.click()")
        page.keyboard.press("Escape")
    for link in page.locator("nav a").all():
        page.evaluate("hash => { location.hash = hash }", link.get_attribute("href"))
    assert page.locator("img").count() == 0
    assert page.evaluate("document.scripts.length") == 3
    page.evaluate("location.hash = '#runs'")
    assert page.locator("#runs code", has_text=text).count() == 1


def test_the_theme_follows_the_system_until_it_is_chosen(opened):
    page = opened(color_scheme="dark")
    ground = lambda: page.evaluate("getComputedStyle(document.documentElement).backgroundColor")  # noqa: E731
    assert ground() == "rgb(21, 23, 26)"
    page.emulate_media(color_scheme="light")
    assert ground() == "rgb(255, 255, 255)"
    page.click("text=Dark theme")
    assert ground() == "rgb(21, 23, 26)"
    page.reload()
    assert ground() == "rgb(21, 23, 26)"
    page.click("text=Light theme")
    assert ground() == "rgb(255, 255, 255)"


@pytest.mark.parametrize("route", ["", ADULT, "#generator/ctgan", "#runs"])
def test_a_phone_scrolls_the_page_in_one_direction_only(opened, route):
    page = opened(route, viewport={"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.evaluate("document.querySelector('.page:not([hidden]) .value')?.click()")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_name_above_a_column_is_broken_only_where_it_is_long(opened, tmp_path):
    store, names = Store(), [f"tabddpm{number}" for number in range(8)] + ["x" * 90]
    for dataset in ("adult", "magic"):
        for place, name in enumerate(names):
            store.cell(name, {SHAPE: 1.0 + place}, dataset=dataset, stderr=0.1)
    path = tmp_path / "leaderboard.html"
    path.write_text(leaderboards.html(store.connection), encoding="utf-8")
    page = opened(where=path.as_uri(), viewport={"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    heads = page.locator(".win thead th")
    # a line of text is one rectangle
    lines = """head => {
        const range = document.createRange();
        range.selectNodeContents(head);
        return range.getClientRects().length;
    }"""
    counts = {head.inner_text(): head.evaluate(lines) for head in heads.all()}
    assert counts.pop(names[-1]) > 1
    assert counts == dict.fromkeys(names[:-1], 1)


def test_first_column_and_header_stay_in_sight(opened):
    page = opened(viewport={"width": 360, "height": 420})
    region = page.locator("#start .dataset .wide").first
    region.evaluate("region => region.scrollTo(200, 60)")
    at = lambda locator: locator.bounding_box()  # noqa: E731
    left, top = at(region)["x"], at(region)["y"]
    assert at(region.locator("tbody th").first)["x"] == pytest.approx(left, abs=1)
    assert at(region.locator(".families td"))["y"] == pytest.approx(top, abs=1)


def test_without_javascript_it_is_one_long_page(opened):
    page = opened(java_script_enabled=False)
    assert len(visible(page)) > 8
    assert not page.locator(".filters").is_visible()
    assert page.locator("button:visible").count() == 0
    assert page.locator(ADULT.replace("#dataset/", "[id='dataset/") + "'] tbody tr").count() > 5
    assert page.locator("#runs:visible").inner_text().count("bench run") == 1


def test_the_skip_link_leaves_the_page_as_it_is(opened):
    page = opened()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the results"
    page.evaluate("hash => { location.hash = hash }", ADULT)
    page.wait_for_selector(f"[id='{ADULT[1:]}']:visible")
    page.locator(".skip").press("Enter")
    assert visible(page) == [ADULT[1:]]
    assert page.evaluate("document.activeElement.id") == "main"


def test_nothing_moves_by_itself(opened):
    page = opened(ADULT)
    assert page.evaluate("document.getAnimations().length") == 0
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    moving = """[...document.querySelectorAll("*")].filter((one) => {
        const style = getComputedStyle(one);
        return style.animationName !== "none" || style.transitionDuration !== "0s";
    }).length"""
    assert page.evaluate(moving) == 0


def test_going_back_returns_to_where_the_page_was_left(opened):
    page = opened(viewport={"width": 800, "height": 300})
    link = page.locator("#start .dataset").nth(1).locator("tbody a").first
    link.scroll_into_view_if_needed()
    place = page.evaluate("scrollY")
    assert place > 100
    link.click()
    assert page.evaluate("scrollY") == 0
    page.go_back()
    page.wait_for_selector("#start:visible")
    assert page.evaluate("scrollY") == pytest.approx(place, abs=2)


def test_print_shows_whole_tables_in_light(opened):
    page = opened(ADULT, color_scheme="dark")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator(".page:visible .wide").first.evaluate("one => getComputedStyle(one).overflow") == "visible"
    assert not page.locator("nav").is_visible()
