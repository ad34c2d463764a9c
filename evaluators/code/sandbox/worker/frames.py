"""Messages over pipes and sockets: four bytes of length, then JSON.

JSON cannot execute anything, whoever wrote it; its reader here has a bound on the length.
"""

from __future__ import annotations

import json
import os
import struct
from typing import Any

LENGTH = struct.Struct(">I")
LONGEST = 2**31


class Closed(Exception):
    """The other side is gone."""


class TooLong(Exception):
    """A message is longer than its reader accepts."""


def write_frame(descriptor: int, message: Any, longest: int = LONGEST) -> None:
    """Send a message. Those of fewer than 4,096 bytes are written whole or not at all (POSIX, PIPE_BUF).

    Raises:
        TooLong: it has more than `longest` bytes; nothing is sent.
        OSError: the other side is gone.
    """
    body = json.dumps(message, separators=(",", ":")).encode("ascii")
    if len(body) > longest:
        raise TooLong(f"{len(body)} bytes are more than the {longest} that a value may have")
    waiting = memoryview(LENGTH.pack(len(body)) + body)
    while waiting:
        waiting = waiting[os.write(descriptor, waiting) :]


def read_frame(descriptor: int, longest: int = LONGEST) -> Any:
    """The next message.

    Raises:
        Closed: the other side is gone.
        TooLong: it has more than `longest` bytes.
        ValueError, RecursionError: it is no JSON, or too deep.
    """
    (length,) = LENGTH.unpack(read_exactly(descriptor, LENGTH.size))
    if length > longest:
        raise TooLong(f"{length} bytes are more than the {longest} that a value may have")
    return json.loads(read_exactly(descriptor, length))


def read_exactly(descriptor: int, size: int) -> bytes:
    parts = []
    while size:
        try:
            part = os.read(descriptor, min(size, 2**20))
        except OSError as error:
            raise Closed(str(error)) from error
        if not part:
            raise Closed("the other side has closed the connection")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
