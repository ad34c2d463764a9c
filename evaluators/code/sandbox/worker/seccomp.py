"""A seccomp filter: which system calls a program is refused (Linux, seccomp(2); classic BPF, 1993).

The filter sees numbers and plain arguments, never what a pointer points to. It can therefore not tell a path from
another: where no other layer guards the file system, it refuses every opening for writing.
"""

from __future__ import annotations

import ctypes
import errno
import struct
from collections.abc import Iterable

from .kernel import LINUX, MACHINE, PR_SET_NO_NEW_PRIVS, call, prctl

ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32 = 0x40000000
LOAD, JUMP_EQUAL, JUMP_GREATER_EQUAL, JUMP_SET, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, ERROR, KILL = 0x7FFF0000, 0x00050000, 0x80000000
NUMBER, MACHINE_FIELD, ARGUMENTS = 0, 4, 16
PR_SET_SECCOMP, MODE_FILTER = 22, 2
CLONE_THREAD = 0x10000
OPEN_FOR_WRITING = 0o1 | 0o2 | 0o100 | 0o1000  # O_WRONLY, O_RDWR, O_CREAT, O_TRUNC
OWNERS = (8, 10, 15)  # of fcntl: F_SETOWN, F_SETSIG, F_SETOWN_EX, which send signals to another's process
# Of ioctl: TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX, TCGETS2. Each file system has commands of its own
# that change files opened for reading.
COMMANDS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451, 0x802C542A)
FORBIDDEN_OPTIONS = (1, 4, 0x59616D61)  # of prctl: PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_PTRACER
# of socketpair: AF_UNIX and SOCK_STREAM, alone and with SOCK_NONBLOCK and SOCK_CLOEXEC. Asyncio needs such a pair; the
# ends of one of datagrams may be sent or connected to any socket.
UNIX, STREAMS = 1, (0o1, 0o4001, 0o2000001, 0o2004001)
NEWEST = 462  # mseal of Linux 6.10: nobody has looked at what later calls do, and no library can rely on them

