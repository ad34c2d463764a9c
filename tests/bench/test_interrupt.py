"""Ctrl-C and the same command again, with a real process and a real signal."""

import os
import signal
import subprocess
import time

import pytest

pytestmark = pytest.mark.usefixtures("fakes")


@pytest.mark.parametrize("executor", ["inline", "process"])
def test_an_interrupted_run_goes_on_where_it_stopped(command, bench, table, results, tmp_path, executor):
    log = tmp_path / "log"
    arguments = ["run", "--dataset", table, "--target", "class", "--generator", "fake", "--evaluator", "density"]
    arguments += ["--results", results, "--executor", executor, "--no-sentinels", "--set", "seeds=[0, 1]"]
    arguments += ["--set", f"generators.fake.log='{log}'", "--set", "generators.fake.delay_seconds=2"]
    running = subprocess.Popen(
        [*command, *map(str, arguments)],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # a shell starts background jobs with the signal ignored, and a child inherits that
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )
    deadline = time.monotonic() + 240
    while not (log.exists() and "fit 1" in log.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    # as a terminal does it: to all processes of the group
    os.killpg(running.pid, signal.SIGINT)
    _, err = running.communicate(timeout=30)
    assert running.returncode == 130
    assert err.splitlines()[-1] == "interrupted; finished stages are kept, the same command goes on from there"
    assert "Traceback" not in err
    assert list(results.glob("stages/.*")) == []
    assert "2/4" in bench("ls", "--results", results).stdout or "3/4" in bench("ls", "--results", results).stdout

    again = bench(*arguments)
    assert again.returncode == 0
    assert log.read_text() == "fit 0\nfit 1\nfit 1\n"
    assert "people/0 fake/0: fit" not in again.stderr
    assert "people/0 fake/1: fit done" in again.stderr
