"""Every format of every page, and texts that come from elsewhere."""

import re
import shlex
from html.parser import HTMLParser
from importlib.metadata import entry_points

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bench import config
from leaderboards.paper import html, latex, markdown, terminal
from leaderboards.paper.model import Column, Entry, Line, Report, Section
from leaderboards.paper.pages import PAGES
from leaderboards.render.latex import SPECIAL
from leaderboards.render.text import plain

VOID = {"meta", "br"}
COLUMN = Column("adult", "xgboost_auc")


class Reader(HTMLParser):
    """Collects the texts of elements, and checks that every element is closed."""

    def __init__(self):
        super().__init__()
        self.open, self.texts, self.links = [], {}, []

    def handle_starttag(self, tag, attributes):
        self.links += [value for name, value in attributes if name in ("href", "src")]
        if tag not in VOID:
            self.open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        for tag in set(self.open):
            self.texts[tag][-1] += data


def read(text):
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert not reader.open
    return reader


def wide(text):
    return terminal.render(text, width=100, styled=False)


FORMATS = {"md": markdown.render, "latex": latex.render, "html": html.render, "terminal": wide}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("form", FORMATS)
def test_every_printed_number_is_written_with_its_certainty(reports, name, form):
    text = FORMATS[form]([reports[name]])
    text = re.sub(r"<abbr[^>]*>|</abbr>", "", text) if form == "html" else text
    for section in reports[name].sections:
        for line in section.lines:
            for one in line.entries.values():
                if line.kind == "printed":
                    assert f"{one.value} ({one.certainty})" in text


@pytest.mark.parametrize("name", PAGES)
def test_markdown_has_tables_of_equal_rows(reports, name):
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown.render([reports[name]]))
    rows, widths = 0, set()
    for token in tokens:
        if token.type == "tr_open":
            rows, cells = rows + 1, 0
        elif token.type in ("td_open", "th_open"):
            cells += 1
        elif token.type == "tr_close":
            widths.add(cells)
    assert rows == sum(len(section.lines) + 1 for section in reports[name].sections)
    assert widths == {len(section.columns) + 5 for section in reports[name].sections}


@pytest.mark.parametrize("name", PAGES)
def test_latex_has_balanced_groups_and_rows_of_equal_length(reports, name):
    text = re.sub(r"(?<!\\)%.*", "", latex.render([reports[name]]))
    assert balanced(text)
    assert re.findall(r"\\begin\{(.*?)\}", text).__len__() == re.findall(r"\\end\{(.*?)\}", text).__len__()
    for section, table in zip(reports[name].sections, text.split(r"\begin{tabular}")[1:], strict=True):
        body = table.split(r"\midrule")[1].split(r"\bottomrule")[0]
        rows = [row for row in body.split("\\\\\n") if row.strip()]
        assert len(rows) == len(section.lines)
        assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {len(section.columns) + 4}


def balanced(text):
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", text):
        depth += 1 if brace == "{" else -1
        assert depth >= 0
    return depth == 0


def test_html_is_whole_and_needs_nothing_beside_it(reports):
    reader = read(html.render(list(reports.values())))
    ids = set(re.findall(r'id="([^"]+)"', html.render(list(reports.values()))))
    assert len(ids) > len(PAGES)
    assert reader.links
    for link in reader.links:
        assert link.startswith("#")
        assert link[1:] in ids
    for word in ("<script", "@import", "url("):
        assert word not in html.render(list(reports.values()))


@pytest.mark.parametrize("width", [60, 100])
def test_the_terminals_lines_fit_but_for_commands(reports, width):
    text = terminal.render(list(reports.values()), width=width, styled=False)
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("bench run")]
    assert max(map(len, lines)) <= width
    assert "\x1b" not in text
    for report in reports.values():
        for _, command in report.commands:
            assert command in text


def test_a_narrow_terminal_loses_no_number(reports):
    def numbers(width):
        return sorted(re.findall(r"-?\d+\.\d+", wide_at(width)))

    def wide_at(width):
        return "\n".join(
            re.sub(r"\[[\d, ]+\]", "", line)
            for line in terminal.render([reports["density"]], width=width, styled=False).splitlines()
            if "(r)" in line or "±" in line
        )

    assert numbers(70) == numbers(120)


