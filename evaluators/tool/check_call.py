"""Function calls against what was expected, by parsed structure and never by text.

Two protocols: `bfcl`, the published rules of the Berkeley Function Calling Leaderboard (`bfcl_rules.py`), and
`harness`, exact JSON values and JSON Schema (`harness_rules.py`). What they have in common is here: how many calls
there must be, and which of them answers which expectation. Parallel calls may come in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal

from bench.errors import BenchError, unknown_name
from evaluators.tool.bfcl_rules import check_bfcl
from evaluators.tool.call import VALID, Answer, Call, Verdict, show
from evaluators.tool.harness_rules import check_harness

Protocol = Literal["bfcl", "harness"]
Function = Mapping[str, Any]


def check_calls(
    calls: Sequence[Call],
    functions: Sequence[Function],
    answers: Sequence[Answer] | None,
    *,
    protocol: Protocol = "bfcl",
) -> Verdict:
    """Whether the calls are right.

    Args:
        calls: what the model wrote, parsed.
        functions: the documents of the functions offered: `name`, and `parameters` as a schema.
        answers: one possible answer for each call expected, in any order; empty where no call is right
            (irrelevance); None where any call is: BFCL's relevance asks for nothing else, the harness that
            every call is legal under the schema of its function.
        protocol: the rules of a single call.

    Raises:
        BenchError: an answer, or the document of its function, is malformed.
    """
    if protocol not in ("bfcl", "harness"):
        raise unknown_name("protocol of tool calls", protocol, ("bfcl", "harness"))
    if answers is None:
        return check_unanswered(calls, functions, protocol)
    if len(calls) != len(answers):
        if not answers:
            return Verdict("irrelevance", f"no call was expected, not {len(calls)}")
        return Verdict("wrong_count", f"{len(answers)} calls were expected, not {len(calls)}")
    rows = [expectation(answer, functions) for answer in answers]
    if protocol == "bfcl":
        return match_greedily(calls, [partial(check_bfcl, function=f, allowed=allowed) for f, allowed in rows])
    return match_best(calls, [partial(check_harness, function=f, allowed=allowed) for f, allowed in rows])


def check_unanswered(calls: Sequence[Call], functions: Sequence[Function], protocol: Protocol) -> Verdict:
    if not calls:
        return Verdict("relevance", "a call was expected, not none")
    if protocol == "bfcl":
        return VALID
    for call in calls:
        function = find(functions, call.name)
        if function is None:
            return Verdict("wrong_func_name", f"function {show(call.name)} was not offered")
        verdict = check_harness(call, function, None)
        if not verdict.valid:
            return verdict
    return VALID


def expectation(answer: Answer, functions: Sequence[Function]) -> tuple[Function, Mapping[str, Any]]:
    """The function that an answer calls, and the allowed values of its parameters."""
    if not isinstance(answer, Mapping) or len(answer) != 1:
        raise BenchError(f"a possible answer is one function with its parameters, not {show(answer)}")
    ((name, allowed),) = answer.items()
    function = find(functions, name)
    if function is None:
        raise BenchError(f"the possible answer calls {show(name)}, which is not among the functions offered")
    if not isinstance(allowed, Mapping) or not isinstance(function.get("parameters"), Mapping):
        raise BenchError(f"function {show(name)}: parameters and their allowed values must be objects")
    return function, allowed


def find(functions: Sequence[Function], name: str) -> Function | None:
    return next((function for function in functions if function["name"] == name), None)


def match_greedily(calls: Sequence[Call], checks: Sequence[Callable[[Call], Verdict]]) -> Verdict:
    """Each expectation in turn takes the first call left that fulfils it, as BFCL does."""
    left = list(calls)
    for number, check in enumerate(checks):
        verdicts = [check(call) for call in left]
        taken = next((i for i, verdict in enumerate(verdicts) if verdict.valid), None)
        if taken is None:
            return unmatched(number, verdicts, len(checks))
        del left[taken]
    return VALID


def match_best(calls: Sequence[Call], checks: Sequence[Callable[[Call], Verdict]]) -> Verdict:
    """A perfect matching of calls and expectations where there is one (augmenting paths, Kuhn 1955)."""
    verdicts = [[check(call) for call in calls] for check in checks]
    owner: dict[int, int] = {}  # call -> expectation

    def augment(number: int, seen: set[int]) -> bool:
        for i, verdict in enumerate(verdicts[number]):
            if verdict.valid and i not in seen:
                seen.add(i)
                if i not in owner or augment(owner[i], seen):
                    owner[i] = number
                    return True
        return False

    for number in range(len(checks)):
        if not augment(number, set()):
            return unmatched(number, verdicts[number], len(checks))
    return VALID


def unmatched(number: int, verdicts: Sequence[Verdict], expected: int) -> Verdict:
    """The verdict on a single call, or why none of several is the expected one."""
    if expected == 1:
        return verdicts[0]
    nearest = next((verdict for verdict in verdicts if not verdict.valid and verdict.rule != "wrong_func_name"), None)
    reason = (nearest or verdicts[0]).message or "the calls that fit are the answers to others"
    return Verdict("cannot_find_match", f"no call fits answer {number + 1} of {expected}: {reason}")
