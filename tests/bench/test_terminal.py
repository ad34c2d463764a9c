"""Bars on a terminal, plain lines elsewhere."""

import io
import os
import pty
import subprocess
import sys

from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import TextColumn

from bench.terminal import BarProgress, RateColumn, screen


def test_a_task_draws_its_metrics_and_its_rate_and_goes_away():
    file = io.StringIO()
    columns = TextColumn("{task.description} {task.completed}/{task.total} {task.fields[metrics]}"), RateColumn()
    bars = Bars(*columns, console=Console(file=file, force_terminal=True, width=100), auto_refresh=False)
    with bars, BarProgress(bars).task("fit [x]", 4, "batches") as task:
        task.advance(3, loss=0.12345678)
        task.advance()
        bars.refresh()
        assert "fit [x] 4/4 loss 0.1235" in file.getvalue()
        assert "batches/s" in file.getvalue()
        assert len(bars.tasks) == 1
    assert bars.tasks == []


def test_nothing_but_lines_where_there_is_no_terminal(capsys):
    with screen() as watcher, watcher.progress.task("fit", 3) as task:
        task.advance(3)
    assert capsys.readouterr() == ("", "")


def test_bars_appear_on_a_terminal():
    ours, theirs = pty.openpty()
    script = (
        "from bench.terminal import screen\n"
        "with screen() as watcher, watcher.progress.task('fitting', 3) as task:\n"
        "    task.advance(2)\n    watcher._bars.refresh()\n"
    )
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen([sys.executable, "-c", script], stderr=theirs, env=environment) as process:
        os.close(theirs)
        text = b""
        try:
            while chunk := os.read(ours, 65536):
                text += chunk
        except OSError:  # the other end is closed
            pass
        assert process.wait() == 0
    os.close(ours)
    assert b"fitting" in text
    assert b"2/3" in text
