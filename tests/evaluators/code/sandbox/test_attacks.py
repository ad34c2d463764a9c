"""Programs that want to pass without solving anything, or to harm the machine. None may do either."""

import os
import signal
import time
from multiprocessing.connection import wait
from pathlib import Path

import psutil
import pytest

from evaluators.code.sandbox import Sandbox, Task
from evaluators.code.sandbox.worker import frames
from tests.evaluators.code.sandbox.conftest import FALSE, HONEST, LIMITS, TEST

# Each is followed by a wrong solution, so a pass could only be a forged one.
FORGERIES = {
    "leaving by sys.exit": "import sys\nsys.exit(0)",
    "leaving by os._exit": "import os\nos._exit(0)",
    "leaving inside of the function": "import os\ndef f(x):\n    os._exit(0)",
    "sys.exit inside of the function": "import sys\ndef f(x):\n    sys.exit(0)",
    "another AssertionError": "import builtins\nbuiltins.AssertionError = type('E', (BaseException,), {})",
    "patched builtins": """
import builtins
builtins.isinstance = lambda *a: True
builtins.len = lambda *a: 400
builtins.print = builtins.type = builtins.getattr = lambda *a: None""",
    "own check": "def check(candidate):\n    pass\ncandidate = None",
    "equal to everything": """
class Equal:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
    def __bool__(self): return True
def f(x): return Equal()""",
    "a number that lies": """
class Lie(int):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __hash__ = int.__hash__
def f(x): return Lie(7)""",
    "a text that lies": """
class Lie(str):
    def __eq__(self, other): return True
    __hash__ = str.__hash__
def f(x): return Lie('a')""",
    "a list of things that are equal to everything": """
class Equal:
    def __eq__(self, other): return True
def f(x): return [Equal()]""",
    "the verdict on standard output": "print('passed')\nprint({'status': 'passed', 'detail': ''})",
    "the verdict on every descriptor": """
import json, os, struct
for message in ({'status': 'passed', 'detail': ''}, ['value', 400, {}], {'output': '', 'status': 'passed'}, 'passed'):
    body = json.dumps(message).encode()
    for descriptor in range(1000):
        for data in (struct.pack('>I', len(body)) + body, body + b'\\n'):
            try: os.write(descriptor, data)
            except OSError: pass""",
    "closed descriptors": "import os\nos.closerange(0, 1000)",
    "a search for the test": """
import gc, sys
found = []
frame = sys._getframe()
while frame:
    found += [str(frame.f_locals), str(frame.f_globals.keys())]
    frame = frame.f_back
found += [str(thing) for thing in gc.get_objects() if isinstance(thing, (dict, list)) and '400' in str(thing)[:10000]]
def f(x):
    return x * x if any('candi' + 'date(20)' in text for text in found) else None""",
    "a patched protocol": """
import sys
for name, module in list(sys.modules.items()):
    if 'worker' in name:
        for key in dir(module):
            try: setattr(module, key, lambda *a, **k: ['value', 400, {}])
            except Exception: pass""",
    "an exception that claims success": "def f(x):\n    raise type('passed', (BaseException,), {})('passed')",
    "a signal at the end": "import os, signal\ndef f(x):\n    os.kill(os.getpid(), signal.SIGTERM)\n    return 1",
    "too large a result": "def f(x):\n    return 'a' * 50_000_000",
    "too deep a result": "def f(x):\n    y = []\n    for _ in range(100_000): y = [y]\n    return y",
    "a result that holds itself": "def f(x):\n    result = []\n    result.append(result)\n    return result",
    "an endless iterator": "def f(x):\n    import itertools\n    return itertools.count()",
    "a program of a megabyte": "#" + "a" * 2**20 + "\nx = " + "1 + " * 1000 + "1",
    "deeply nested source": "(" * 100_000,
    "nested lambdas": "lambda:" * 20_000 + "1",
    "a null byte": "x = '\0'",
    "a lone surrogate": "x = '\ud800'",
    "a syntax error": "def f(x:",
    "a daemon thread": "import threading, time\nthreading.Thread(target=time.sleep, args=(1e6,), daemon=True).start()",
    "ignored signals": """
import signal
for number in (signal.SIGALRM, signal.SIGXCPU, signal.SIGTERM, signal.SIGINT):
    signal.signal(number, signal.SIG_IGN)
signal.alarm(1)""",
    "its own site": "open('sitecustomize.py', 'w').write('import os; os._exit(0)')",
    "a segmentation fault": "import ctypes\nctypes.string_at(0)",
    "a segmentation fault later": "import ctypes\ndef f(x):\n    ctypes.string_at(0)",
    "open files": "files = [open('a', 'w') for _ in range(10_000)]",
    "a sparse file": "with open('a', 'wb') as file:\n    file.seek(2**45)\n    file.write(b'a')",
    "much memory": "x = bytearray(2**40)",
    "memory bit by bit": "x = []\nwhile True: x.append(bytearray(2**20))",
    "memory of others": "import os\nwhile True: os.memfd_create('a')",
}
SLOW = {
    "a fork bomb": "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
    "many threads": "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(1e6,)).start()",
    "endless output": "while True: print('a' * 1000)",
    "an endless loop without signals": """
import signal
signal.signal(signal.SIGXCPU, signal.SIG_IGN)
while True: pass""",
    "an endless function": "def f(x):\n    while True: pass",
}


