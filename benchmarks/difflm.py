"""What the design of the compact DiffLM buys, as ratios measured in one run: python -m benchmarks.difflm

Prints the length of a record under the schema-built tokenizer against byte-pair encoding of the same
text, the time of a training step in each precision and attention, and sampled records a second in
batches with a cache against one record at a time without one. Weights are random: speed does not
depend on them.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

import bench
from generators.difflm import DiffLMConfig
from generators.difflm.compact import build
from generators.difflm.decode import decode, draw
from generators.difflm.device import Device, pick_device
from generators.difflm.table_tokenizer import BEGIN, PAD, TableTokenizer
from generators.difflm.text_tokenizer import TextTokenizer
from generators.difflm.train import run
from generators.difflm.vae import VariationalAutoencoder

CONFIG = DiffLMConfig()
STEPS, ROWS = 10, 2048


def seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def networks(tokenizer: TableTokenizer, attention: str) -> VariationalAutoencoder:
    torch.manual_seed(0)
    return build(CONFIG, tokenizer.size, tokenizer.length, attention, tokenizer.quantiles())


def train_step_seconds(tokenizer: TableTokenizer, ids: torch.Tensor, device: Device) -> float:
    """Seconds of one forward and backward pass of a batch."""
    model = networks(tokenizer, device.attention)
    generator = torch.Generator().manual_seed(0)

    def steps() -> None:
        for _ in range(STEPS):
            run(model, ids, device, generator).loss(CONFIG.beta, CONFIG.capacity_nats).backward()

    steps()
    return seconds(steps) / STEPS


@torch.no_grad()
def sample_one_by_one(model: VariationalAutoencoder, latent: torch.Tensor, tokenizer: TableTokenizer) -> None:
    """The published release's way: one record at a time, the whole prefix again for every token."""
    grammar, head = tokenizer.grammar, model.decoder.get_output_embeddings().weight
    for one in latent.split(1):
        ids, state = torch.tensor([[BEGIN]]), torch.tensor([grammar.start])
        while int(state) != grammar.end:
            inputs = torch.cat([model.soft_prompt(one), model.decoder.get_input_embeddings()(ids)], dim=1)
            hidden = model.decoder.get_decoder()(inputs_embeds=inputs, use_cache=False).last_hidden_state[:, -1]
            token = draw(hidden, head, grammar.low[state], grammar.high[state], 1.0, torch.rand(1))
            ids, state = torch.cat([ids, token[:, None]], dim=1), grammar.step(state, token)


def main() -> None:
    data = bench.load("adult")
    tokenizer = TableTokenizer.learn(
        data.train, data.schema, bins=CONFIG.bins, atom_limit=CONFIG.atom_limit, atom_share=CONFIG.atom_share
    )
    text = TextTokenizer.learn(data.train, data.schema, vocabulary=CONFIG.vocabulary, max_length=CONFIG.max_length)
    lengths = [(kind.encode(data.train)[0] != PAD).sum(axis=1).mean() for kind in (tokenizer, text)]
    print(
        f"tokens a record: schema-built {lengths[0]:.1f}, byte-pair {lengths[1]:.1f}: {lengths[1] / lengths[0]:.1f} x"
    )

    ids = torch.as_tensor(tokenizer.encode(data.train)[0])[:64]
    base = train_step_seconds(tokenizer, ids, Device("cpu", False, "sdpa"))
    print(f"training step of 64 records, float32 sdpa: {1000 * base:.0f} ms")
    for bfloat16, attention in ((False, "eager"), (True, "sdpa"), (True, "eager")):
        took = train_step_seconds(tokenizer, ids, Device("cpu", bfloat16, attention))
        print(f"  {'bfloat16' if bfloat16 else 'float32'} {attention}: {base / took:.2f} x as fast")

    device = pick_device()
    model = networks(tokenizer, device.attention).eval()
    latent = torch.randn(ROWS, CONFIG.latent_size)
    generator = torch.Generator().manual_seed(0)
    with device.autocast():
        one = seconds(lambda: sample_one_by_one(model, latent[:20], tokenizer)) / 20
        batched = seconds(
            lambda: decode(
                model, latent, tokenizer.grammar, length=tokenizer.length - 1, temperature=1.0, generator=generator
            )
        )
    print(f"decoding, one at a time without a cache: {1 / one:.0f} records a second")
    print(
        f"decoding, batches of {ROWS} with a cache: {ROWS / batched:.0f} records a second, {one * ROWS / batched:.0f} x"
    )


if __name__ == "__main__":
    main()
