"""Namespaces (Linux, namespaces(7)): a file system, network and process numbers of the worker's own.

The worker moves into a root that holds read-only what Python needs and nothing else: no home, no data, no /proc.
Every task then gets process numbers of its own, in which it is alone, and an empty folder in memory.
"""

from __future__ import annotations

import ctypes
import os
import sys
import sysconfig

from .kernel import LINUX, MACHINE, SYS_MOUNT_SETATTR, SYS_PIVOT_ROOT, call, system_call

NEW_MOUNT, NEW_UTS, NEW_IPC, NEW_USER, NEW_PID, NEW_NET = (
    *(0x00020000, 0x04000000, 0x08000000),
    *(0x10000000, 0x20000000, 0x40000000),
)
READ_ONLY, NO_SUID, NO_DEVICES, BIND, RECURSIVE, PRIVATE, DETACH = 1, 2, 4, 4096, 16384, 1 << 18, 2
AT_RECURSIVE, AT_EMPTY_PATH, AT_HERE = 0x8000, 0x1000, -100
SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/nix/store", "/etc/localtime", "/etc/ld.so.cache")
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
FOLDER = "/sandbox"
FILES = 1024


def available() -> bool:
    return LINUX and MACHINE in SYS_PIVOT_ROOT


def readable() -> list[str]:
    """Where this Python and the libraries that it loads lie; no path lies below another."""
    paths = sysconfig.get_paths()
    python = [sys.base_prefix, sys.base_exec_prefix, paths["stdlib"], paths["platstdlib"]]
    found: list[str] = []
    for path in sorted({os.path.abspath(one) for one in (*SYSTEM, *python)}, key=len):
        if os.path.exists(path) and path != "/" and not any(is_below(path, other) for other in found):
            found.append(path)
    return found


def is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + "/")


def enter(root: str) -> None:
    """Move this process into namespaces of its own, with `root`, an empty folder, as its file system.

    Raises:
        OSError: the kernel refuses; the process is then in an undefined place and must end.
    """
    flags = NEW_MOUNT | NEW_UTS | NEW_IPC | NEW_NET
    user, group = os.getuid(), os.getgid()
    try:
        call("unshare", flags)
    except OSError:
        call("unshare", flags | NEW_USER)
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)
    mount("none", "/", "", RECURSIVE | PRIVATE)
    mount("tmpfs", root, "tmpfs", NO_SUID, "mode=755,size=1m")
    for path in (*readable(), *DEVICES):
        show(path, root + path)
    os.mkdir(root + FOLDER)
    if not os.path.lexists(root + "/tmp"):
        os.symlink(FOLDER, root + "/tmp")
    freeze(root)
    os.chdir(root)
    system_call(SYS_PIVOT_ROOT[MACHINE], ctypes.c_char_p(b"."), ctypes.c_char_p(b"."))
    call("umount2", b".", DETACH)
    os.chdir("/")


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    texts = [ctypes.c_char_p(text.encode()) for text in (source, target, kind)]
    call("mount", *texts, ctypes.c_ulong(flags), ctypes.c_char_p(data.encode()))


def show(path: str, target: str) -> None:
    """Let a path of the old root stand in the new one."""
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.islink(path) and not os.path.isabs(os.readlink(path)):
        os.symlink(os.readlink(path), target)
    elif os.path.isdir(path):
        os.makedirs(target, exist_ok=True)
        mount(path, target, "", BIND | RECURSIVE)
    elif os.path.exists(path):
        with open(target, "x", encoding="ascii"):
            mount(path, target, "", BIND)


def freeze(root: str) -> None:
    """Make everything below the new root read-only (mount_setattr, Linux 5.12)."""
    attributes = (ctypes.c_uint64 * 4)(READ_ONLY | NO_SUID, 0, 0, 0)
    path = ctypes.c_char_p(root.encode())
    system_call(SYS_MOUNT_SETATTR, AT_HERE, path, AT_RECURSIVE, ctypes.byref(attributes), ctypes.sizeof(attributes))


def start_task(file_bytes: int) -> None:
    """Give the children of this process numbers of their own, and this process an empty folder in memory.

    Raises:
        OSError: the kernel refuses.
    """
    call("unshare", NEW_PID | NEW_MOUNT)
    mount("tmpfs", FOLDER, "tmpfs", NO_SUID | NO_DEVICES, f"mode=777,size={file_bytes},nr_inodes={FILES}")