# name: (x86_64, aarch64); None where the machine has no such call
CALLS: dict[str, tuple[int | None, int | None]] = {
    # other programs and processes
    **{"fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281)},
    **{"ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272)},
    **{"tkill": (200, 130), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240)},
    **{"pidfd_send_signal": (424, 424), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438)},
    **{"process_madvise": (440, 440), "process_mrelease": (448, 448), "move_pages": (279, 239)},
    **{"migrate_pages": (256, 238)},
    # network and communication
    **{"socket": (41, 198), "bind": (49, 200), "connect": (42, 203), "mq_open": (240, 180), "mq_unlink": (241, 181)},
    **{"shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "shmdt": (67, 197), "memfd_create": (319, 279)},
    **{"semget": (64, 190), "semop": (65, 193), "semctl": (66, 191), "semtimedop": (220, 192)},
    **{"msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187)},
    # the system
    **{"mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97)},
    **{"setns": (308, 268), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430)},
    **{"fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442)},
    **{"open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264), "swapon": (167, 224), "swapoff": (168, 225)},
    **{"reboot": (169, 142), "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105)},
    **{"finit_module": (313, 273), "delete_module": (176, 106), "acct": (163, 89), "quotactl": (179, 60)},
    **{"settimeofday": (164, 170), "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266)},
    **{"sethostname": (170, 161), "setdomainname": (171, 162), "syslog": (103, 116), "personality": (135, 92)},
    **{"iopl": (172, None), "ioperm": (173, None), "modify_ldt": (154, None), "mknod": (133, None)},
    **{"mknodat": (259, 33)},
    # large and often broken parts of the kernel
    **{"bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "fanotify_init": (300, 262)},
    **{"io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427)},
    **{"io_setup": (206, 0), "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218)},
    **{"memfd_secret": (447, 447), "lookup_dcookie": (212, 18), "nfsservctl": (180, 42)},
}
# what neither Landlock nor a temporary folder guards
ATTRIBUTES: dict[str, tuple[int | None, int | None]] = {
    **{"chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452)},
    **{"chown": (92, None), "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54)},
    **{"utime": (132, None), "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88)},
    **{"setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7)},
    **{"removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16)},
}
WRITING: dict[str, tuple[int | None, int | None]] = {
    **{"creat": (85, None), "truncate": (76, 45), "rename": (82, None), "renameat": (264, 38), "renameat2": (316, 276)},
    **{"mkdir": (83, None), "mkdirat": (258, 34), "rmdir": (84, None), "unlink": (87, None), "unlinkat": (263, 35)},
    **{"link": (86, None), "linkat": (265, 37), "symlink": (88, None), "symlinkat": (266, 36)},
}
PARTLY: dict[str, tuple[int | None, int | None]] = {
    **{"clone": (56, 220), "clone3": (435, 435), "kill": (62, 129), "tgkill": (234, 131), "prctl": (157, 167)},
    **{"fcntl": (72, 25), "ioctl": (16, 29), "socketpair": (53, 199)},
    **{"prlimit64": (302, 261), "open": (2, None), "openat": (257, 56), "openat2": (437, 437)},
}

Instruction = tuple[int, int, int, int]


def available() -> bool:
    return LINUX and MACHINE in ARCHITECTURE


def build(own: int, guard_attributes: bool, guard_writing: bool, machine: str = MACHINE) -> list[Instruction]:
    """The filter as instructions (code, jump if true, jump if false, constant).

    Args:
        own: number of the process, the only one that it may send signals to.
        guard_attributes: refuse to change modes, owners, times of files.
        guard_writing: refuse to open anything for writing, and to create, rename or delete.
        machine: x86_64 or aarch64.
    """
    column = list(ARCHITECTURE).index(machine)
    refused = [CALLS, *([ATTRIBUTES] if guard_attributes else []), *([WRITING] if guard_writing else [])]
    program: list[Instruction] = [
        (LOAD, 0, 0, MACHINE_FIELD),
        (JUMP_EQUAL, 1, 0, ARCHITECTURE[machine]),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
    ]
    if machine == "x86_64":
        program += [(JUMP_GREATER_EQUAL, 0, 1, X32), (RETURN, 0, 0, KILL)]
    program += [(JUMP_GREATER_EQUAL, 0, 1, NEWEST + 1), (RETURN, 0, 0, ERROR | errno.ENOSYS)]
    for numbers in (group for part in refused for group in part.values()):
        if numbers[column] is not None:
            program += when(numbers[column], [(RETURN, 0, 0, ERROR | errno.EPERM)])
    for name, body in partly(own, guard_writing).items():
        number = PARTLY[name][column]
        if number is not None:
            program += when(number, body)
    return [*program, (RETURN, 0, 0, ALLOW)]


def partly(own: int, guard_writing: bool) -> dict[str, list[Instruction]]:
    """The calls that depend on their arguments."""
    parts = {
        "clone": unless_flag(0, CLONE_THREAD, errno.EPERM),
        # its flags lie behind a pointer; without it the C library falls back to clone
        "clone3": [(RETURN, 0, 0, ERROR | errno.ENOSYS)],
        "kill": only_values(0, [own]),
        "tgkill": only_values(0, [own]),
        "prlimit64": only_values(0, [0, own]),
        "prctl": never_values(0, FORBIDDEN_OPTIONS),
        "fcntl": never_values(1, OWNERS),
        "ioctl": only_values(1, COMMANDS),
        "socketpair": [
            *(argument(0), (JUMP_EQUAL, 1, 0, UNIX), (RETURN, 0, 0, ERROR | errno.EPERM)),
            *only_values(1, STREAMS),
        ],
    }
    if guard_writing:
        parts["open"] = never_flags(1, OPEN_FOR_WRITING)
        parts["openat"] = never_flags(2, OPEN_FOR_WRITING)
        parts["openat2"] = [(RETURN, 0, 0, ERROR | errno.ENOSYS)]
    return parts


def when(number: int | None, body: list[Instruction]) -> list[Instruction]:
    return [(JUMP_EQUAL, 0, len(body), number or 0), *body]


def argument(index: int) -> Instruction:
    return (LOAD, 0, 0, ARGUMENTS + 8 * index)  # its low half: both machines are little-endian


def unless_flag(index: int, flag: int, error: int) -> list[Instruction]:
    return [argument(index), (JUMP_SET, 1, 0, flag), (RETURN, 0, 0, ERROR | error), (RETURN, 0, 0, ALLOW)]


def never_flags(index: int, flags: int) -> list[Instruction]:
    return [argument(index), (JUMP_SET, 0, 1, flags), (RETURN, 0, 0, ERROR | errno.EACCES), (RETURN, 0, 0, ALLOW)]


def only_values(index: int, values: Iterable[int]) -> list[Instruction]:
    allowed = [step for value in values for step in ((JUMP_EQUAL, 0, 1, value), (RETURN, 0, 0, ALLOW))]
    return [argument(index), *allowed, (RETURN, 0, 0, ERROR | errno.EPERM)]


def never_values(index: int, values: Iterable[int]) -> list[Instruction]:
    refused = [s for value in values for s in ((JUMP_EQUAL, 0, 1, value), (RETURN, 0, 0, ERROR | errno.EPERM))]
    return [argument(index), *refused, (RETURN, 0, 0, ALLOW)]


class Filter(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def install(program: list[Instruction]) -> None:
    """Put this process, for good, under a filter.

    Raises:
        OSError: the kernel refuses.
    """
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    wrapped = Filter(len(program), code)
    zero = ctypes.c_ulong(0)
    call("prctl", PR_SET_SECCOMP, ctypes.c_ulong(MODE_FILTER), ctypes.byref(wrapped), zero, zero)
