"""Honest programs: what must pass passes, as it would in the same process."""

import pytest

from bench.errors import BenchError
from bench.progress import Progress
from bench.progress import Task as Bar
from evaluators.code.sandbox import Limits, Sandbox, Task

PAIR = """
class Pair(object):
    def __init__(self, a, b):
        self.a = a
        self.b = b
def max_chain_length(arr, n):
    best = [1] * n
    for i in range(1, n):
        for j in range(i):
            if arr[i].a > arr[j].b:
                best[i] = max(best[i], best[j] + 1)
    return max(best)
"""
PASSES = {
    "check": ("def f(x):\n    return x + 1", "def check(candidate):\n    assert candidate(1) == 2", "f"),
    "metadata": ("def f(x): return x", "METADATA = {'a': 1}\ndef check(candidate):\n    assert candidate(1) == 1", "f"),
    "assertions": ("def f(x):\n    return x + 1", "assert f(1) == 2\nassert f(2) == 3", ""),
    "a class of the program": (PAIR, "assert max_chain_length([Pair(5, 24), Pair(15, 25), Pair(27, 40)], 3) == 2", ""),
    "a helper of the program": (
        "def poly(xs, x):\n    return sum(c * x**i for i, c in enumerate(xs))\ndef f(xs):\n    return -xs[0] / xs[1]",
        "def check(candidate):\n    for n in range(1, 9):\n        assert abs(poly([n, 2], candidate([n, 2]))) < 1e-4",
        "f",
    ),
    "imports of the program": ("import math\ndef f(x): return x / 3", "assert math.isclose(f(1), 1 / 3)", ""),
    "functions of math": ("from math import isclose\ndef f(x): return x / 3", "assert isclose(f(1), 1 / 3)", ""),
    "a builtin's name": ("def sum(a, b):\n    return a * b", "assert sum(10, 15) == 150", ""),
    "in place": ("def f(xs):\n    xs.sort()", "xs = [3, 1, 2]\nassert f(xs) is None\nassert xs == [1, 2, 3]", ""),
    "in place, a dict": ("def f(d):\n    d['b'] = d.pop('a')", "d = {'a': 1}\nf(d)\nassert d == {'b': 1}", ""),
    "in place, a deque": (
        "def f(d):\n    d.appendleft(0)",
        "from collections import deque\nd = deque([1], 9)\nf(d)\nassert d == deque([0, 1]) and d.maxlen == 9",
        "",
    ),
    "in place, a kind of dict": (
        "def f(d):\n    d['b'] = d.pop('a')",
        "from collections import defaultdict\nd = defaultdict(int, a=1)\nf(d)\nassert d == {'b': 1} and d['c'] == 0",
        "",
    ),
    "in place, by keyword": (
        "def f(x, *, xs, d):\n    xs += x\n    d['a'] = xs.pop(0)",
        "xs, d = [1, 2], {}\nf([3], d=d, xs=xs)\nassert (xs, d) == ([2, 3], {'a': 1})",
        "",
    ),
    "an exception": (
        "def f(x):\n    raise ValueError('no')",
        "try:\n    f(1)\nexcept ValueError as error:\n    assert str(error) == 'no'\nelse:\n    assert False",
        "",
    ),
    "an exception of its own": (
        "class Bad(KeyError): pass\ndef f(x):\n    raise Bad(x)",
        "try:\n    f(1)\nexcept Bad as error:\n    assert isinstance(error, KeyError) and error.args == (1,)",
        "",
    ),
    "recursion that ends in an error": (
        "def f(x):\n    return f(x)",
        "try:\n    f(1)\nexcept RecursionError:\n    assert True",
        "",
    ),
    "float": ("def f(x): return x / 3", "def check(candidate):\n    assert abs(candidate(1) - 0.333) < 1e-2", "f"),
    "nan": ("def f(): return float('nan')", "x = f()\nassert x != x", ""),
    "infinity": ("def f(): return -float('inf')", "assert f() == float('-inf')", ""),
    "complex": ("def f(): return 1j * 1j", "assert f() == -1", ""),
    "sets": ("def f(xs): return set(xs), frozenset(xs)", "assert f([1, 1]) == ({1}, frozenset({1}))", ""),
    "a large number": ("def f(): return 7**9999", "assert f() == 7**9999", ""),
    "bytes": ("def f(x): return x + b'\\xff'", "assert f(b'\\x00') == b'\\x00\\xff'", ""),
    "any text": ("def f(x): return x[::-1]", "assert f('a\\ud800\\0') == '\\0\\ud800a'", ""),
    "a generator": ("def f(n):\n    yield from range(n)", "assert list(f(3)) == [0, 1, 2]\nassert next(f(3)) == 0", ""),
    "map": ("def f(xs): return map(str, xs)", "assert list(f([1, 2])) == ['1', '2']\nassert '2' in f([1, 2])", ""),
    "range": ("def f(n): return range(n)", "assert f(3) == range(3)", ""),
    "a type as argument": (
        "def f(xs, kind): return [x for x in xs if not isinstance(x, kind)]",
        "assert f((4, 7.7, 'a'), int) == [7.7, 'a']",
        "",
    ),
    "Counter": (
        "from collections import *\ndef f(x): return Counter(x), defaultdict(int, a=1), OrderedDict(a=1), deque([1])",
        "from collections import Counter, deque\nassert f('aab') == (Counter('aab'), {'a': 1}, {'a': 1}, deque([1]))",
        "",
    ),
    "dates": (
        "import datetime\ndef f(d): return d + datetime.timedelta(days=1)",
        "import datetime\nassert f(datetime.date(2020, 2, 28)) == datetime.date(2020, 2, 29)",
        "",
    ),
    "fractions": ("from fractions import *\ndef f(): return Fraction(1, 3)", "assert f() * 3 == 1", ""),
    "a named tuple": (
        "import collections\nP = collections.namedtuple('P', 'x y')\ndef f(): return P(1, 2)",
        "assert f() == (1, 2)",
        "",
    ),
    "a dataclass": (
        "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\ndef f(): return P(1)",
        "assert f() == P(1) and f() != P(2) and f().x == 1",
        "",
    ),
    "an object that changes": (
        "class Stack:\n    def __init__(self): self.items = []\n    def push(self, x): self.items.append(x)",
        "s = Stack()\ns.push(1)\ns.size = 4\nassert s.items == [1] and s.size == 4",
        "",
    ),
    "keywords": ("def f(a, *, b=1): return a - b", "assert f(1, b=3) == -2", ""),
    "threads": (
        "import threading\nxs = []\nthread = threading.Thread(target=xs.append, args=(1,))\nthread.start()\n"
        "def f():\n    thread.join()\n    return xs",
        "assert f() == [1]",
        "",
    ),
    "asyncio": ("import asyncio\nasync def g(): return 1\ndef f(): return asyncio.run(g())", "assert f() == 1", ""),
    "files": ("def f():\n    open('a', 'w').write('x')\n    return open('a').read()", "assert f() == 'x'", ""),
    "a check without an assertion": (
        "def f(): return 1",
        "def check(candidate):\n    if candidate() != 1:\n        raise ValueError",
        "f",
    ),
}


