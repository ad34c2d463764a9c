"""A grammar of little APIs: a domain has things, an action works on a thing, parameters follow from both.

The same parameter gives its JSON Schema, a value, and the words that a user would say for the value, so a query,
the call that answers it and the schema that the call has to obey agree by construction.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

HELD_OUT_EVERY = 5
# How many optional parameters an API has at most, and the share of them that a query names or that have a default.
MOST_OPTIONAL = 2
NAMED = 0.5


@dataclass(frozen=True)
class Parameter:
    """One argument of an API.

    Args:
        name: its key.
        type: a JSON Schema type.
        description: what it is.
        say: words of a query, with {value}.
        values: what a user may ask for.
        closed: only `values` are allowed (an enum).
    """

    name: str
    type: str
    description: str
    say: str
    values: tuple[Any, ...]
    closed: bool = False

    def schema(self, default: Any = None) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": self.type, "description": self.description}
        schema |= {"enum": list(self.values)} if self.closed else {}
        return schema if default is None else {**schema, "default": default}


@dataclass(frozen=True)
class Domain:
    """What a family of tools is about: a key (a city, a stock), things to ask for, and qualifiers."""

    name: str
    about: str
    key: Parameter
    things: tuple[str, ...]
    qualifiers: tuple[Parameter, ...]


LIMIT = Parameter("limit", "integer", "most results to return", "at most {value} results", (5, 10, 20, 50))
PAGE = Parameter("page", "integer", "number of the page", "page {value}", (1, 2, 3, 4))
DAY = Parameter("date", "string", "day as YYYY-MM-DD", "on {value}", ("2024-03-01", "2024-05-17", "2024-11-30"))
SINCE = Parameter(
    "since", "string", "first day as YYYY-MM-DD", "since {value}", ("2023-01-01", "2024-02-10", "2024-08-08")
)
LANGUAGE = Parameter(
    "language", "string", "language code", "in language {value}", ("en", "de", "fr", "es"), closed=True
)
CURRENCY = Parameter("currency", "string", "currency code", "in {value}", ("USD", "EUR", "GBP", "JPY"), closed=True)
UNITS = Parameter("units", "string", "system of units", "in {value} units", ("metric", "imperial"), closed=True)
WORDS = Parameter(
    "query", "string", "words to look for", "matching '{value}'", ("summer", "family", "best", "new", "red")
)
INTERVAL = Parameter("interval", "string", "time between values", "every {value}", ("hour", "day", "week"), closed=True)
GENRE = Parameter("genre", "string", "kind of music", "of the genre {value}", ("jazz", "rock", "folk"), closed=True)
CITIES = ("Paris", "Lima", "Oslo", "Cairo", "Kyoto", "Boston")


@dataclass(frozen=True)
class Action:
    """What an API does with a thing.

    Args:
        name: verb of the API's name.
        description: with {thing} and {key}.
        ask: how a query begins, with {thing}.
        extra: parameters beside the domain's key and qualifiers, and whether they are required.
        keyed: the domain's key is required.
    """

    name: str
    description: str
    ask: str
    extra: tuple[tuple[Parameter, bool], ...]
    keyed: bool = True


ACTIONS = (
    Action("Get", "Returns the {thing} of one {key}.", "Tell me the {thing}", ()),
    Action(
        "List",
        "The {thing} of one {key}, page by page.",
        "Show me a list of the {thing}",
        ((PAGE, False), (LIMIT, False)),
    ),
    Action(
        "Search",
        "Finds {thing} by words.",
        "Search the {thing}",
        ((WORDS, True), (LIMIT, False)),
        keyed=False,
    ),
    Action("Latest", "The newest {thing} of one {key}.", "Give me the latest {thing}", ((LIMIT, False),)),
    Action("Count", "Counts the {thing} of one {key} since a day.", "How many {thing} were there", ((SINCE, True),)),
    Action("Daily", "The {thing} of one {key} on one day.", "I need the daily {thing}", ((DAY, True),)),
)


def key(name: str, say: str, values: tuple[str, ...]) -> Parameter:
    return Parameter(name, "string", f"name of the {name}", say, values)


def number(name: str, description: str, say: str, values: tuple[float, ...]) -> Parameter:
    kind = "integer" if all(isinstance(value, int) for value in values) else "number"
    return Parameter(name, kind, description, say, values)


def flag(name: str, description: str, say: str) -> Parameter:
    return Parameter(name, "boolean", description, say, (True,))


DOMAINS = (
    Domain(
        "Weather",
        "weather for places around the world",
        key("city", "for {value}", CITIES),
        ("forecast", "storm alerts", "air quality", "rainfall"),
        (UNITS, LANGUAGE, number("hours", "hours ahead", "for {value} hours", (6, 12, 24, 48))),
    ),
    Domain(
        "Flights",
        "flights and airports",
        key("airport", "at {value}", ("LHR", "JFK", "CDG", "NRT", "FRA")),
        ("departures", "arrivals", "delays", "gates"),
        (
            key("airline", "with {value}", ("Aero", "Nordair", "Skyline")),
            flag("direct", "only direct flights", "only direct ones"),
        ),
    ),
    Domain(
        "Recipes",
        "recipes and their ingredients",
        key("dish", "for {value}", ("ramen", "paella", "lasagne", "curry", "pancakes")),
        ("recipes", "ingredients", "nutrition facts", "reviews"),
        (
            number("servings", "number of people", "for {value} people", (2, 4, 6)),
            flag("vegan", "only vegan food", "only vegan ones"),
        ),
    ),
    Domain(
        "Stocks",
        "prices and news of companies on the stock market",
        key("symbol", "of {value}", ("ACME", "GLBX", "INTX", "UMBR", "WAYN")),
        ("price", "dividends", "earnings", "trades"),
        (
            CURRENCY,
            Parameter(
                "interval", "string", "time between values", "every {value}", ("hour", "day", "week"), closed=True
            ),
        ),
    ),
    Domain(
        "Hotels",
        "hotels and their rooms",
        key("city", "in {value}", CITIES),
        ("hotels", "room rates", "guest ratings", "offers"),
        (
            CURRENCY,
            number("guests", "number of guests", "for {value} guests", (1, 2, 3, 4)),
            flag("breakfast", "breakfast included", "with breakfast"),
        ),
    ),
    Domain(
        "Music",
        "songs, albums and concerts",
        key("artist", "by {value}", ("Luna Park", "The Harbours", "Ada Stone", "Nine Rivers")),
        ("albums", "songs", "concerts", "lyrics"),
        (
            Parameter(
                "genre", "string", "kind of music", "of the genre {value}", ("jazz", "rock", "folk", "pop"), closed=True
            ),
            number("year", "year of release", "from the year {value}", (1999, 2008, 2015, 2022)),
        ),
    ),
    Domain(
        "Sports",
        "teams, matches and results",
        key("team", "of the {value}", ("Tigers", "Falcons", "Rovers", "Comets")),
        ("matches", "results", "players", "standings"),
        (number("season", "year of the season", "in season {value}", (2021, 2022, 2023)), LANGUAGE),
    ),
    Domain(
        "Books",
        "books and their authors",
        key("author", "by {value}", ("Mara Quill", "Jon Vale", "Ines Roth", "Tom Birch")),
        ("books", "editions", "quotes", "book reviews"),
        (LANGUAGE, number("min_rating", "lowest rating", "rated at least {value}", (3.5, 4.0, 4.5))),
    ),
    Domain(
        "Jobs",
        "open positions and salaries",
        key("city", "in {value}", CITIES),
        ("jobs", "salaries", "employers", "internships"),
        (
            flag("remote", "only remote work", "only remote ones"),
            number("min_salary", "lowest salary", "above {value} a year", (30000, 45000, 60000)),
        ),
    ),
    Domain(
        "Maps",
        "places, distances and traffic",
        key("place", "around {value}", ("Harbour Square", "Central Park", "North Station", "Old Town")),
        ("restaurants", "traffic", "parking places", "bus stops"),
        (number("radius", "distance in kilometres", "within {value} km", (0.5, 1.5, 2.5)), UNITS),
    ),
)
# What a provider puts before the name of its domain; the first line of a tool's description follows from it.
PROVIDERS = (
    *("Open", "Swift", "Global", "Simple", "Prime", "Bright", "Smart", "Daily", "Nordic", "Quick"),
    *("Super", "Clear", "Blue", "Atlas", "Nova", "Rapid"),
)
DESCRIPTIONS = ("{provider} access to {about}.", "An API for {about}.", "Everything about {about}, by {provider} Data.")


@dataclass(frozen=True)
class API:
    """One API of one tool, before it is text.

    Args:
        domain, action, thing: what it does.
        provider: whose it is.
        tool_description: of the tool.
        parameters: each with whether it is required.
        defaults: the value that the documentation of each parameter gives, as RapidAPI's pages do; None without.
    """

    domain: Domain
    action: Action
    thing: str
    provider: str
    tool_description: str
    parameters: tuple[tuple[Parameter, bool], ...]
    defaults: tuple[Any, ...]

    @property
    def tool_name(self) -> str:
        return f"{self.provider} {self.domain.name}"

    @property
    def name(self) -> str:
        return f"{self.action.name} {self.thing.title()}"

    @property
    def description(self) -> str:
        return self.action.description.format(thing=self.thing, key=self.domain.key.name)

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the arguments."""
        return {
            "type": "object",
            "properties": {
                parameter.name: parameter.schema(default)
                for (parameter, _), default in zip(self.parameters, self.defaults, strict=True)
            },
            "required": [parameter.name for parameter, required in self.parameters if required],
        }


