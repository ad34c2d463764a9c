"""Reader of files in the format of the Berkeley Function Calling Leaderboard, single turn, versions 1 to 4.

One problem a line (or one JSON array): `question`, `function` (documents with Python's type names) and, in a file
of the same name in a folder `possible_answer` beside it or inline, `ground_truth`. The kind of a problem is the word
in its id or else in the file's name: simple, multiple, parallel, parallel_multiple, irrelevance (no call is right)
or relevance (any call is).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from evaluators.tool.call import Answer, show
from evaluators.tool.json_schema import to_json_schema

KIND = re.compile(r"(?<![a-z])(parallel_multiple|parallel|multiple|simple|irrelevance|relevance)(?![a-z])")
OTHER = re.compile(r"(?<![a-z])(java|javascript|multi_turn|rest|sql|memory|web_search|exec|chatable)(?![a-z])")
NUMBERED = re.compile(r"[_ ]\d+$")
UNANSWERED = ("irrelevance", "relevance")


@dataclass(frozen=True)
class Problem:
    """One question with the functions that may be called.

    Args:
        id: as in the file, or the number of the line.
        kind: BFCL's category without its prefix.
        messages: what is said, as role and content.
        functions: name, description and parameters, with the types as written; `to_json_schema` translates them.
        answers: one possible answer for each call expected; empty for irrelevance, None for relevance.
    """

    id: str
    kind: str
    messages: tuple[dict[str, str], ...]
    functions: tuple[dict[str, Any], ...]
    answers: tuple[Answer, ...] | None


def read_bfcl(path: Path, answers: Path | None = None) -> list[Problem]:
    """All problems of a file.

    Args:
        path: the questions.
        answers: the possible answers, where they stand neither inline nor in the folder `possible_answer`.

    Raises:
        BenchError: the file cannot be read, or a field is missing or malformed; names line and field.
    """
    answers = answers or answers_beside(path)
    truths = read_answers(answers) if answers is not None else {}
    problems = []
    for number, (place, entry) in enumerate(read_entries(path)):
        name = str(entry.get("id", number))
        truth = entry.get("ground_truth", truths.get(name, truths.get(str(number))))
        try:
            problems.append(problem(name, kind_of(entry.get("id"), path), entry, truth))
        except BenchError as error:
            raise BenchError(f"{place}: {error}") from None
    return problems


def answers_beside(path: Path) -> Path | None:
    """The file of possible answers that belongs to one of questions; None where they stand inline."""
    beside = path.parent / "possible_answer" / path.name
    return beside if beside.exists() else None


def read_answers(path: Path) -> dict[str, Any]:
    """The possible answers by id, or by the number of the line where there are no ids, as in version 1."""
    found = {}
    for number, (_, entry) in enumerate(read_entries(path)):
        with_id = "id" in entry and "ground_truth" in entry
        found[str(entry["id"]) if with_id else str(number)] = entry["ground_truth"] if with_id else entry
    return found


def read_entries(path: Path) -> list[tuple[str, dict[str, Any]]]:
    """Every JSON object of a file with the place where it stands."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BenchError(f"'{path}' cannot be read as text: {error}") from None
    if text.lstrip().startswith("["):
        whole = parse(text, f"'{path}'")
        entries = [(f"'{path}', entry {i}", entry) for i, entry in enumerate(whole, start=1)]
    else:
        lines = [(f"'{path}', line {i}", line) for i, line in enumerate(text.split("\n"), start=1) if line.strip()]
        entries = [(place, parse(line, place)) for place, line in lines]
    for place, entry in entries:
        if not isinstance(entry, dict):
            raise BenchError(f"{place}: a JSON object was expected, not {show(entry)}")
    return entries


