"""Our checker of function calls against BFCL's own, on BFCL's own problems.

    pip install --no-deps --target FOLDER bfcl-eval
    python -m benchmarks.parity.bfcl_ast FOLDER [--calls 20] [--seed 0]

For every single-turn Python problem of the package, calls are written from the possible answers, some of them left
as they are and some damaged (types, values, names, parameters, keys, order, number), and both checkers judge them.
Exits with 1 where one takes for right what the other takes for wrong. The package's list of models and its parsers
of Java are replaced by stubs, so that none of its dependencies are needed.
"""

from __future__ import annotations

import argparse
import importlib
import random
import sys
from collections import Counter
from copy import deepcopy
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from bench.errors import BenchError
from evaluators.tool.bfcl import Problem, read_bfcl
from evaluators.tool.call import Call
from evaluators.tool.check_call import check_calls

DAMAGES = (0, 0, 1, 1, 2)


class NoModels(dict[str, SimpleNamespace]):
    """Every model is one that keeps the dots of names."""

    def __missing__(self, name: str) -> SimpleNamespace:
        return SimpleNamespace(underscore_to_dot=False)


def stub(name: str, **content: object) -> None:
    module = ModuleType(name)
    vars(module).update(content)
    sys.modules[name] = module


def theirs(folder: Path) -> Any:
    """BFCL's `ast_checker` and its name for Python."""
    sys.path.insert(0, str(folder))
    stub("bfcl_eval.constants.model_config", MODEL_CONFIG_MAPPING=NoModels())
    for name in ("java", "js"):
        converter = f"{name}_type_converter"
        stub(f"bfcl_eval.eval_checker.ast_eval.type_convertor.{converter}", **{converter: None})
    checker = importlib.import_module("bfcl_eval.eval_checker.ast_eval.ast_checker").ast_checker
    return checker, importlib.import_module("bfcl_eval.constants.enums").Language.PYTHON


def write_calls(problem: Problem, rng: random.Random) -> list[Call]:
    calls = []
    for answer in problem.answers or ():
        ((name, allowed),) = answer.items()
        chosen = {parameter: rng.choice(values) for parameter, values in allowed.items() if values}
        kept = {key: concrete(value, rng) for key, value in chosen.items() if value != "" or rng.random() < 0.2}
        calls.append(Call(name, kept))
    rng.shuffle(calls)
    for _ in range(rng.choice(DAMAGES)):
        if calls:
            damage(calls, rng)
    return calls


def concrete(value: Any, rng: random.Random) -> Any:
    """An allowed value as a call holds it: of an object, one of the allowed values of each key."""
    if isinstance(value, list):
        return [concrete(one, rng) if isinstance(one, dict) else deepcopy(one) for one in value]
    if not isinstance(value, dict):
        return value
    chosen = {key: rng.choice(one) if isinstance(one, list) and one else one for key, one in value.items()}
    return {key: deepcopy(one) for key, one in chosen.items() if one != "" or rng.random() < 0.2}


def damage(calls: list[Call], rng: random.Random) -> None:
    i = rng.randrange(len(calls))
    call, parameter = calls[i], rng.choice([*calls[i].arguments, "other"])
    rest = {name: value for name, value in call.arguments.items() if name != parameter}
    what = rng.choice(["drop", "repeat", "rename", "add", "leave out", "value", "value", "value", "value"])
    if what == "drop":
        del calls[i]
    elif what == "repeat":
        calls.append(call)
    elif what == "rename":
        calls[i] = Call(f"{call.name}x", call.arguments)
    elif what == "leave out":
        calls[i] = Call(call.name, rest)
    else:
        calls[i] = Call(call.name, rest | {parameter: another(call.arguments.get(parameter), rng)})


def another(value: Any, rng: random.Random) -> Any:
    """A value near another one: another type, spelling, order, length or key."""
    near: list[Any] = [None, str(value), [value], {"a": value}]
    if isinstance(value, bool | int | float):
        near += [bool(value), int(value), float(value), value + 1]
    if isinstance(value, str):
        near += [
            value.upper(),
            value.replace(" ", "-"),
            f"_{value}.",
            value.replace("'", '"'),
            f"{value}x",
            f"{value}\n",
        ]
    if isinstance(value, list):
        items = [another(one, rng) if rng.random() < 0.3 else one for one in value]
        near += [tuple(value), value[::-1], value[:-1], value + value[:1], items, []]
    if isinstance(value, dict):
        items_of = {key: another(one, rng) if rng.random() < 0.3 else one for key, one in value.items()}
        near += [{}, value | {"other": 1}, dict(list(value.items())[1:]), items_of]
    return rng.choice(near)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--calls", type=int, default=20, help="lists of calls a problem")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    checker, python = theirs(arguments.folder)
    rng, seen = random.Random(arguments.seed), Counter[str]()
    for path in sorted((arguments.folder / "bfcl_eval" / "data").glob("BFCL_*.json")):
        try:
            problems = read_bfcl(path)
        except BenchError as error:
            print(f"not read: {error}")
            continue
        print(f"{path.name}: {len(problems)} problems")
        for problem in problems:
            for _ in range(arguments.calls if problem.answers else 0):
                calls = write_calls(problem, rng)
                ours = check_calls(calls, problem.functions, problem.answers).valid
                written = [{call.name: deepcopy(call.arguments)} for call in calls]
                given = deepcopy((list(problem.functions), written, list(problem.answers or ())))
                expected = checker(*given, python, problem.kind, "any")["valid"]
                seen[f"ours {ours}, theirs {expected}"] += 1
                if ours != expected:
                    print(f"{problem.id}: {written} against {problem.answers}: ours {ours}, theirs {expected}")
    print(dict(seen))
    return int(any(seen[f"ours {ours}, theirs {not ours}"] for ours in (True, False)))


if __name__ == "__main__":
    sys.exit(main())
