"""Which names a list of required parameters may hold: those of the properties that stand in front of it.

No context-free grammar knows them. So a record gets a second grammar of its own where such a list begins,
and both must allow what is written from there on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

OPENING = re.compile(rb'"required"[ \t\n\r]*:[ \t\n\r]*\[')
REACH = 64  # bytes before a token in which the list that it opens may have begun
BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]')


def properties_before(text: str) -> list[str] | None:
    """Names of the properties of the schema that is being written, spelled as they are; None without properties.

    Args:
        text: of a record, up to a keyword of the schema.
    """
    begins: list[int] = []
    for found in BRACKET.finditer(text):
        if found[0] in "{[":
            begins.append(found.start())
        elif found[0] in "}]" and begins:
            begins.pop()
    try:
        schema = json.loads(text[begins[-1] :].rstrip(" \t\n\r,") + "}")
    except (ValueError, IndexError, RecursionError):
        return None
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict):
        return None
    spelled = (json.dumps(name, ensure_ascii=escaped) for name in properties for escaped in (False, True))
    return [one for one in dict.fromkeys(spelled) if one in text]


def list_grammar(spelled: Sequence[str]) -> str:
    """The rest of a list of some of these texts, JSON each, and whatever follows it, in llguidance's Lark form."""
    rest = 'start: SPACE? "]" REST\nSPACE: /[ \\t\\n\\r]+/\nREST: /(.|\\n)*/\n'
    if not spelled:
        return rest
    some = rest.replace("SPACE?", 'SPACE? (NAME (SPACE? "," SPACE? NAME)*)? SPACE?', 1)
    return f"{some}NAME: {' | '.join(map(json.dumps, spelled))}\n"
