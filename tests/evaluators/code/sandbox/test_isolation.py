"""Each layer alone and together, as on machines that lack the others: what is outside stays as it is."""

import ctypes
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from evaluators.code.sandbox import LAYERS, Sandbox, Task
from tests.evaluators.code.sandbox.conftest import FALSE, HONEST, LIMITS, TEST

OUTSIDE = """
import ctypes, fcntl, os, socket, struct
home, canary = {home!r}, {canary!r}
done = []
library = ctypes.CDLL(None, use_errno=True)
def system_call(number, *arguments):
    if library.syscall(ctypes.c_long(number), *arguments) < 0:
        raise OSError(ctypes.get_errno(), "refused")
def setxattrat(path):
    parts = [struct.pack("<HHI", who, 7, 0xFFFFFFFF) for who in (1, 4, 32)]  # everybody may do everything
    acl = ctypes.create_string_buffer(struct.pack("<I", 2) + b"".join(parts), 28)
    value = struct.pack("=QII", ctypes.addressof(acl), 28, 0)
    name = b"system.posix_acl_access"
    system_call(463, ctypes.c_long(-100), path.encode(), ctypes.c_long(0), name, value, ctypes.c_long(16))
def file_setattr(path):
    attributes = struct.pack("=QIIIII", 0x80, 0, 0, 0, 0, 0) + bytes(4)  # FS_XFLAG_NODUMP
    system_call(469, ctypes.c_long(-100), path.encode(), attributes, ctypes.c_long(32), ctypes.c_long(0))
def set_flags(path):
    with open(path) as file:
        fcntl.ioctl(file, 0x40086602, fcntl.ioctl(file, 0x80086601, bytes(8)))  # FS_IOC_SETFLAGS, FS_IOC_GETFLAGS
def bind(path):
    socket.socketpair()[0].bind(path)
def attempt(what, *arguments):
    try:
        what(*arguments)
    except OSError:
        return
    done.append(what.__name__)
attempt(open, canary, "w")
attempt(open, canary, "a")
attempt(open, canary)
attempt(os.unlink, canary)
attempt(os.rename, canary, canary + "2")
attempt(os.rmdir, home)
attempt(os.mkdir, home + "/new")
attempt(os.symlink, "/", home + "/link")
attempt(os.truncate, canary, 0)
attempt(os.chmod, canary, 0o777)
attempt(os.utime, canary)
attempt(setxattrat, canary)
attempt(file_setattr, canary)
attempt(set_flags, canary)
attempt(set_flags, os.__file__)
attempt(bind, home + "/socket")
attempt(open, "/etc/difflm-bench", "w")
attempt(os.listdir, home)
assert not done, done
"""
NETWORK = """
import socket
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX):
    try:
        socket.socket(family)
    except OSError:
        continue
    raise SystemExit("a socket")
"""
PROCESSES = """
import glob, os, signal, subprocess
for target in (0, -1, os.getppid() or 10**6, -os.getpgid(0)):
    try:
        os.kill(target, signal.SIGKILL)
    except OSError:
        continue
    raise SystemExit(f"killed {target}")
for command in (["/bin/sh", "-c", "true"], ["true"]):
    try:
        subprocess.run(command)
    except OSError:
        continue
    raise SystemExit("a command ran")
try:
    os.execv("/bin/sh", ["sh"])
except OSError:
    pass
import fcntl
for command in (fcntl.F_SETOWN, 10):
    try:
        fcntl.fcntl(1, command, os.getppid() or 1)
    except OSError:
        continue
    raise SystemExit("a signal through a descriptor")
for path in (f"/proc/{os.getppid()}/mem", f"/proc/{os.getppid()}/environ"):
    try:
        open(path, "rb")
    except OSError:
        continue
    raise SystemExit("the memory of the test")
"""
PAIR = """
import socket
for use in (lambda pair: pair[0].sendto(b"x", {path!r}), lambda pair: pair[0].connect({path!r}) or pair[0].send(b"x")):
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM, socket.SOCK_SEQPACKET):
        try:
            use(socket.socketpair(socket.AF_UNIX, kind))
        except OSError:
            pass
"""
SHARED = """
import ctypes
library = ctypes.CDLL(None)
library.shmat.restype = ctypes.c_void_p
place = library.shmat({number}, None, 0)
if place not in (None, 2**64 - 1):
    ctypes.memmove(place, b"changed", 7)
"""
ENVIRONMENT = """
import glob, os
seen = [dict(os.environ)]
for path in glob.glob("/proc/*/environ") + ["/proc/self/environ", "/proc/1/environ"]:
    try:
        seen.append(open(path, "rb").read())
    except OSError:
        pass
assert "canary" not in str(seen)
"""
DEGRADED = [LAYERS, ("landlock", "seccomp", "user"), ("landlock", "seccomp"), ("namespaces", "user"), ("seccomp",)]


