"""Programs as syntax trees: what each one is made of, measured in one walk. Nothing is executed.

A tree takes about a hundred times the memory of its text, so none is kept.
"""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

LONGEST_PROGRAM = 200_000  # characters
CONTEXT = (ast.expr_context,)  # whether a name is read or written follows from the nodes around it


@dataclass(frozen=True)
class Syntax:
    """What a program is made of; all zero where it does not parse.

    Args:
        parses: it is legal by the grammar.
        compiles: also by the rules beyond it, such as no `return` outside of a function.
        nodes: number of nodes of every type.
        statements: number of statements.
        nesting: statements that stand inside of one another, at most; 1 for a flat program, 0 for comments only.
    """

    parses: bool
    compiles: bool = False
    nodes: Counter[str] = field(default_factory=Counter)
    statements: int = 0
    nesting: int = 0


ILLEGAL = Syntax(parses=False)


def syntax(program: object) -> Syntax:
    """Measure a program of at least one and at most `LONGEST_PROGRAM` characters; anything else does not parse."""
    if not isinstance(program, str) or not program.strip() or len(program) > LONGEST_PROGRAM:
        return ILLEGAL
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as an invalid escape in a string, which is legal
        try:
            tree = ast.parse(program)
        # beside SyntaxError: null bytes and lone surrogates, and nesting beyond the parser's own limits
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return ILLEGAL
        nodes, statements, nesting = measure(tree)
        try:
            compile(program, "<program>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return Syntax(True, False, nodes, statements, nesting)
    return Syntax(True, True, nodes, statements, nesting)


def measure(tree: ast.Module) -> tuple[Counter[str], int, int]:
    """Node types, statements and nesting of a tree; without recursion, as trees can be deeper than the stack."""
    nodes: Counter[str] = Counter()
    statements, nesting = 0, 0
    waiting: list[tuple[ast.AST, int]] = [(node, 0) for node in tree.body]
    while waiting:
        node, depth = waiting.pop()
        nodes[type(node).__name__] += 1
        if isinstance(node, ast.stmt):
            depth += 1
            statements += 1
            nesting = max(nesting, depth)
        waiting += [(child, depth) for child in ast.iter_child_nodes(node) if not isinstance(child, CONTEXT)]
    return nodes, statements, nesting


def all_syntax(programs: Iterable[object]) -> list[Syntax]:
    """Measure programs, equal ones once."""
    known: dict[object, Syntax] = {}
    return [known[one] if one in known else known.setdefault(one, syntax(one)) for one in programs]
