"""Whatever goes wrong outside of the harness ends in one line and exit code 2."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench import store
from bench.cli.main import main
from bench.shards import DATABASE

BLOCK = 1 << 18  # of DuckDB's files


@pytest.fixture
def results(tmp_path):
    store.connect(tmp_path / DATABASE).close()
    return tmp_path


def test_a_store_that_broke_off_while_it_was_copied(results, monkeypatch, capsys):
    path = results / DATABASE
    path.write_bytes(path.read_bytes()[:-BLOCK])
    monkeypatch.setattr(sys, "argv", ["bench", "paper", "--results", str(results)])
    with pytest.raises(SystemExit) as end:
        main()
    said = capsys.readouterr().err
    assert (end.value.code, said.count("\n")) == (2, 1)
    assert "error: the store is damaged: IO Error" in said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_behind_the_standard_output(results):
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "bench", "paper", "tool", "--results", str(results)]
        found = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert found.returncode == 2
    assert found.stderr == "error: what is printed cannot be written (No space left on device)\n"


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_closed_standard_stream_is_no_error(results, number):
    command = [sys.executable, "-m", "bench", "paper", "tool", "--results", str(results)]
    found = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=lambda: os.close(number))
    assert (found.returncode, found.stderr) == (0, "")
    assert ("Tool" in found.stdout) == (number != 1)