def foreign(text):
    line = Line(text, "printed", text, text, text, {COLUMN: Entry("0.5", certainty="r")}, verdict=text)
    section = Section("table", [COLUMN], [line])
    return [Report("main", "title", "question", [section], [text], [], [], [("caption", "bench run")])]


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).filter(plain)
NASTY = [
    "<script>alert(1)</script>",
    "a|b*_c_ `x` [y](z) &lt; #",
    r"\input{/etc/passwd} $x$ ~^%&#_{}",
    "\x1b[31mred\n\nx",
]


@settings(max_examples=60, deadline=None)
@given(text=TEXTS)
def test_html_shows_any_text_as_it_is(text):
    check_html(text)


@pytest.mark.parametrize("text", NASTY)
def test_html_shows_nasty_texts_as_they_are(text):
    check_html(text)


def check_html(text):
    reader = read(html.render(foreign(text)))
    assert reader.texts["td"][1] == plain(text)
    assert reader.texts["td"][-1] == plain(text)
    assert "script" not in reader.texts


@settings(max_examples=60, deadline=None)
@given(text=TEXTS)
def test_markdown_shows_any_text_as_it_is(text):
    check_markdown(text)


@pytest.mark.parametrize("text", NASTY)
def test_markdown_shows_nasty_texts_as_they_are(text):
    check_markdown(text)


def check_markdown(text):
    shown = read(MarkdownIt("commonmark").enable("table").render(markdown.render(foreign(text))))
    assert len(shown.texts["td"]) == 6
    assert shown.texts["td"][2] == plain(text)


@settings(max_examples=100, deadline=None)
@given(text=TEXTS)
def test_latex_leaves_no_command_in_any_text(text):
    check_latex(text)


@pytest.mark.parametrize("text", NASTY)
def test_latex_leaves_no_command_in_nasty_texts(text):
    check_latex(text)


def check_latex(text):
    escaped = latex.escape(text)
    known = {written: char for char, written in SPECIAL.items()}
    ours = "|".join(re.escape(written) for written in sorted(known, key=len, reverse=True))
    parts = re.findall(rf"{ours}|[^\\{{}}$&#%_^~]", escaped)
    # every piece is an escape of ours or a harmless character, and they say what the text says
    assert "".join(parts) == escaped
    said = "".join(known.get(part, part) for part in parts)
    assert said == plain(text)


@given(text=TEXTS)
@settings(max_examples=40, deadline=None)
def test_the_terminal_gets_no_control_character(text):
    assert all(char.isprintable() or char == "\n" for char in wide(foreign(text)))


def options_of(reports):
    for report in reports.values():
        assert report.commands
        for _, command in report.commands:
            words = shlex.split(command)
            assert words[:2] == ["bench", "run"]
            yield list(zip(words[2::2], words[3::2], strict=True))


def test_every_command_names_what_exists(reports):
    names = {kind: {one.name for one in entry_points(group=f"difflm_bench.{kind}")} for kind in KINDS.values()}
    for options in options_of(reports):
        for option, value in options:
            if option in KINDS:
                assert set(value.split(",")) <= names[KINDS[option]]
            else:
                assert option in ("--profile", "--set", "--judge-url")
        assert settings_of(options).data == "original"


@pytest.mark.slow
def test_every_command_sets_what_exists(reports):
    for options in options_of(reports):
        found = settings_of(options)
        for kind, chosen in (("generators", found.generators), ("evaluators", found.evaluators)):
            for name, values in chosen.items():
                (plug_in,) = entry_points(group=f"difflm_bench.{kind}", name=name)
                plug_in.load().Config(**values)


def settings_of(options):
    given_ = [value for option, value in options if option == "--set"]
    return config.settings(dict(options)["--profile"], config.parse_overrides(given_))


KINDS = {"--generator": "generators", "--dataset": "datasets", "--evaluator": "evaluators"}