@pytest.mark.parametrize("name", [*FORGERIES, *SLOW])
def test_no_attack_passes_or_harms_the_next_task(name, sandbox):
    source = {**FORGERIES, **SLOW}[name]
    outcomes = sandbox.run([Task(source if "def f" in source else f"{FALSE}\n{source}\n", TEST, "f"), HONEST, HONEST])
    assert outcomes[0].status != "passed", outcomes[0]
    assert outcomes[0].detail
    assert len(outcomes[0].output) <= LIMITS.output_bytes
    assert [outcome.status for outcome in outcomes[1:]] == ["passed", "passed"]


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("while True: pass", "timeout"),
        ("x = bytearray(2**40)", "memory"),
        ("import ctypes\nctypes.string_at(0)", "killed"),
        ("1 / 0", "error"),
        ("import sys\nsys.exit(3)", "error"),
        ("import os\nos._exit(0)", "error"),
    ],
)
def test_what_ended_a_program_is_named(source, status, run):
    outcome = run(Task(source))
    assert outcome.status == status
    assert "\n" not in outcome.detail


def test_the_clock_ends_a_program_that_sleeps_and_a_test_that_never_ends():
    with Sandbox(type(LIMITS)(wall_seconds=0.5), workers=2) as sandbox:
        sleep = Task("import time\ntime.sleep(1000)")
        endless = Task(FALSE, "import time\ndef check(candidate):\n    time.sleep(1000)", "f")
        start = time.monotonic()
        outcomes = sandbox.run([sleep, endless, Task("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)")])
        assert time.monotonic() - start < 15
        assert [outcome.status for outcome in outcomes[:2]] == ["timeout", "timeout"]


SEARCH = """
import ctypes, re
own = b"".join([b"moon", b"stone"])
wanted = b"krypto[n]ite|moon[s]tone|6b727970746f[6]e697465"
found = set()
for line in open("/proc/self/maps").read().splitlines():
    if " rw-p " in line:
        start, stop = (int(part, 16) for part in line.split()[0].split("-"))
        memory = ctypes.string_at(start, stop - start)
        found |= set(re.findall(wanted, memory))
print(sorted(found))
"""


def test_no_test_ever_was_in_the_memory_of_a_program():
    """Not of its own task, and not of an earlier one, whose memory the worker would hand on."""
    if not Path("/proc/self/maps").exists():
        pytest.skip("needs /proc")
    test = "def check(candidate):\n    assert candidate(20) == 400, 'kryptonite'\n"
    with Sandbox(LIMITS, workers=1, layers=("seccomp",)) as sandbox:
        wrong = Task(FALSE, test, "f")
        outcomes = sandbox.run([wrong, wrong, Task(FALSE + SEARCH, test, "f")])
    assert outcomes[0].detail == "AssertionError: kryptonite"
    assert outcomes[2].output.strip() == "[b'moonstone']"  # which shows that the search finds what is there


def test_a_busy_test_is_ended_by_its_own_limit(run):
    assert run(Task(FALSE, "def check(candidate):\n    while True: pass", "f")).status == "timeout"


def test_limits_alone_still_end_what_a_program_leaves_behind():
    leave = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(1000)\n"
    with Sandbox(LIMITS, workers=1, layers=()) as sandbox:
        assert sandbox.isolation == "limits of time, memory and files"
        worker = psutil.Process(sandbox.workers[0].process.pid)
        assert sandbox.run([Task(leave), HONEST])[1].status == "passed"
        # the dead are waited for by the next task
        assert all(child.status() == psutil.STATUS_ZOMBIE for child in worker.children(recursive=True))
        kill = "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nimport time\ntime.sleep(100)"
        outcomes = sandbox.run([HONEST, Task(FALSE + kill, TEST, "f"), HONEST])
        assert [outcome.status for outcome in outcomes] == ["passed", "killed", "passed"]


# With the limits alone a program can reach its worker: the parent of its parent.
KILLS_WORKER = """
import os, signal, time
parent = os.getppid()
fields = open(f"/proc/{parent}/stat").read().rpartition(")")[2].split()
os.kill(int(fields[1]), signal.SIGKILL)
time.sleep(100)
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_a_task_that_kills_its_worker_is_found_and_the_others_are_run_again():
    with Sandbox(LIMITS, workers=2, layers=()) as sandbox:
        folders = [worker.folder for worker in sandbox.workers]
        outcomes = sandbox.run([HONEST, HONEST, Task(KILLS_WORKER), HONEST, HONEST])
        folders += [worker.folder for worker in sandbox.workers]
    assert [outcome.status for outcome in outcomes] == ["passed", "passed", "killed", "passed", "passed"]
    assert "worker died" in outcomes[2].detail
    assert not any(os.path.exists(folder) for folder in folders)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_a_worker_that_is_killed_before_the_test_is_read_takes_the_task_with_it():
    with Sandbox(LIMITS, workers=1, layers=()) as sandbox:
        worker = sandbox.workers[0]
        frames.write_frame(worker.stdin, {"program": KILLS_WORKER, "alone": False})
        assert wait([worker.stdout], 10), "a process of the task lives on"
        with pytest.raises(frames.Closed):
            frames.read_frame(worker.stdout)


def test_nothing_is_left_after_an_interruption():
    class Interrupt(Exception):
        pass

    def interrupt(number, frame):
        raise Interrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    sandbox = Sandbox(LIMITS, workers=2)
    processes = [psutil.Process(worker.process.pid) for worker in sandbox.workers]
    processes += [child for process in processes for child in process.children(recursive=True)]
    folders = [worker.folder for worker in sandbox.workers]
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(Interrupt):
            sandbox.run([Task("import time\ntime.sleep(1000)")] * 4)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert not any(process.is_running() for process in processes)
    assert not any(os.path.exists(folder) for folder in folders)
