"""What the design of the compact DiffLM buys, as ratios measured in one run: python -m benchmarks.difflm

Prints the length of a record under the schema-built tokenizer against byte-pair encoding of the same
text, and the time of a training step in each precision and attention. Sampling has a benchmark of its
own, `difflm_sampling`. Weights are random: speed does not depend on them.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

import bench
from generators.difflm import DiffLMConfig
from generators.difflm.bound import run
from generators.difflm.build import build
from generators.difflm.device import Device
from generators.difflm.table_tokenizer import TableTokenizer
from generators.difflm.text_tokenizer import TextTokenizer
from generators.difflm.tokens import Tokens

CONFIG = DiffLMConfig()
STEPS, BATCH = 10, 64


def seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def train_step_seconds(tokenizer: TableTokenizer, tokens: Tokens, device: Device) -> float:
    """Seconds of one forward and backward pass of a batch."""
    torch.manual_seed(0)
    model = build(CONFIG, tokenizer, device)
    generator = torch.Generator().manual_seed(0)

    def steps() -> None:
        for _ in range(STEPS):
            run(model, tokens, device, generator).negative_elbo.mean().backward()

    steps()
    return seconds(steps) / STEPS


def main() -> None:
    data = bench.load("adult")
    tokenizer = TableTokenizer.learn(
        data.train, data.schema, bins=CONFIG.bins, atom_limit=CONFIG.atom_limit, atom_share=CONFIG.atom_share
    )
    text = TextTokenizer.learn(data.train, data.schema, vocabulary=CONFIG.vocabulary, max_length=CONFIG.max_length)
    lengths = [float(kind.encode(data.train)[0].lengths.float().mean()) for kind in (tokenizer, text)]
    print(
        f"tokens a record: schema-built {lengths[0]:.1f}, byte-pair {lengths[1]:.1f}: {lengths[1] / lengths[0]:.1f} x"
    )

    tokens = tokenizer.encode(data.train)[0][:BATCH]
    base = train_step_seconds(tokenizer, tokens, Device("cpu", False, "sdpa"))
    print(f"training step of {BATCH} records, float32 sdpa: {1000 * base:.0f} ms")
    for bfloat16, attention in ((False, "eager"), (True, "sdpa"), (True, "eager")):
        took = train_step_seconds(tokenizer, tokens, Device("cpu", bfloat16, attention))
        print(f"  {'bfloat16' if bfloat16 else 'float32'} {attention}: {base / took:.2f} x as fast")


if __name__ == "__main__":
    main()