@pytest.fixture(scope="module", params=DEGRADED, ids="+".join)
def layered(request):
    with Sandbox(LIMITS, workers=1, layers=request.param) as sandbox:
        # a Python that lies in a home cannot be read by another user
        missing = (
            set(request.param) - set(sandbox.layers) - {"user", "landlock" if "namespaces" in request.param else ""}
        )
        if missing:
            pytest.skip(f"not possible here: {', '.join(missing)}")
        yield sandbox


def test_nothing_outside_of_the_folder_is_touched(layered, tmp_path):
    canary = tmp_path / "canary"
    canary.write_text("alive")
    canary.chmod(0o666)
    tmp_path.chmod(0o777)
    before = canary.stat()
    source = OUTSIDE.format(home=str(tmp_path), canary=str(canary))
    if layered.layers == ["seccomp"]:  # which cannot hide anything, only keep it as it is
        source = source.replace("attempt(open, canary)\n", "").replace("attempt(os.listdir, home)\n", "")
    outcome = layered.run([Task(source)])[0]
    assert outcome.status == "passed", outcome
    assert (canary.read_text(), canary.stat().st_mtime, canary.stat().st_mode) == (
        "alive",
        before.st_mtime,
        before.st_mode,
    )
    assert [path.name for path in tmp_path.iterdir()] == ["canary"]


@pytest.mark.parametrize("source", [NETWORK, PROCESSES])
def test_no_sockets_no_signals_no_programs(source, layered):
    if "seccomp" not in layered.layers:
        pytest.skip("the filter is what refuses these")
    outcomes = layered.run([Task(source), HONEST])
    assert [outcome.status for outcome in outcomes] == ["passed", "passed"], outcomes


def test_a_pair_of_sockets_reaches_no_other_socket(layered, tmp_path):
    tmp_path.chmod(0o777)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(tmp_path / "s"))
        (tmp_path / "s").chmod(0o777)
        server.setblocking(False)
        outcome = layered.run([Task(PAIR.format(path=str(tmp_path / "s")))])[0]
        assert outcome.status == "passed", outcome
        with pytest.raises(BlockingIOError):
            server.recv(1)


def test_shared_memory_of_others_stays_as_it_is(layered):
    library = ctypes.CDLL(None)
    library.shmat.restype = ctypes.c_void_p
    number = library.shmget(0, 4096, 0o1666)  # IPC_PRIVATE, IPC_CREAT
    place = library.shmat(number, None, 0)
    try:
        ctypes.memmove(place, b"private", 7)
        outcome = layered.run([Task(SHARED.format(number=number))])[0]
        assert outcome.status == "passed", outcome
        assert ctypes.string_at(place, 7) == b"private"
    finally:
        library.shmdt(ctypes.c_void_p(place))
        library.shmctl(number, 0, None)  # IPC_RMID


def test_without_the_filter_the_namespaces_hold_the_fork_bomb_and_the_kill(layered):
    if "namespaces" not in layered.layers:
        pytest.skip("this is about namespaces")
    bomb = "import os\nfor _ in range(100):\n    try: os.fork()\n    except OSError: pass\n"
    kill = "import os, signal\nos.kill(-1, signal.SIGKILL)\n"
    outcomes = layered.run([Task(FALSE + bomb, TEST, "f"), Task(FALSE + kill, TEST, "f"), HONEST])
    assert [outcome.status == "passed" for outcome in outcomes] == [False, False, True]


def test_the_environment_is_empty(layered, monkeypatch):
    monkeypatch.setenv("SECRET", "canary")
    if not {"namespaces", "landlock", "user"} & set(layered.layers):
        pytest.skip("nothing hides /proc here, as docs/sandbox.md says")
    with Sandbox(LIMITS, workers=1, layers=layered.allowed) as sandbox:
        outcome = sandbox.run([Task(ENVIRONMENT)])[0]
    assert outcome.status == "passed", outcome


WITHOUT_CAPABILITIES = """
import ctypes, os, sys
for capability in range(64):
    if capability != 31:  # CAP_SETFCAP, which only root needs to map itself
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP
os.execv(sys.executable, [sys.executable, "-c", sys.argv[1]])
"""
ORDINARY = """
from evaluators.code.sandbox import Sandbox, Task
with Sandbox(workers=1) as sandbox:
    print(sandbox.layers)
    print(sandbox.run([Task("import os\\nassert os.getpid() == 1 and not os.path.exists('/proc/self')")])[0].status)
"""


@pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0, reason="root can play an ordinary user, not the reverse"
)
def test_who_has_no_rights_gets_namespaces_through_one_of_users():
    command = [sys.executable, "-c", WITHOUT_CAPABILITIES, ORDINARY]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[4], check=True)
    layers, status = done.stdout.splitlines()
    if "namespaces" not in layers:
        pytest.skip("this kernel gives ordinary users no namespaces")
    assert status == "passed"
