"""A training of some steps, to be run by a test in processes of their own.

python small_training.py RESULT [CHECKPOINT [STEPS]]

The main process writes what came out to RESULT. With STEPS, the training is killed after so many. With
SHARDED in the environment, several processes shard the weights in place of replicating them.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from bench.frames import conform
from bench.progress import SILENT, Progress, Task
from bench.records import Column, Schema
from generators.difflm.build import build
from generators.difflm.config import DiffLMConfig
from generators.difflm.distributed import draw_blocks, join
from generators.difflm.table_tokenizer import TableTokenizer
from generators.difflm.train import train_autoencoder
from generators.training.checkpoint import Checkpoint
from generators.training.device import Device

CPU = Device("cpu", False, "eager")
CONFIG = DiffLMConfig(
    encoder_width=16,
    encoder_layers=1,
    encoder_heads=2,
    decoder_width=32,
    decoder_layers=2,
    decoder_heads=2,
    latent_size=4,
    # a loss that is not linear in the means of the batch, and batches that no two processes can halve
    capacity_nats=3.0,
    free_nats=0.3,
    word_dropout=0.2,
    batch_tokens=150,
    learning_rate=3e-3,
    warmup_steps=5,
    steps=20,
    least_steps=20,
)
CHECKPOINT_SECONDS = 0.0


class KilledAfter(Progress, Task):
    """Ends the process as the system does when memory runs out."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def task(self, description: str, total: int, unit: str = "steps") -> Task:
        return self

    def advance(self, steps: int = 1, **metrics: float) -> None:
        self.left -= steps
        if self.left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


def train(checkpoint: Checkpoint | None = None, progress: Progress = SILENT) -> dict[str, object]:
    """Weights and what else must not depend on how often a training was killed, or on the processes."""
    rng = np.random.default_rng(0)
    age = rng.integers(18, 40, 200)
    schema = Schema((Column("age", "integer"), Column("pay", "real"), Column("old", "categorical")))
    pay = np.where(rng.random(200) < 0.5, 0.0, rng.lognormal(6, 1, 200).round(2))
    frame = conform(pd.DataFrame({"age": age, "pay": pay, "old": np.where(age > 30, "yes", "no")}), schema)
    tokenizer = TableTokenizer.learn(frame, schema, bins=8, atom_limit=16, atom_share=0.05)
    tokens, _ = tokenizer.encode(frame)
    join()
    torch.manual_seed(0)
    model = build(CONFIG, tokenizer, CPU)
    generator = torch.Generator().manual_seed(0)
    trained = train_autoencoder(
        model,
        tokens[:150],
        tokens[150:],
        CONFIG,
        epochs=10,
        device=CPU,
        generator=generator,
        progress=progress,
        checkpoint=checkpoint,
    )
    drawn = draw_blocks(10, 3, 7, lambda records, own: torch.rand(records, generator=own))
    return {
        "weights": model.state_dict(),
        "history": trained.history.to_dict(),
        "drawn": torch.cat(drawn),
        "next": torch.rand(3, generator=generator),
        "processes": join().count,
    }


def shard_on_cpu() -> None:
    """Accelerate shards on accelerators only, while torch does it on CPUs as well: make it believe in one."""
    import accelerate

    class Sharding(accelerate.Accelerator):
        def __init__(self, **options: object) -> None:
            super().__init__(**options)
            self.state.distributed_type = accelerate.DistributedType.FSDP
            self.state.fsdp_plugin = accelerate.FullyShardedDataParallelPlugin(
                fsdp_version=2,
                auto_wrap_policy="transformer_based_wrap",
                transformer_cls_names_to_wrap=["LlamaDecoderLayer"],
                reshard_after_forward=True,
                cpu_ram_efficient_loading=os.environ["SHARDED"] == "efficient",
            )

    accelerate.Accelerator = Sharding


if __name__ == "__main__":
    if "SHARDED" in os.environ:
        shard_on_cpu()
    result, *rest = sys.argv[1:]
    kept = Checkpoint(Path(rest[0]), "same", CHECKPOINT_SECONDS) if rest else None
    found = train(kept, KilledAfter(int(rest[1])) if len(rest) > 1 else SILENT)
    if join().main:
        torch.save(found, result)
