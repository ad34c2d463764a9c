"""What is written is whole or not there."""

import errno
import json
import math
import os
import socket
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import shards
from bench.errors import BenchError
from bench.shards import StageResult

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(VALUES)
def test_every_value_is_written_as_json_that_any_reader_knows(value):
    def refuse(constant):
        pytest.fail(f"{constant} is no JSON")

    read = json.loads(shards.to_json(value), parse_constant=refuse)
    if isinstance(value, float) and not math.isfinite(value):
        assert read is None
    elif not isinstance(value, (list, dict)):
        assert read == value


def test_numpy_values_are_written_as_numbers():
    value = {"a": np.int64(3), "b": np.array([1.5, np.nan]), "c": np.bool_(True), 4: (np.float32(0.5),)}
    assert json.loads(shards.to_json(value)) == {"a": 3, "b": [1.5, None], "c": True, "4": [0.5]}


def test_half_a_surrogate_pair_is_refused_in_one_line_that_can_be_stored():
    with pytest.raises(BenchError, match=r"'.*the name \\udcff' cannot be stored") as error:
        shards.to_json({"a": ["the name \udcff.csv"]})
    assert str(error.value).isascii()


def result(key="k"):
    return StageResult(key, "fit", "done", "2026-01-01T00:00:00.000000", 1.0, 1.0, 1, "cpu", details={"a": 1})


def test_a_finished_stage_is_read_back_and_replaces_an_older_one(tmp_path):
    for content in ("old", "new"):
        building = shards.start_stage(tmp_path, "k")
        (building / "model").write_text(content)
        assert shards.read_stage(tmp_path, "k") == (result() if content == "new" else None)
        shards.finish_stage(building, tmp_path, result())
    assert shards.read_stage(tmp_path, "k") == result()
    assert (tmp_path / "k" / "model").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["k"]


def test_what_a_killed_process_left_goes_and_what_a_living_one_builds_stays(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    living = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    host = socket.gethostname()
    left, building = (tmp_path / f".k.{host}.{process.pid}" for process in (dead, living))
    left.mkdir()
    building.mkdir()
    shards.start_stage(tmp_path, "k")
    living.communicate(b"\n")
    assert not left.exists()
    assert building.exists()


def test_a_damaged_stage_counts_as_not_done(tmp_path):
    (tmp_path / "k").mkdir()
    (tmp_path / "k" / "stage.json").write_text('{"key": "k"')
    assert shards.read_stage(tmp_path, "k") is None


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    shards.write_text(tmp_path / "a.txt", "old")

    def fail(self, *arguments, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", fail)
    with pytest.raises(BenchError, match="No space left"):
        shards.write_text(tmp_path / "a.txt", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"


def test_a_path_below_a_file_and_one_of_something_else_are_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BenchError, match=r"file/a.txt' cannot be written \((File exists|Not a directory)\)"):
        shards.write_text(tmp_path / "file" / "a.txt", "new")
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "."):
        with pytest.raises(BenchError, match="it is no file"):
            shards.write_text(tmp_path / name, "new")
    assert (tmp_path / "pipe").is_fifo()


def test_the_disk_is_full_by_its_error_number_or_by_its_free_space(tmp_path, monkeypatch):
    with pytest.raises(OSError, match="No space") as caught, open("/dev/full", "w") as full:
        full.write("x")
    assert shards.disk_full(caught.value, tmp_path)
    # torch tells no error number
    hidden = RuntimeError("file write failed")
    assert not shards.disk_full(hidden, tmp_path)
    usage = shards.shutil.disk_usage(tmp_path)._replace(free=10)
    monkeypatch.setattr(shards.shutil, "disk_usage", lambda path: usage)
    assert shards.disk_full(hidden, tmp_path)


def test_a_results_folder_below_a_file_is_refused_in_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BenchError, match=r"cannot be written to .*--results"):
        shards.prepare(tmp_path / "file" / "results")
