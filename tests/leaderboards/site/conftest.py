"""A small store with two datasets, sentinels, a failure, several configurations and a run of its own."""

import json
from html.parser import HTMLParser

import pytest

SHAPE, TREND, AUC = "column_shape_error_percent", "pair_trend_error_percent", "xgboost_auc"
VOID = {"meta", "input", "br", "link", "img"}


def fill(store, *, rival="copula", dataset="adult", error="took longer than 60 s", command="bench run"):
    """Two datasets by six generators; texts that a user can choose are arguments."""
    for seed in range(3):
        for place, name in enumerate([dataset, "magic"]):
            store.cell("smote", {SHAPE: 1.0 + seed / 100, TREND: 12.5, AUC: 0.9}, seed=seed, dataset=name, stderr=0.125)
            store.cell(rival, {SHAPE: 9.0 + seed / 50 + place, TREND: 3.0, AUC: 0.8}, seed=seed, dataset=name)
            store.cell("real", {SHAPE: 0.4, TREND: 1.0, AUC: 0.95}, seed=seed, dataset=name)
            store.cell("marginals", {SHAPE: 0.5, TREND: 20.0, AUC: 0.5}, seed=seed, dataset=name)
            store.cell("holdout", {SHAPE: 0.3}, seed=seed, dataset=name)
    store.cell("ctgan", {SHAPE: 10.0}, seed=0, dataset=dataset, fit_seconds=1234.5)
    store.cell("ctgan", seed=1, dataset=dataset, failed=("fit", "timeout", error), fit_seconds=1234.5)
    store.cell("tvae", {SHAPE: 2.0, "linear_r2": -0.25}, dataset=dataset, config="first")
    store.cell("tvae", {SHAPE: 3.0}, dataset=dataset, config="second")
    # the connection that writes no cells yet
    store.database.execute(
        "INSERT INTO runs VALUES (?,?,?,?,?,?,?,?,?)",
        [
            *("run1", "2025-12-31 10:00:00", "demo", "{}", command),
            *(json.dumps({"cores": 2}), json.dumps({"numpy": "2.4.6"}), "0123abc", 40),
        ],
    )
    return store


@pytest.fixture
def filled(store):
    return fill(store)


class Page(HTMLParser):
    """What a browser finds in a page: elements with attributes and text, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[dict] = []
        self.open: list[dict] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        within = [one["attributes"].get("id") for one in self.open]
        element = {"tag": tag, "attributes": dict(attributes), "text": "", "within": within}
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        while self.open and self.open.pop()["tag"] != tag:
            pass

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data

    def all(self, tag=None, **attributes):
        return [
            one
            for one in self.elements
            if tag in (None, one["tag"])
            and all(one["attributes"].get(name) == value for name, value in attributes.items())
        ]

    def values(self, attribute):
        return [one["attributes"][attribute] for one in self.elements if attribute in one["attributes"]]

    def json(self, identifier):
        return json.loads(self.all("script", id=identifier)[0]["text"])

    @property
    def words(self):
        """Every word of the cells, lists and paragraphs."""
        shown = [one["text"] for one in self.elements if one["tag"] in ("td", "th", "li", "p", "dd", "text")]
        return set(" ".join(shown).split())