Composition = tuple[Domain, Action, str]


def compositions(held_out: bool) -> list[Composition]:
    """Domain, action and thing of the records, or of the queries; every pair of two is seen among the records."""
    return [
        (domain, action, thing)
        for (i, domain), (j, action) in product(enumerate(DOMAINS), enumerate(ACTIONS))
        for k, thing in enumerate(domain.things)
        if ((i + j + k) % HELD_OUT_EVERY == 0) == held_out
    ]


def build(composition: Composition, rng: np.random.Generator) -> API:
    """Choose provider, wording, and which of the optional parameters the API has."""
    domain, action, thing = composition
    provider = str(rng.choice(PROVIDERS))
    description = str(rng.choice(DESCRIPTIONS)).format(provider=provider, about=domain.about)
    required = [(parameter, True) for parameter, needed in action.extra if needed]
    offered = [(parameter, False) for parameter, needed in action.extra if not needed]
    offered += [(parameter, False) for parameter in domain.qualifiers]
    chosen = rng.permutation(len(offered))[: rng.integers(MOST_OPTIONAL + 1)]
    parameters = [(domain.key, action.keyed), *required, *(offered[i] for i in sorted(chosen))]
    defaults = tuple(
        parameter.values[int(rng.integers(len(parameter.values)))] if required or rng.random() < NAMED else None
        for parameter, required in parameters
    )
    return API(domain, action, thing, provider, description, tuple(parameters), defaults)


def ask(api: API, rng: np.random.Generator) -> tuple[str, dict[str, Any]]:
    """A user's words, and the arguments they mean: all required ones and some of the others."""
    arguments, words = {}, []
    for parameter, required in api.parameters:
        if required or rng.random() < NAMED:
            value = parameter.values[int(rng.integers(len(parameter.values)))]
            arguments[parameter.name] = value
            words.append(parameter.say.format(value=value))
    question = api.action.ask.format(thing=api.thing)
    return f"{question} {', '.join(words)}{'?' if question.startswith('How') else '.'}", arguments
