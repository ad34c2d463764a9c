"""The grammar of calls of the APIs offered, over the tokens of a model, by llguidance.

A call is written as `tool_texts.call_text` writes it: the API's name and its arguments as compact JSON in the order
of the schema. Whatever is inside the grammar names an API offered, has every required argument and no unknown one,
and values of the right types and among those allowed. What is left to the model: which API, which of the optional
arguments, which values, and when to stop.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bench.errors import BenchError
from evaluators.tool.json_schema import to_json_schema
from evaluators.tool.tool_texts import API, LONGEST_NAME, one_line

if TYPE_CHECKING:
    from llguidance import LLMatcher, LLTokenizer

KEPT = ("type", "enum", "const", "minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength")
MOST_CALLS = 8
LONGEST_STRING = 200  # characters, where the schema sets no bound
COMPACT = {"whitespace_flexible": False, "item_separator": ",", "key_separator": ":"}


class CallGrammars:
    """Compiles grammars for one tokenizer.

    Args:
        tokenizer: a fast tokenizer of transformers.
        size: number of token ids that the network knows.

    Raises:
        BenchError: llguidance cannot read the tokenizer.
    """

    def __init__(self, tokenizer: Any, size: int) -> None:
        from llguidance import LLTokenizer  # noqa: PLC0415  (only where calls are written)

        try:
            text = tokenizer.backend_tokenizer.to_str()
            self.words: LLTokenizer = LLTokenizer(text, n_vocab=size, eos_token=tokenizer.eos_token_id)
        except (AttributeError, ValueError) as error:
            raise BenchError(f"the model's tokenizer cannot be held to a grammar: {one_line(str(error))}") from error

    def compile(self, offered: Sequence[API], *, several: bool = False) -> LLMatcher:
        """A matcher at the beginning of one call, or of one and more.

        Raises:
            BenchError: the schema of an API cannot be followed.
        """
        from llguidance import LLMatcher  # noqa: PLC0415

        matcher = LLMatcher(self.words, LLMatcher.grammar_from_lark(call_grammar(offered, several=several)))
        if matcher.is_error():
            names = ", ".join(api.name for api in offered)
            raise BenchError(f"no grammar can be made of {names}: {one_line(matcher.get_error())}")
        return matcher


def call_grammar(offered: Sequence[API], *, several: bool = False) -> str:
    """In llguidance's Lark form.

    Raises:
        BenchError: a type has an unknown name, or schemas are nested too deep.
    """
    more = f'("Call:" call){{0,{MOST_CALLS - 1}}}' if several else ""
    rules = [f"start: call {more}", f"call: {' | '.join(f'call_{i}' for i in range(len(offered)))}"]
    for i, api in enumerate(offered):
        name = json.dumps(f" {one_line(api.name, LONGEST_NAME)} ")
        rules.append(f'call_{i}: {name} %json {json.dumps(argument_schema(api))} "\\n"')
    return "\n".join(rules) + "\n"


def argument_schema(api: API) -> dict[str, Any]:
    """The parameters as a closed JSON Schema that says no more than a grammar can hold."""
    closed = bounded(to_json_schema({"type": "object", **api.parameters}, f"API '{api.name}': parameters"))
    return {**closed, "additionalProperties": False, "x-guidance": COMPACT}


def bounded(schema: Any) -> Any:
    """A schema with its types and values alone; strings without a bound get one."""
    if not isinstance(schema, dict):
        return {}
    kept = {key: schema[key] for key in KEPT if key in schema}
    if kept.get("type") == "string" and "enum" not in kept and "const" not in kept:
        kept.setdefault("maxLength", LONGEST_STRING)
    if "enum" in kept or "const" in kept:
        return {key: kept[key] for key in ("enum", "const") if key in kept}
    if isinstance(schema.get("properties"), dict):
        kept["properties"] = {name: bounded(one) for name, one in schema["properties"].items()}
        names = schema["required"] if isinstance(schema.get("required"), list) else []
        kept["required"] = [name for name in names if isinstance(name, str) and name in kept["properties"]]
    if isinstance(schema.get("items"), dict):
        kept["items"] = bounded(schema["items"])
    for key in ("anyOf", "oneOf"):
        if isinstance(schema.get(key), list) and schema[key]:
            kept["anyOf"] = [bounded(one) for one in schema[key]]
    return kept
