"""Calls of the command line in this process."""

import sys

import pytest

from bench.cli.main import main


@pytest.fixture
def invoke(monkeypatch):
    def run(*arguments) -> int:
        monkeypatch.setattr(sys, "argv", ["bench", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code or 0

    return run