@pytest.mark.parametrize("name", PASSES)
def test_honest_programs_pass_here_and_in_one_process(name, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # one of them writes a file
    program, test, entry_point = PASSES[name]
    space = {}
    exec(program + "\n" + test, space)
    if "check" in space:
        space["check"](space[entry_point])
    outcome = run(Task(program, test, entry_point))
    assert outcome.status == "passed", outcome


@pytest.mark.parametrize(
    ("program", "test", "entry_point", "status", "detail"),
    [
        ("def f(x): return x", "assert f(1) == 2, 'not two'", "", "failed", "AssertionError: not two"),
        ("def f(x): return x", "f(1)", "", "failed", "no assertion of the test ran"),
        ("def f(x): return x", "def check(candidate):\n    for x in []: assert x", "f", "failed", "no assertion"),
        ("def f(x): return x", "if f(1) == 2:\n    assert True", "", "failed", "no assertion"),
        ("def g(x): return x", "def check(candidate): assert True", "f", "error", "does not define 'f'"),
        ("def g(x): return x", "assert f(1) == 1", "", "error", "NameError"),
        ("abs = lambda x: 0\ndef f(x): return 9", "assert abs(f(1) - 1) < 1", "", "failed", "AssertionError"),
        ("def f(x): return x", "assert f(lambda: 1)", "", "error", "cannot hand a value of type function"),
        ("def f(x): return x", "assert (", "", "error", "the test does not compile"),
        ("def f(x): return 1 / 0", "assert f(1) == 1", "", "error", "ZeroDivisionError: division by zero"),
        ("1 / 0", "assert f(1) == 1", "", "error", "ZeroDivisionError"),
        ("x = [0] * 10**12", "assert True", "", "memory", "MemoryError in the program"),
    ],
)
def test_what_does_not_pass_says_why(program, test, entry_point, status, detail, run):
    outcome = run(Task(program, test, entry_point))
    assert outcome.status == status
    assert detail in outcome.detail


def test_a_program_without_a_test_runs_as_main_with_nothing_to_read(run):
    outcome = run(Task("import sys\nif __name__ == '__main__':\n    print('hi')\n    sys.exit()"))
    assert (outcome.status, outcome.output) == ("passed", "hi\n")
    assert "EOFError" in run(Task("input()")).detail


def test_output_is_kept_up_to_the_limit(run):
    outcome = run(Task("import sys\nprint('a' * 10**6)\nprint('b', file=sys.stderr)"))
    assert outcome.status == "passed"
    assert outcome.output == "a" * 2000


def test_equal_programs_have_equal_outcomes(sandbox):
    source = "import random\nprint(random.random(), hash('a'), list({'a', 'b', 'c'}))"
    outcomes = sandbox.run([Task(source)] * 6)
    assert len({outcome.output for outcome in outcomes}) == 1


def test_outcomes_stand_in_the_order_of_the_tasks_and_are_counted(sandbox):
    class Count(Progress):
        steps = 0

        def task(self, description, total, unit="steps"):
            outer = self

            class Counted(Bar):
                def advance(self, steps=1, **metrics):
                    outer.steps += steps

            return Counted()

    count = Count()
    outcomes = sandbox.run([Task(f"import time\ntime.sleep({0.1 * (i == 0)})\nprint({i})") for i in range(7)], count)
    assert [int(outcome.output) for outcome in outcomes] == list(range(7))
    assert count.steps == 7
    assert sandbox.run([]) == []


def test_tasks_do_not_see_each_other(sandbox):
    leave = "import math, os\nmath.pi = 3\nopen('left', 'w').close()\nprint(os.listdir())"
    outcomes = sandbox.run([Task(leave), Task(leave), Task("import math, os\nprint(math.pi, os.listdir())")])
    assert [outcome.output.strip() for outcome in outcomes] == ["['left']", "['left']", "3.141592653589793 []"]


def test_the_isolation_is_named_and_a_closed_sandbox_says_so():
    with Sandbox(Limits(), workers=1, layers=()) as sandbox:
        assert sandbox.isolation == "limits of time, memory and files"
    with pytest.raises(BenchError, match="closed"):
        sandbox.run([Task("")])
