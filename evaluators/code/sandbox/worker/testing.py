"""Running the trusted test against the program: how a verdict is formed."""

from __future__ import annotations

import ast
import builtins
import marshal
import sys
import types
import warnings
from typing import Any

from .remote import Left, Lost, Program

HELD = "__assertion_held__"
LONGEST_DETAIL = 300
Verdict = tuple[str, str]


def prepare(test: str) -> dict[str, Any]:
    """A test as the message that its process reads: done once, however many programs it is for.

    `broken` says why it cannot be compiled; else `code` holds its code, `asserts` the number of its assertions, and
    `free` the names that it uses and does not define.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(test, "<test>")
            free = sorted(free_names(tree) - {"candidate", "check"})
            asserts = sum(isinstance(node, ast.Assert) for node in ast.walk(tree))
            code = compile(ast.fix_missing_locations(Count().visit(tree)), "<test>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return {"broken": one_line(f"the test does not compile: {type(error).__name__}: {error}")}
    return {"code": marshal.dumps(code).hex(), "asserts": asserts, "free": free}


def verdict(program: Program, test: dict[str, Any], entry_point: str) -> Verdict:
    """Status and detail of a task; the program may still be running when this is called.

    Args:
        program: the connection to it.
        test: from `prepare`; empty where the program is only to run to its end.
        entry_point: the name of the function given to `check`, or empty.

    Raises:
        Lost: the program's process no longer answers.
        Left: it asked to leave.
    """
    if "broken" in test:
        return "error", test["broken"]
    try:
        program.finished()
    except Exception as error:
        return of_exception(error, "the program", "error")
    if not test:
        return "passed", ""
    held: list[None] = []
    try:
        module = types.ModuleType("test")
        sys.modules["test"] = module
        space = module.__dict__
        space |= needed(program, set(test["free"]), entry_point)
        space[HELD] = lambda: held.append(None)
        exec(marshal.loads(bytes.fromhex(test["code"])), space)
        checked = bool(entry_point) and callable(space.get("check"))
        if checked:
            space["check"](space["candidate"])
    except Exception as error:
        return of_exception(error, "the test", "failed" if isinstance(error, AssertionError) else "error")
    if program.lost:
        raise Lost(program.lost)
    if not held and (test["asserts"] or not checked):
        return "failed", "no assertion of the test ran"
    return "passed", ""


class Count(ast.NodeTransformer):
    """Counts the assertions that held: behind each stands a call that only runs where it did."""

    def visit_Assert(self, node: ast.Assert) -> list[ast.stmt]:
        return [node, ast.copy_location(ast.Expr(ast.Call(ast.Name(HELD, ast.Load()), [], [])), node)]


def needed(program: Program, free: set[str], entry_point: str) -> dict[str, Any]:
    """The names that the test uses and does not define, from the program; and `candidate`.

    A builtin is never the program's, or `abs = lambda x: 0` would make `abs(f(1) - 2) < 1e-6` true; but for a test
    of nothing else, such as `assert sum(10, 15) == 6`.

    Raises:
        NameError: the program does not define the entry point.
    """
    own = {name for name in free if not hasattr(builtins, name)}
    wanted = own if own or entry_point else free
    found = program.names(sorted(wanted | {entry_point} - {""}))
    if entry_point:
        if entry_point not in found:
            raise NameError(f"the program does not define '{entry_point}'")
        found["candidate"] = found[entry_point]
        if entry_point not in wanted:
            del found[entry_point]
    return found


def free_names(tree: ast.Module) -> set[str]:
    loaded, bound = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (loaded if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.alias):
            bound.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.add(node.name)
    return loaded - bound


def of_exception(error: BaseException, where: str, status: str) -> Verdict:
    if isinstance(error, MemoryError):
        return "memory", one_line(f"MemoryError in {where}")
    text = str(error)
    return status, one_line(f"{type(error).__name__}: {text}" if text else type(error).__name__)


def of_leaving(error: Left) -> Verdict:
    return "error", f"{error}: the program asked to leave"


def one_line(text: str) -> str:
    legal = text.encode("utf-8", "backslashreplace").decode("utf-8")  # a lone surrogate cannot be stored
    return " ".join(legal.split())[:LONGEST_DETAIL]
