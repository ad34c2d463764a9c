"""How answers are read: strictly. What is no legal record is rejected with a reason, and never repaired.

A legal record is a JSON object with exactly the fields of the schema, in any order, and values of their kinds; what
else programs and tools must fulfil says `generators.texts.serialise`. A label is one that train has, and a value is
missing only where one is missing in train.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bench.errors import BenchError
from bench.records import Column, Family, Schema
from generators.prompt.facts import Facts
from generators.texts.parameters import refuse_constant
from generators.texts.serialise import from_texts, plain

NO_ANSWER = "an answer that is no JSON object with records"


class Repeated(dict):  # type: ignore[type-arg]
    """A JSON object of which two members have one name."""


@dataclass(frozen=True)
class Reader:
    """Reads answers.

    Args:
        schema, family, facts: of the records.
        labels: of every categorical column, all that train has.
        parameters: columns that hold the parameters of tools.
    """

    schema: Schema
    family: Family
    facts: Mapping[str, Facts]
    labels: Mapping[str, frozenset[str]]
    parameters: Sequence[str]

    def read(self, answer: str, asked: int) -> tuple[pd.DataFrame, list[str | None]]:
        """The legal records of an answer, and for every record why it is not legal (None where it is).

        Args:
            answer: the text that came.
            asked: how many records were asked for; so many are lost with an answer that cannot be read.
        """
        texts: list[str] = []
        reasons: list[str | None] = []
        for record in found_in(answer):
            try:
                text = self.text(record)
                text.encode("utf-8")
            except BenchError as error:
                reasons.append(str(error))
            except UnicodeEncodeError:
                reasons.append("half a surrogate pair")
            except RecursionError:
                reasons.append("nested too deeply")
            else:
                texts.append(text)
                reasons.append(None)
        if not reasons:
            reasons = [NO_ANSWER] * asked
        records, illegal = from_texts(texts, self.schema, self.family, self.parameters)
        kept = iter(illegal)
        return records, [next(kept) if reason is None else reason for reason in reasons]

    def text(self, record: Any) -> str:
        """The text of a record as `from_texts` reads it.

        Raises:
            BenchError: why it is no legal record.
        """
        if not isinstance(record, dict):
            raise BenchError("a record is no object")
        if isinstance(record, Repeated):
            raise BenchError("a name stands twice")
        if set(record) != set(self.schema.names):
            raise BenchError("not exactly the columns of the schema")
        for column in self.schema.columns:
            value = record[column.name]
            if value is None:
                if not self.facts[column.name].missing:
                    raise BenchError(f"'{column.name}' is missing where train never misses it")
            elif column.name in self.labels and isinstance(value, str) and value not in self.labels[column.name]:
                raise BenchError(f"a label of '{column.name}' that train does not have")
            elif column.kind in ("text", "json") and holds_repeated(value):
                raise BenchError("a name stands twice")
        if plain(self.schema):
            (value,) = record.values()
            if not isinstance(value, str):
                raise BenchError(f"a value of '{self.schema.names[0]}' is not of its kind")
            return value
        fields = [
            f"{json.dumps(column.name)}: {field_text(record[column.name], column)}" for column in self.schema.columns
        ]
        return "{" + ", ".join(fields) + "}"


def field_text(value: Any, column: Column) -> str:
    """A value as JSON, compact where the column holds JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":") if column.kind == "json" else None)


def found_in(answer: str) -> list[Any]:
    """The records of an answer; none where it has not the form that was asked for."""
    try:
        parsed = json.loads(answer, object_pairs_hook=members, parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        return []
    records = parsed.get("records") if isinstance(parsed, dict) else None
    return records if isinstance(records, list) else []


def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else Repeated(found)


def holds_repeated(value: Any) -> bool:
    """Whether any object inside a value has two members of one name."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Repeated):
            return True
        waiting += list(one.values()) if isinstance(one, dict) else one if isinstance(one, list) else []
    return False


def tally(reasons: Sequence[str | None]) -> Counter[str]:
    """How often every reason stands there."""
    return Counter(reason for reason in reasons if reason is not None)
