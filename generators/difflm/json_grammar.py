"""The grammar of a record's JSON text for tokenizers that are not built from the schema, in llguidance's Lark form.

A record is written exactly as `serialise.to_texts` writes it: the columns in order, its spaces, Python's
spelling of numbers and strings, and JSON inside it as train spells that. So whatever legal text the decoder
was trained on is inside the grammar, and whatever is inside is a legal record, except for numbers beyond
64 bits and what no context-free grammar can say of a tool's parameters (`required.py`). Labels are those
of train, and integers lie between its least and its largest (where a float can tell these).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from bench.records import Column, Schema
from generators.texts.parameters import Form, Forms, forms_of, legal

EXACT = 2**53  # llguidance takes bounds as floats
INTEGER = "0|-?[1-9][0-9]{0,18}"
REAL = r"-?(0|[1-9][0-9]{0,15})\.[0-9]{1,21}"
POWER = r"-?[1-9](\.[0-9]{1,16})?e"
EXPONENT = "([0-9]{2}|[1-3][0-9]{2})"
LEAST_PLAIN, LEAST_POWER = 1e-4, 1e16  # Python writes numbers below and from here on with an exponent
SIGN = r'[^"\\\s\x00-\x1f]|\\(["\\b]|u00(0[0-8ef]|1[0-9ab]))'  # what is more than space
CHARACTER = r'([^"\\\x00-\x1f]|\\(["\\bfnrt]|u00[01][0-9a-f]))'
# any JSON: half of a surrogate pair is no character
PLAIN = "([0-9a-cA-CefEF][0-9a-fA-F]|[dD][0-7])[0-9a-fA-F]{2}"
PAIR = r"[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
ANY_CHARACTER = rf'([^"\\\x00-\x1f]|\\(["\\\/bfnrt]|u({PLAIN}|{PAIR})))'
ESCAPED = rf"\\(\/|u({PLAIN}|{PAIR}))"
ANY_NUMBER = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?"
LEXEMES = rf"""
INTEGER: /{INTEGER}/
REAL: /{REAL}/
SMALL: /{POWER}-{EXPONENT}/
LARGE: /{POWER}[+]{EXPONENT}/
STRING: /"{CHARACTER}*"/
NAME: /"{CHARACTER}*({SIGN}){CHARACTER}*"/
ANY_STRING: /"{ANY_CHARACTER}*"/
ANY_NAME: /"{ANY_CHARACTER}*({SIGN}|{ESCAPED}){ANY_CHARACTER}*"/
ANY_NUMBER: /{ANY_NUMBER}/
SPACE: /[ \t\n\r]+/
"""


@dataclass(frozen=True)
class Style:
    """How JSON inside a record is spelled.

    Args:
        comma, colon, space: what stands between values, between key and value, and inside brackets.
        string, name: lexemes of a text, and of one that is more than space.
    """

    comma: str
    colon: str
    space: str
    string: str
    name: str


FREE = Style('SPACE? "," SPACE?', 'SPACE? ":" SPACE?', "SPACE?", "ANY_STRING", "ANY_NAME")
SEPARATORS = ((",", ":"), (", ", ": "))


def record_grammar(
    train: pd.DataFrame, schema: Schema, parameters: Sequence[str] = (), names: Sequence[str] = ()
) -> str:
    """The grammar of the records of a schema that is no single text.

    Args:
        train: canonical records; they tell labels, ranges of integers, and where values may be missing.
        schema: the columns in the order in which a record spells them.
        parameters: JSON columns that hold parameters of tools.
        names: text columns whose texts are never blank.
    """
    keys = [f"{json.dumps(column.name, ensure_ascii=False)}: " for column in schema.columns]
    fields = " ".join(
        f"{literal(before + key)} field_{place}"
        for place, (before, key) in enumerate(zip(["{", *[", "] * (len(keys) - 1)], keys, strict=True))
    )
    rules = [f'start: {fields} "}}"']
    for place, column in enumerate(schema.columns):
        values, name = train[column.name], f"field_{place}"
        if column.name in parameters:
            rules += parameter_rules(name, values)
        elif column.name in names:
            rules.append(f"{name}: NAME")
        else:
            rules += field_rules(name, column, values)
    return "\n".join(rules) + LEXEMES


def field_rules(name: str, column: Column, values: pd.Series) -> list[str]:
    """Rules of one column's value; `name` is the rule's."""
    present = values.dropna()
    forms = ['"null"'] if len(present) < len(values) else []
    if column.kind == "text":
        forms.append("STRING")
    elif column.kind == "json":
        style = style_of(present)
        return [alternatives(name, [*forms, f"{style.space} {name}_value {style.space}"]), *json_rules(name, style)]
    elif column.kind == "real" and len(present):
        # a stray exponent makes a number of another order, and one that is too large none at all
        size = present.abs()
        forms.append("REAL")
        forms += ["SMALL"] * bool(((size > 0) & (size < LEAST_PLAIN)).any())
        forms += ["LARGE"] * bool((size >= LEAST_POWER).any())
    elif column.kind == "integer" and len(present):
        low, high = int(present.min()), int(present.max())
        bounds = {"type": "integer", "minimum": low, "maximum": high}
        forms.append(f"%json {json.dumps(bounds)}" if low > -EXACT and high < EXACT else "INTEGER")
    elif column.kind == "categorical" and len(present):
        # one lexeme: the labels become one automaton, however many they are
        labels = (json.dumps(label, ensure_ascii=False) for label in sorted(present.unique()))
        forms.append(name.upper())
        return [alternatives(name, forms), alternatives(name.upper(), map(literal, labels))]
    return [alternatives(name, forms)]


def style_of(texts: pd.Series) -> Style:
    """How all of these JSON texts are spelled; free where they are not spelled in one of Python's ways."""
    for comma, colon in SEPARATORS:
        if all(canonical(text, (comma, colon)) for text in texts):
            return Style(literal(comma), literal(colon), "", "STRING", "NAME")
    return FREE


