"""What every process of a task is put under, in the order in which it has to happen."""

from __future__ import annotations

import os
import resource
import signal
from dataclasses import dataclass

from . import landlock, seccomp
from .kernel import LINUX, PR_SET_NO_NEW_PRIVS, PR_SET_PDEATHSIG, drop_capabilities, prctl

LAYERS = ("namespaces", "seccomp", "landlock", "user")


@dataclass(frozen=True)
class Rules:
    """What a worker found to be possible, and the limits of each process.

    Args:
        limits: the fields of `Limits`.
        layers: those of `LAYERS` that are in force.
        user: number of a user that owns nothing, to become; -1: stay who we are.
        others: processes and threads of this user that have nothing to do with the task.
        readable: paths that Landlock leaves readable.
    """

    limits: dict[str, int]
    layers: frozenset[str]
    user: int
    others: int
    readable: tuple[str, ...]


def confine(rules: Rules, folder: str) -> None:
    """Put this process, for good, under the rules.

    Raises:
        OSError: a layer that worked when the worker started is refused now.
    """
    limit(rules.limits, rules.others)
    if rules.user >= 0:
        become(rules.user)
    if LINUX:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        prctl(PR_SET_NO_NEW_PRIVS, 1)
        drop_capabilities()
    if "landlock" in rules.layers:
        landlock.restrict(rules.readable, folder)
    if "seccomp" in rules.layers:
        inside = "namespaces" in rules.layers
        seccomp.install(seccomp.build(os.getpid(), not inside, not inside and "landlock" not in rules.layers))


def limit(limits: dict[str, int], others: int) -> None:
    for name, value in (
        ("RLIMIT_CPU", limits["cpu_seconds"]),
        ("RLIMIT_AS", limits["memory_bytes"]),
        ("RLIMIT_FSIZE", limits["file_bytes"]),
        ("RLIMIT_NPROC", limits["processes"] + others),
        ("RLIMIT_NOFILE", limits["open_files"]),
        ("RLIMIT_CORE", 0),
    ):
        # macOS has no working limit of address space, and refuses to set one
        if hasattr(resource, name) and (LINUX or name != "RLIMIT_AS"):
            hard = resource.getrlimit(getattr(resource, name))[1]
            lowest = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(getattr(resource, name), (lowest, lowest))


def become(user: int) -> None:
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
