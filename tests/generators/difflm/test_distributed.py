"""Two processes on the CPU learn and draw what one process does."""

import os
import runpy
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from generators.difflm.distributed import draw_blocks

SCRIPT = Path(__file__).with_name("small_training.py")


def launch(*arguments: object, **environment: str) -> None:
    """Run the training in two processes."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # on the CPU accelerate has a launcher for MPI only; the one for GPUs starts what finds no GPU as well
    options = ["--multi_gpu", "--num_processes=2", "--num_machines=1", "--mixed_precision=no", "--dynamo_backend=no"]
    command = [sys.executable, "-m", "accelerate.commands.launch", *options, f"--main_process_port={port}"]
    ended = subprocess.run(
        [*command, str(SCRIPT), *map(str, arguments)],
        env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


@pytest.fixture(scope="module")
def alone():
    with torch.random.fork_rng():
        return runpy.run_path(str(SCRIPT))["train"]()


def assert_learnt_the_same(path: Path, alone: dict[str, object]) -> None:
    found = torch.load(path)
    assert (found["processes"], alone["processes"]) == (2, 1)
    # Adam divides by the root of small squares, which makes much of the rounding of a sum
    for name, weight in alone["weights"].items():
        torch.testing.assert_close(found["weights"][name], weight, rtol=1e-3, atol=1e-4, msg=name)
    for name in ("reconstruction", "kl", "beta", "learning_rate"):
        values, expected = (torch.tensor(of["history"][name]) for of in (found, alone))
        torch.testing.assert_close(values, expected, rtol=1e-4, atol=1e-4)
    assert torch.equal(found["drawn"], alone["drawn"])
    assert torch.equal(found["next"], alone["next"])


@pytest.mark.slow
def test_replicas_learn_what_one_process_learns(alone, tmp_path):
    launch(tmp_path / "result")
    assert_learnt_the_same(tmp_path / "result", alone)


@pytest.mark.slow
def test_shards_learn_what_one_process_learns(alone, tmp_path):
    launch(tmp_path / "result", tmp_path / "kept", SHARDED="efficient")
    assert_learnt_the_same(tmp_path / "result", alone)
    kept = torch.load(tmp_path / "kept" / "autoencoder.pt")["state"]["weights"]
    assert all(torch.equal(torch.load(tmp_path / "result")["weights"][name], weight) for name, weight in kept.items())


@pytest.mark.slow
def test_shards_go_on_where_one_process_was_killed(alone, tmp_path):
    killed = [sys.executable, str(SCRIPT), str(tmp_path / "none"), str(tmp_path / "kept"), "9"]
    subprocess.run(killed, timeout=120, check=False)
    assert torch.load(tmp_path / "kept" / "autoencoder.pt")["state"]["step"] == 8
    launch(tmp_path / "result", tmp_path / "kept", SHARDED="plain")
    assert_learnt_the_same(tmp_path / "result", alone)


def test_blocks_cover_all_records_in_order_and_draw_differently():
    drawn = draw_blocks(10, 4, 0, lambda records, generator: torch.rand(records, generator=generator))
    assert [len(block) for block in drawn] == [4, 4, 2]
    assert len(set(torch.cat(drawn).tolist())) == 10
    again = draw_blocks(8, 4, 0, lambda records, generator: torch.rand(records, generator=generator))
    assert torch.equal(torch.cat(again), torch.cat(drawn)[:8])
    other = draw_blocks(8, 4, 1, lambda records, generator: torch.rand(records, generator=generator))
    assert not torch.equal(torch.cat(again), torch.cat(other))
    assert draw_blocks(0, 4, 0, lambda records, generator: records) == []