def canonical(text: str, separators: tuple[str, str]) -> bool:
    """Whether Python writes the value of a JSON text so."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, separators=separators) == text
    except (ValueError, RecursionError):
        return False


def json_rules(name: str, style: Style) -> list[str]:
    """Rules of any JSON value: `{name}_value`, `{name}_object`, `{name}_array`."""
    return [
        f'{name}_value: {name}_object | {name}_array | {style.string} | ANY_NUMBER | "true" | "false" | "null"',
        f"{name}_object: {several('{}', f'{style.string} {style.colon} {name}_value', style)}",
        f"{name}_array: {several('[]', f'{name}_value', style)}",
    ]


def several(brackets: str, one: str, style: Style) -> str:
    """Any number of `one` in brackets."""
    first, last = map(literal, brackets)
    return f"{first} {style.space} ({one} ({style.comma} {one})*)? {style.space} {last}"


def parameter_rules(name: str, values: pd.Series) -> list[str]:
    """Rules of a column of parameters, which takes the forms that the legal ones among `values` have."""
    forms, style = forms_of(legal(values)), style_of(values.dropna())
    parts = {
        "properties": several("{}", f"{style.name} {style.colon} {name}_inner", style),
        "required": several("[]", style.name, style),
        "items": f"{name}_inner",
    }
    for keyword, kinds in forms.kinds.items():
        spelled = {"object": f"{name}_object", "array": f"{name}_array", "string": style.string, "null": '"null"'}
        spelled |= {"number": "ANY_NUMBER", "boolean": '"true" | "false"'}
        parts[keyword] = f"({' | '.join(spelled[kind] for kind in sorted(kinds))})"
    whole = parts | {"type": literal('"object"')}
    inner = parts | {"type": f"({' | '.join(spelled_types(forms, style))})"}
    if not forms.inner:
        whole["properties"] = f'"{{" {style.space} "}}"'
    rules = [
        alternatives(
            name, [f"{style.space} {written(form, whole, style)} {style.space}" for form in sorted(forms.whole)]
        )
    ]
    if forms.inner:
        rules.append(alternatives(f"{name}_inner", [written(form, inner, style) for form in sorted(forms.inner)]))
    return rules + json_rules(name, style)


def spelled_types(forms: Forms, style: Style) -> list[str]:
    """The types of inner schemas, a text or a list of texts each."""
    return [
        literal(json.dumps(one))
        if isinstance(one, str)
        else f'"[" {style.space} {f" {style.comma} ".join(literal(json.dumps(kind)) for kind in one)} {style.space} "]"'
        for one in sorted(forms.types, key=str)
    ]


def written(form: Form, parts: dict[str, str], style: Style) -> str:
    """An object with the keywords of a form."""
    members = [f"{literal(json.dumps(key, ensure_ascii=False))} {style.colon} {parts[key]}" for key in form]
    return f'"{{" {style.space} {f" {style.comma} ".join(members)} {style.space} "}}"'


def alternatives(name: str, forms: Iterable[str]) -> str:
    """A rule, or a lexeme."""
    return f"{name}: {' | '.join(forms)}"


def literal(text: str) -> str:
    """A text as the grammar quotes it."""
    return json.dumps(text)
