"""The filter, run on a little machine of its own; its numbers against the kernel's header."""

import errno
import re
import struct
from pathlib import Path

import pytest

from evaluators.code.sandbox.worker import seccomp

HEADERS = {
    "x86_64": [Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), Path("/usr/include/asm/unistd_64.h")],
    "aarch64": [Path("/usr/include/asm-generic/unistd.h")],
}
GROUPS = (seccomp.CALLS, seccomp.ATTRIBUTES, seccomp.WRITING, seccomp.PARTLY)


def run(program, call, *arguments, machine="x86_64"):
    """What the filter says of a system call, by the semantics of classic BPF."""
    wide = [argument & (2**64 - 1) for argument in (*arguments, *[0] * (6 - len(arguments)))]
    data = struct.pack("=IIQ6Q", call, seccomp.ARCHITECTURE[machine], 0, *wide)
    accumulator, position = 0, 0
    for _ in range(len(program)):
        code, yes, no, constant = program[position]
        position += 1
        if code == seccomp.LOAD:
            (accumulator,) = struct.unpack_from("=I", data, constant)
        elif code == seccomp.RETURN:
            return constant
        else:
            holds = {
                seccomp.JUMP_EQUAL: accumulator == constant,
                seccomp.JUMP_GREATER_EQUAL: accumulator >= constant,
                seccomp.JUMP_SET: bool(accumulator & constant),
            }[code]
            position += yes if holds else no
    raise AssertionError("the program does not end")


@pytest.mark.parametrize("machine", list(seccomp.ARCHITECTURE))
def test_calls_are_refused_and_allowed(machine):
    column = list(seccomp.ARCHITECTURE).index(machine)
    loose, strict = (seccomp.build(77, guard, guard, machine) for guard in (False, True))
    refused = seccomp.ERROR | errno.EPERM
    number = {name: pair[column] for group in GROUPS for name, pair in group.items() if pair[column] is not None}

    def says(program, name, *arguments):
        return run(program, number[name], *arguments, machine=machine)

    for name in set(number) & set(seccomp.CALLS):
        assert says(loose, name) == says(strict, name) == refused
    for name in set(number) & (set(seccomp.ATTRIBUTES) | set(seccomp.WRITING)):
        assert (says(loose, name), says(strict, name)) == (seccomp.ALLOW, refused)
    assert says(loose, "clone", 0) == refused
    assert says(loose, "clone", seccomp.CLONE_THREAD | 0x3D0F00) == seccomp.ALLOW
    assert says(loose, "clone3") == seccomp.ERROR | errno.ENOSYS
    for name in ("kill", "tgkill"):
        assert [says(loose, name, target) for target in (77, 78, 0, -1)] == [seccomp.ALLOW, *[refused] * 3]
    assert says(loose, "prctl", 1) == refused
    assert says(loose, "prctl", 15) == seccomp.ALLOW
    assert says(loose, "openat", -100, 0, 0o101) == seccomp.ALLOW
    assert says(strict, "openat", -100, 0, 0o101) == seccomp.ERROR | errno.EACCES
    assert says(strict, "openat", -100, 0, 0o2000000) == seccomp.ALLOW
    commands = (0x5401, 0x5451, 0x40086602, 0x8901)  # TCGETS, FIOCLEX; FS_IOC_SETFLAGS, FIOSETOWN
    assert [says(loose, "ioctl", 1, command) for command in commands] == [seccomp.ALLOW] * 2 + [refused] * 2
    pairs = [(1, 1), (1, 0o2004001), (1, 2), (1, 5), (2, 1), (30, 1)]  # family and kind
    assert [says(loose, "socketpair", *pair) for pair in pairs] == [seccomp.ALLOW] * 2 + [refused] * 4
    newer = (463, 466, 469, 999)  # setxattrat, removexattrat, file_setattr, and what is to come
    assert {run(loose, call, machine=machine) for call in newer} == {seccomp.ERROR | errno.ENOSYS}
    harmless = {0, 1, 3, 9, 39, 60} if machine == "x86_64" else {63, 64, 57, 222, 172, 93}
    assert {run(strict, call, machine=machine) for call in harmless} == {seccomp.ALLOW}


def test_another_machine_and_the_x32_calls_end_the_process():
    program = seccomp.build(1, False, False, "x86_64")
    assert run(program, 0, machine="aarch64") == seccomp.KILL
    assert run(program, 0x40000000 | 59) == seccomp.KILL


@pytest.mark.parametrize("machine", list(HEADERS))
def test_numbers_are_those_of_the_header(machine):
    header = next((path for path in HEADERS[machine] if path.exists()), None)
    if header is None:
        pytest.skip("needs the kernel's headers")
    text = header.read_text()
    defined = {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)}
    column = list(seccomp.ARCHITECTURE).index(machine)
    checked = 0
    for name, pair in ((name, pair) for group in GROUPS for name, pair in group.items()):
        if name in defined:
            checked += 1
            assert pair[column] == defined[name], name
    assert checked > 60
