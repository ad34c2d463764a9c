"""Two processes on the CPU learn and draw what one process does."""

import os
import runpy
import socket
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch

from generators.difflm.distributed import draw_blocks

TINY = {
    "encoder_width": 16,
    "encoder_layers": 1,
    "decoder_width": 16,
    "decoder_layers": 1,
    "latent_size": 4,
    "diffusion_width": 16,
    "diffusion_blocks": 1,
}
SCRIPT = Path(__file__).with_name("small_training.py")


def launch(*arguments: object, **environment: str) -> str:
    """Run a script, or with `-m` a module, in two processes; returns what they print."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # on the CPU accelerate has a launcher for MPI only; the one for GPUs starts what finds no GPU as well
    options = ["--multi_gpu", "--num_processes=2", "--num_machines=1", "--mixed_precision=no", "--dynamo_backend=no"]
    command = [sys.executable, "-m", "accelerate.commands.launch", *options, f"--main_process_port={port}"]
    ended = subprocess.run(
        [*command, *map(str, arguments)],
        env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


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
    launch(SCRIPT, tmp_path / "result")
    assert_learnt_the_same(tmp_path / "result", alone)


@pytest.mark.slow
def test_shards_learn_what_one_process_learns(alone, tmp_path):
    launch(SCRIPT, tmp_path / "result", tmp_path / "kept", SHARDED="efficient")
    assert_learnt_the_same(tmp_path / "result", alone)
    kept = torch.load(tmp_path / "kept" / "autoencoder.pt")["state"]["weights"]
    assert all(torch.equal(torch.load(tmp_path / "result")["weights"][name], weight) for name, weight in kept.items())


@pytest.mark.slow
def test_shards_go_on_where_one_process_was_killed(alone, tmp_path):
    killed = [sys.executable, str(SCRIPT), str(tmp_path / "none"), str(tmp_path / "kept"), "9"]
    subprocess.run(killed, timeout=120, check=False)
    assert torch.load(tmp_path / "kept" / "autoencoder.pt")["state"]["step"] == 8
    launch(SCRIPT, tmp_path / "result", tmp_path / "kept", SHARDED="plain")
    assert_learnt_the_same(tmp_path / "result", alone)


@pytest.mark.slow
def test_the_command_line_fits_in_two_processes_and_writes_once(frame, tmp_path):
    frame.head(80).to_csv(tmp_path / "people.csv", index=False)
    results = tmp_path / "results"
    small = {
        "steps": 10,
        "least_steps": 10,
        "diffusion_steps": 10,
        "matched_draws": 256,
        "batch_records": 9,
        "decode_batch": 4,
    }
    call = ["bench", "generate", "--generator", "difflm", "--dataset", tmp_path / "people.csv", "--target", "y"]
    call += ["-n", 50, "--results", results]
    for name, value in (TINY | small).items():
        call += ["--set", f"generators.difflm.{name}={value}"]
    said = launch("-m", *call, "--out", tmp_path / "rows.csv")
    assert said == f"50 records written to {tmp_path / 'rows.csv'}\n"
    (stage,) = (results / "stages").iterdir()
    assert not stage.name.startswith(".")
    fitted_at = (stage / "stage.json").stat().st_mtime_ns

    alone = [sys.executable, "-m", *map(str, call), "--out", str(tmp_path / "again.csv")]
    subprocess.run(alone, env=os.environ | {"OMP_NUM_THREADS": "1"}, timeout=120, check=True)
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "rows.csv").read_bytes()
    # more blocks than the first time, and a model that is found
    launch("-m", *call, "-n", 100, "--out", tmp_path / "more.csv")
    assert pd.read_csv(tmp_path / "more.csv").head(48).equals(pd.read_csv(tmp_path / "rows.csv").head(48))
    assert [path.name for path in (results / "stages").iterdir()] == [stage.name]
    assert (stage / "stage.json").stat().st_mtime_ns == fitted_at


def test_blocks_cover_all_records_in_order_and_draw_differently():
    drawn = draw_blocks(10, 4, 0, lambda records, generator: torch.rand(records, generator=generator))
    assert [len(block) for block in drawn] == [4, 4, 2]
    assert len(set(torch.cat(drawn).tolist())) == 10
    again = draw_blocks(8, 4, 0, lambda records, generator: torch.rand(records, generator=generator))
    assert torch.equal(torch.cat(again), torch.cat(drawn)[:8])
    other = draw_blocks(8, 4, 1, lambda records, generator: torch.rand(records, generator=generator))
    assert not torch.equal(torch.cat(again), torch.cat(other))
    assert draw_blocks(0, 4, 0, lambda records, generator: records) == []
