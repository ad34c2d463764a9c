"""What the design of the compact DiffLM buys, as ratios measured in one run: python -m benchmarks.difflm

Prints the length of a record under the schema-built tokenizer against byte-pair encoding of the same
text, the time of a pass in each precision and attention, trained tokens a second against a plain
transformers loop: the same two networks with transformers' own loss and defaults, AdamW, the same
precision, and what groups of one length save on programs. Sampling has a benchmark of its own,
`difflm_sampling`. Weights are random: speed does not depend on them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import torch

import bench
from generators.difflm import DiffLMConfig
from generators.difflm.bound import run
from generators.difflm.build import build
from generators.difflm.compact import compact_decoder, compact_encoder
from generators.difflm.injection import positions_in_front
from generators.difflm.table_tokenizer import TableTokenizer
from generators.difflm.text_tokenizer import TextTokenizer
from generators.difflm.tokens import PAD, Tokens
from generators.difflm.train import Training
from generators.difflm.vae import Terms
from generators.training.device import Device, pick_device

CONFIG = DiffLMConfig()
STEPS, REPEATS, BATCH = 10, 3, 64


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


def plain_steps(tokenizer: TableTokenizer, tokens: Tokens, device: Device) -> Callable[[], object]:
    """A training step as transformers documents it: labels in, loss out; no latent, no grammar, no averages."""
    positions = positions_in_front(CONFIG.injection, CONFIG.soft_tokens) + tokenizer.length
    encoder = compact_encoder(CONFIG, tokenizer.size, tokenizer.length, "sdpa")
    decoder = compact_decoder(CONFIG, tokenizer.size, positions, "sdpa")
    weights = [*encoder.parameters(), *decoder.parameters()]
    optimiser = torch.optim.AdamW(weights, lr=1e-4)
    present = (tokens.ids != PAD).long()
    ids = tokens.ids.clamp(min=0)
    labels = ids.masked_fill(present == 0, -100)

    def step() -> None:
        with device.autocast():
            summary = encoder(input_ids=ids, attention_mask=present).last_hidden_state[:, 0]
            loss = decoder(input_ids=ids, attention_mask=present, labels=labels).loss + summary.square().mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        optimiser.zero_grad()

    return step


def train_steps(tokenizer: TableTokenizer, tokens: Tokens, device: Device) -> Callable[[], object]:
    """A training step of ours, with all that belongs to it."""
    model = build(CONFIG, tokenizer, device)
    training = Training(
        model, CONFIG, 1000, float(tokens.lengths.float().mean()), device, torch.Generator().manual_seed(0)
    )
    return lambda: training.advance(tokens)


def text_ratio(device: Device) -> tuple[float, float]:
    """Training steps over programs with a long tail of lengths.

    Returns:
        How many times as fast they are group by group as all at once, and positions a token without groups.
    """
    data = bench.load("flytech")
    copies = np.random.default_rng(0).geometric(0.5, len(data.train))
    programs = pd.DataFrame(
        {"program": [text * count for text, count in zip(data.train.iloc[:, 0], copies, strict=True)]}
    )
    tokenizer = TextTokenizer.learn(programs, data.schema, vocabulary=CONFIG.vocabulary, max_length=CONFIG.max_length)
    tokens = tokenizer.encode(programs)[0]
    model = build(CONFIG, tokenizer, device)
    batch = round(CONFIG.batch_tokens / float(tokens.lengths.float().mean()))
    batches = [tokens[first : first + batch].trimmed().to(device.name) for first in range(0, STEPS * batch, batch)]

    def train(forward: Callable[[Tokens, torch.Tensor], Terms]) -> None:
        for one in batches:
            with device.autocast():
                terms = forward(one, torch.zeros(len(one), model.latent_size, device=device.name))
            terms.negative_elbo.mean().backward()

    took = {model: [], model.in_groups: []}
    for _ in range(REPEATS):
        for forward, times in took.items():
            times.append(seconds(partial(train, forward)))
    whole, groups = map(min, took.values())
    return whole / groups, sum(one.ids.numel() for one in batches) / sum(int(one.lengths.sum()) for one in batches)


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

    device = pick_device()
    ours, plain = (make(tokenizer, tokens, device) for make in (train_steps, plain_steps))
    took = {ours: [], plain: []}
    for _ in range(REPEATS):
        # in turns, so that a busy machine disturbs both alike
        for step, times in took.items():
            times.append(seconds(lambda step=step: [step() for _ in range(STEPS)]) / STEPS)
    count = int(tokens.lengths.sum())
    rates = [count / min(took[step]) for step in (ours, plain)]
    print(
        f"training: {rates[0]:.0f} record tokens a second, a plain transformers loop {rates[1]:.0f}: "
        f"{rates[0] / rates[1]:.2f} x"
    )
    faster, positions = text_ratio(device)
    print(
        f"programs of many lengths, {positions:.2f} positions a token: {faster:.2f} x as fast in groups of one length"
    )


if __name__ == "__main__":
    main()
