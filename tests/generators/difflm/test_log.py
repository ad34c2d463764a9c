"""The event file against the format that TensorBoard reads, and a picture that is one."""

import json
import struct

import matplotlib.image
import pytest
from tensorboardX.proto.event_pb2 import Event

from generators.difflm.bound import Check
from generators.difflm.log import EVENTS, PICTURE, History, write_log


@pytest.fixture
def history():
    history = History()
    for step in range(1, 21):
        history.add(reconstruction=30.0 / step, kl=0.25 * step, beta=0.5, learning_rate=0.001 * step)
    history.checks += [Check(10, 3.5, 2.0, 1, [2.0, 0.0]), Check(20, 2.5, 4.0, 2, [3.0, 1.0])]
    return history


def checksum(data: bytes) -> int:
    """CRC-32C bit by bit, masked as the record format wants it."""
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = (register >> 1) ^ (0x82F63B78 if register & 1 else 0)
    register ^= 0xFFFFFFFF
    return ((register >> 15 | register << 17) + 0xA282EAD8) & 0xFFFFFFFF


def read_events(path):
    """The events of a file of length-prefixed records with checksums."""
    content, events = path.read_bytes(), []
    assert checksum(b"123456789") == ((0xE3069283 >> 15 | 0xE3069283 << 17) + 0xA282EAD8) & 0xFFFFFFFF
    while content:
        length, length_sum = struct.unpack("<QI", content[:12])
        data, (data_sum,) = content[12 : 12 + length], struct.unpack("<I", content[12 + length : 16 + length])
        assert (checksum(content[:8]), checksum(data)) == (length_sum, data_sum)
        events.append(Event.FromString(data))
        content = content[16 + length :]
    return events


def test_every_step_and_check_is_an_event(history, tmp_path):
    write_log(history, tmp_path)
    first, *events = read_events(tmp_path / EVENTS)
    assert first.file_version == "brain.Event:2"
    logged = {(event.step, value.tag): value.simple_value for event in events for value in event.summary.value}
    assert len(logged) == 20 * 5 + 2 * 4
    assert logged[4, "train/reconstruction"] == 7.5
    assert logged[4, "train/elbo"] == -8.5
    assert logged[20, "train/learning_rate"] == pytest.approx(0.02)
    assert logged[20, "validation/elbo"] == -6.5
    assert logged[20, "validation/active_units"] == 2
    # only the two files, and nothing in them that says when or where
    assert sorted(path.name for path in tmp_path.iterdir()) == [EVENTS, PICTURE]
    (tmp_path / "again").mkdir()
    write_log(history, tmp_path / "again")
    assert (tmp_path / "again" / EVENTS).read_bytes() == (tmp_path / EVENTS).read_bytes()


@pytest.mark.parametrize("checked", [True, False])
def test_the_picture_shows_something(history, tmp_path, checked):
    if not checked:
        history.checks.clear()
    write_log(history, tmp_path)
    pixels = matplotlib.image.imread(tmp_path / PICTURE)
    assert min(pixels.shape[:2]) > 500
    assert pixels.std() > 0.05


def test_a_history_survives_json(history):
    assert History.from_dict(json.loads(json.dumps(history.to_dict()))) == history