def parse(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BenchError(f"{place}: no JSON: {error}") from None


def kind_of(name: object, path: Path) -> str:
    for text in (str(name) if name is not None else "", path.stem):
        other = OTHER.search(text)
        if other:
            raise BenchError(f"field 'id': category '{other[0]}' is not checked here; single-turn Python ones are")
        word = KIND.search(text)
        if word:
            # what version 1 calls relevance is its detection where there is none
            return "irrelevance" if word[0] == "relevance" and "openfunctions" in path.stem else word[0]
    return ""


def problem(name: str, kind: str, entry: Mapping[str, Any], truth: Any) -> Problem:
    documents = entry.get("function")
    documents = [documents] if isinstance(documents, dict) else documents
    if not isinstance(documents, list) or (not documents and kind != "irrelevance"):
        raise BenchError("field 'function': a function document or a list of them was expected")
    functions = tuple(function(one, f"function[{i}]") for i, one in enumerate(documents))
    answers = None if kind in UNANSWERED else possible_answers(truth, [one["name"] for one in functions])
    if not kind:
        counts = ("parallel_" if len(answers or ()) > 1 else "") + ("multiple" if len(functions) > 1 else "")
        kind = counts.strip("_") or "simple"
    return Problem(name, kind, messages(entry.get("question")), functions, () if kind == "irrelevance" else answers)


def messages(question: Any) -> tuple[dict[str, str], ...]:
    """A question is a text, a list of messages, or a list of turns of which there must be one."""
    if isinstance(question, str) and question.strip():
        return ({"role": "user", "content": question},)
    if isinstance(question, list) and question and all(isinstance(turn, list) for turn in question):
        if len(question) > 1:
            raise BenchError(f"field 'question': {len(question)} turns; only single-turn problems are checked here")
        question = question[0]
    if not isinstance(question, list) or not question:
        raise BenchError("field 'question': a text or a list of messages was expected")
    for one in question:
        if not isinstance(one, dict) or not all(isinstance(one.get(key), str) for key in ("role", "content")):
            raise BenchError(f"field 'question': a message has a role and a content, not {show(one)}")
    return tuple({"role": one["role"], "content": one["content"]} for one in question)


def function(document: Any, place: str) -> dict[str, Any]:
    if not isinstance(document, dict) or not isinstance(document.get("name"), str) or not document["name"]:
        raise BenchError(f"field '{place}.name': a function needs a name")
    parameters = document.get("parameters")
    if not isinstance(parameters, dict) or not isinstance(parameters.get("properties", {}), dict):
        raise BenchError(f"field '{place}.parameters': an object with properties was expected")
    required = parameters.get("required") or []
    if not isinstance(required, list) or not all(isinstance(one, str) for one in required):
        raise BenchError(f"field '{place}.parameters.required': a list of names was expected")
    try:
        to_json_schema(parameters, f"{place}.parameters")
    except BenchError as error:
        raise BenchError(f"field {error}") from None
    return {
        "name": document["name"],
        "description": str(document.get("description", "")),
        "parameters": {**parameters, "required": required},
    }


def possible_answers(truth: Any, names: list[str]) -> tuple[Answer, ...]:
    """One answer a call; version 1 has one object for all calls, with numbers behind the names of its functions."""
    if truth is None:
        raise BenchError("field 'ground_truth': there is no possible answer, inline or in a folder possible_answer")
    listed = [{name: allowed} for name, allowed in truth.items()] if isinstance(truth, dict) else truth
    if not isinstance(listed, list) or not listed:
        raise BenchError(f"field 'ground_truth': a list of calls was expected, not {show(truth)}")
    answers = []
    for one in listed:
        if not isinstance(one, dict) or len(one) != 1 or not isinstance(next(iter(one.values())), dict):
            raise BenchError(f"field 'ground_truth': a call is one function with its parameters, not {show(one)}")
        ((name, allowed),) = one.items()
        known = name if name in names else NUMBERED.sub("", name)
        if known not in names:
            raise BenchError(f"field 'ground_truth': function '{name}' is not among the functions of the problem")
        for parameter, values in allowed.items():
            if not isinstance(values, list | dict):
                raise BenchError(f"field 'ground_truth.{name}.{parameter}': a list of allowed values was expected")
        answers.append({known: allowed})
    return tuple(answers)
