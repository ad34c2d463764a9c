"""Landlock (Linux 6.2 and later, landlock(7)): reading only what Python needs, writing only the temporary folder."""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

from .kernel import LINUX, PR_SET_NO_NEW_PRIVS, prctl, system_call

CREATE, ADD_RULE, RESTRICT = 444, 445, 446
VERSION_FLAG, PATH_BENEATH = 1, 1
OLDEST = 3  # the first version that guards the truncation of files
READ_FILE, READ_FOLDER = 1 << 2, 1 << 3
FILE_RIGHTS = 0b111 | 1 << 14 | 1 << 15  # execute, write, read, truncate, ioctl of devices
TCP, SCOPES = 0b11, 0b11


def version() -> int:
    """Of the kernel's Landlock; 0 where there is none."""
    try:
        return system_call(CREATE, 0, 0, VERSION_FLAG) if LINUX else 0
    except OSError:
        return 0


def available() -> bool:
    return version() >= OLDEST


def restrict(readable: Iterable[str], writable: str) -> None:
    """Put this process, for good, under the rules; what is not named can be neither read nor written.

    From version 4 on TCP is refused as well, from version 6 on signals to processes outside.

    Raises:
        OSError: the kernel refuses.
    """
    known = version()
    every = (1 << (16 if known >= 5 else 15)) - 1
    fields = [every, TCP if known >= 4 else 0, SCOPES if known >= 6 else 0]
    attributes = struct.pack("=QQQ", *fields)
    size = 24 if known >= 6 else 16 if known >= 4 else 8
    rules = system_call(CREATE, ctypes.c_char_p(attributes), size, 0)
    for path, rights in [*((path, READ_FILE | READ_FOLDER) for path in readable), (writable, every & ~1)]:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        rule = struct.pack("=Qi", rights if folder else rights & FILE_RIGHTS, descriptor)
        system_call(ADD_RULE, rules, PATH_BENEATH, ctypes.c_char_p(rule), 0)
        os.close(descriptor)
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    system_call(RESTRICT, rules, 0)
    os.close(rules)
