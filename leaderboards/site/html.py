"""A store as one HTML file that opens from disk: nothing in it is fetched, and no script runs but its own."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any

import duckdb
import jinja2
from markupsafe import Markup

from leaderboards.aggregate import SENTINELS, Table, tables
from leaderboards.columns import ALL, Column, check_metrics, select
from leaderboards.overall import MeanRank, Overall, overall
from leaderboards.overall.blocks import COMPARABLE, label
from leaderboards.overall.pictures import critical_difference_svg, front_svg
from leaderboards.rank import rank
from leaderboards.render import over_datasets
from leaderboards.site import shown, view
from leaderboards.site.evidence import Evidence, key
from leaderboards.site.figures import figures
from leaderboards.site.routes import routes

FOLDER = resources.files("leaderboards.site")
SCRIPTS = ["drawing.js", "figures.js", "tables.js", "provenance.js", "site.js"]
TITLE = "Synthetic data leaderboard"


@dataclass(frozen=True)
class Group:
    """Tables that compare: one family of datasets from one source, one split protocol, one profile."""

    family: str
    variant: str
    split: str
    profile: str
    pages: list[shown.Dataset]
    overall: Overall | None
    routes: Mapping[str, str]

    @property
    def title(self) -> str:
        return f"{self.family} · {self.variant} data · profile {self.profile} · {self.split} split"

    def route(self, name: str) -> str:
        """Address of a generator by the name of its row, which may end in its config."""
        return self.routes.get(name) or self.routes[name.rpartition(" #")[0]]

    @property
    def critical(self) -> Picture | None:
        if self.overall is None or self.overall.critical is None:
            return None
        return Picture("Critical difference", Markup(critical_difference_svg(self.overall.critical)))

    def leads(self, rank: MeanRank) -> bool:
        return self.overall is not None and over_datasets.leads(self.overall, rank)

    @property
    def remarks(self) -> list[str]:
        return [] if self.overall is None else over_datasets.remarks(self.overall, view.BEST)

    @property
    def fronts(self) -> list[Picture]:
        if self.overall is None:
            return []
        return [Picture(front.title, Markup(front_svg(front))) for front in self.overall.fronts]


@dataclass(frozen=True)
class Picture:
    """A drawing that stands in the page; what it shows is escaped already."""

    title: str
    svg: Markup


def render(connection: duckdb.DuckDBPyConnection, run_id: str | None = None, *, metrics: Sequence[str] = ()) -> str:
    """The page; arguments and errors as of `leaderboards.terminal`."""
    every = tables(connection, run_id, [ALL])
    evidence = Evidence(connection, run_id)
    check_metrics(evidence.scores, metrics)
    main, full = [], []
    for table in every:
        evaluators = evidence.evaluators(table)
        columns = together(select(table.columns, metrics), evaluators)
        main.append(rank(replace(table, columns=columns)))
        whole = rank(replace(table, columns=together(table.columns, evaluators, first=columns)))
        full.append(in_order(whole, main[-1]))
    found = evidence.to_dict(full)
    names = sorted({row.generator for table in main for row in table.rows}, key=lambda name: (name in SENTINELS, name))
    addresses = dict(zip(names, routes("generator", [(name,) for name in names]), strict=True))
    places = routes("dataset", [(table.dataset, table.variant, table.profile, table.split) for table in main])
    pictures = pictured(figures(connection, run_id), main)
    pages = [
        view.dataset(label(first, alike(first, main)), place, first, whole, route, evidence, addresses, pictures[place])
        for place, (first, whole, route) in enumerate(zip(main, full, places, strict=True))
    ]
    generators = [view.generator(name, addresses[name], pages, full, evidence, addresses) for name in names]
    return fill(
        groups=grouped(pages, overall(main), addresses),
        pages=pages,
        generators=generators,
        competing=sum(name not in SENTINELS for name in names),
        families=list(dict.fromkeys(head.family for page in pages for head in page.main.headings)),
        evidence=found,
        figures=pictures,
        runs=runs(found),
        newest=str(evidence.stages["finished_at"].max())[:16],
    )


def together(columns: Sequence[Column], evaluators: Mapping[str, str], first: Sequence[Column] = ()) -> list[Column]:
    """Columns with those of one evaluator side by side, evaluators as they come in `first` and then in `columns`."""
    order = list(dict.fromkeys(evaluators.get(column.metric, "") for column in [*first, *columns]))
    return sorted(columns, key=lambda column: order.index(evaluators.get(column.metric, "")))


def alike(table: Table, every: Sequence[Table]) -> list[Table]:
    """The tables that compare with one, itself among them."""
    return [other for other in every if all(getattr(other, name) == getattr(table, name) for name in COMPARABLE)]


def pictured(
    drawn: Mapping[tuple[str, ...], Mapping[str, dict[str, Any]]], tables: Sequence[Table]
) -> list[dict[str, dict[str, Any]]]:
    """For each table, the pictures of those rows that have some, in the order of the rows."""
    found = []
    for table in tables:
        own = drawn.get(key(table), {})
        found.append({row.name: own[row.name] for row in table.rows if own.get(row.name)})
    return found


def in_order(table: Table, like: Table) -> Table:
    """The table with its rows in the order of another one of the same rows."""
    order = {row.name: place for place, row in enumerate(like.rows)}
    return replace(table, rows=sorted(table.rows, key=lambda row: order[row.name]))


def grouped(pages: Sequence[shown.Dataset], compared: Sequence[Overall], addresses: Mapping[str, str]) -> list[Group]:
    found: dict[tuple[str, str, str, str], list[shown.Dataset]] = {}
    for page in pages:
        table = page.table
        found.setdefault((table.family, table.variant, table.split, table.profile), []).append(page)
    worth = {(one.family, one.variant, one.split, one.profile): one for one in compared if one.worth_showing}
    return [Group(*kind, own, worth.get(kind), addresses) for kind, own in found.items()]


def runs(evidence: dict[str, Any]) -> list[dict[str, Any]]:
    """The runs that computed what is shown or found it finished, newest first; absent parts are None."""
    pool = evidence["pool"]
    used = {(stage[8], stage[9]) for cell in evidence["cells"] for stage in cell[5].values()}
    fields = ["profile", "command", "host", "versions", "commit"]
    found = []
    for place, (run, started, *rest) in enumerate(evidence["runs"]):
        if {(place, 0), (place, 1)} & used:
            parts = {field: None if at is None else listed(pool[at]) for field, at in zip(fields, rest, strict=True)}
            found.append({"run": run, "started": started, "found": (place, 1) in used, **parts})
    return found[::-1]


def listed(value: Any) -> str:
    """A record as one line of text."""
    if not isinstance(value, dict):
        return str(value)
    return ", ".join(f"{name} {listed(own)}" for name, own in value.items())


def fill(**values: Any) -> str:
    """The templates filled in, with style and script inside and the policy that allows these alone."""
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: text(f"pages/{name}")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, script = text("style.css"), "\n".join(text(name) for name in SCRIPTS)
    policy = (
        f"default-src 'none'; style-src {allowed(style)}; script-src {allowed(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    data = {name: embedded(values.pop(name)) for name in ("evidence", "figures")}
    return environment.get_template("site.html").render(
        title=TITLE,
        policy=policy,
        style=Markup(style),
        script=Markup(script),
        **data,
        **values,
    )


def text(name: str) -> str:
    return FOLDER.joinpath(name).read_text(encoding="utf-8")


def allowed(content: str) -> str:
    """A content security policy's source for one inline element."""
    digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def embedded(data: Any) -> Markup:
    """JSON that no tag, comment or entity can begin in."""
    written = json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    for char in "<>&\u2028\u2029":
        written = written.replace(char, f"\\u{ord(char):04x}")
    return Markup(written)
