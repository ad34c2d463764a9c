"""What DiffLM's decoding costs, as ratios measured in one run: python -m benchmarks.difflm_sampling

- against the way of the published release: one record at a time, no cache, the whole prefix again for
  every token; once on schema-built tokens and once on the records' JSON in byte-pair tokens;
- against transformers' own `generate`, batched, on the same model and lengths, without a constraint;
- memory that sampling n and 8 n records takes.

Weights are random and lengths are fixed: speed does not depend on what is said.
"""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable
from functools import partial

import psutil
import torch

import bench
from bench.records import Dataset
from generators.difflm import DiffLMConfig
from generators.difflm.build import build
from generators.difflm.decode import Constraint, decode
from generators.difflm.grammar import text_grammar
from generators.difflm.likelihood import score
from generators.difflm.table_tokenizer import BEGIN, TableTokenizer
from generators.difflm.text_tokenizer import END, TextTokenizer
from generators.difflm.vae import VariationalAutoencoder
from generators.language.draw import Sampling, draw
from generators.training.device import pick_device

CONFIG = DiffLMConfig()
DEVICE = pick_device()
ROWS, ONE_BY_ONE, REPEATS = 1024, 2, 2
Tokenizer = TableTokenizer | TextTokenizer


def seconds(*works: Callable[[], object]) -> list[float]:
    """Best time of each, taken in turns so that a busy machine disturbs all alike."""
    best = [float("inf")] * len(works)
    for _ in range(REPEATS):
        for place, work in enumerate(works):
            begin = time.perf_counter()
            work()
            best[place] = min(best[place], time.perf_counter() - begin)
    return best


def tokenizers(data: Dataset) -> tuple[TableTokenizer, TextTokenizer]:
    table = TableTokenizer.learn(
        data.train, data.schema, bins=CONFIG.bins, atom_limit=CONFIG.atom_limit, atom_share=CONFIG.atom_share
    )
    text = TextTokenizer.learn(data.train, data.schema, vocabulary=CONFIG.vocabulary, max_length=CONFIG.max_length)
    return table, text


def network(tokenizer: Tokenizer) -> VariationalAutoencoder:
    torch.manual_seed(0)
    return build(CONFIG, tokenizer, DEVICE).eval()


def sample(model: VariationalAutoencoder, constraint: Constraint, rows: int, length: int) -> None:
    latents = torch.randn(rows, CONFIG.latent_size, device=DEVICE.name)
    generator = torch.Generator().manual_seed(0)
    with DEVICE.autocast():
        decode(
            model,
            latents,
            constraint,
            begin=BEGIN,
            length=length,
            sampling=Sampling(),
            slots=ROWS,
            generator=generator,
        )


@torch.no_grad()
def sample_one_by_one(model: VariationalAutoencoder, constraint: Constraint, length: int) -> None:
    """The published release's way; the constraint and the draw are those of `decode`, the networks in its precision."""
    embed, head = model.decoder.get_input_embeddings(), model.decoder.get_output_embeddings()
    for one in torch.randn(ONE_BY_ONE, CONFIG.latent_size, device=DEVICE.name).split(1):
        ids, walk = torch.tensor([[BEGIN]], device=DEVICE.name), constraint.walk()
        walk.admit(1)
        done = False
        while not done and ids.shape[1] <= length:
            with DEVICE.autocast():
                hidden = model.read(model.injection(one).prepend(embed(ids)))[:, -1]
            first, end, _ = walk.allowed()
            token = first + draw(score(hidden, head, first, end), Sampling(), torch.rand(1, device=DEVICE.name))
            ids = torch.cat([ids, token[:, None]], dim=1)
            done = bool(walk.advance(token))


@torch.no_grad()
def generate(model: VariationalAutoencoder, rows: int, length: int) -> None:
    """The sampling loop of transformers on the same inputs."""
    begin = model.decoder.get_input_embeddings()(torch.full((rows, 1), BEGIN, device=DEVICE.name))
    with DEVICE.autocast():
        inputs = model.injection(torch.randn(rows, CONFIG.latent_size, device=DEVICE.name)).prepend(begin)
        model.decoder.generate(
            inputs_embeds=inputs,
            attention_mask=inputs.new_ones(inputs.shape[:2], dtype=torch.long),
            do_sample=True,
            top_k=0,
            min_new_tokens=length,
            max_new_tokens=length,
            pad_token_id=BEGIN,
        )


def peak_mebibytes(rows: int) -> float:
    """Memory that sampling so many records adds to a fresh process, at most, ROWS at a time."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(sample_and_measure, (rows,))


def sample_and_measure(rows: int) -> float:
    tokenizer = tokenizers(bench.load("adult"))[0]
    model, process = network(tokenizer), psutil.Process()
    sample(model, tokenizer.grammar, 1, tokenizer.length - 1)
    # the peak that the system keeps of a process begins with its parent's
    before, done, seen = process.memory_info().rss, threading.Event(), [0]

    def watch() -> None:
        while not done.wait(0.002):
            seen[0] = max(seen[0], process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    sample(model, tokenizer.grammar, rows, tokenizer.length - 1)
    done.set()
    watcher.join()
    return (seen[0] - before) / 2**20


def main() -> None:
    data = bench.load("adult")
    print(f"{DEVICE}, {torch.get_num_threads()} threads, batches of {ROWS}")
    costs = {}
    for name, tokenizer in zip(("schema-built", "byte-pair"), tokenizers(data), strict=True):
        model, length = network(tokenizer), round(float(tokenizer.encode(data.train)[0].lengths.float().mean())) - 1
        endless = text_grammar(END + 1, tokenizer.size, BEGIN)
        # what random weights say ends anywhere: as text it is held to one length
        table = isinstance(tokenizer, TableTokenizer)
        constraint, most = (tokenizer.grammar, tokenizer.length - 1) if table else (endless, length)
        one, ours, free, theirs = seconds(
            partial(sample_one_by_one, model, constraint, most),
            partial(sample, model, constraint, ROWS, most),
            partial(sample, model, endless, ROWS, length),
            partial(generate, model, ROWS, length),
        )
        costs[name] = one / ONE_BY_ONE, ours / ROWS
        print(f"{name}, {length} tokens: {ROWS / ours:.0f} records a second")
        print(f"  against one at a time without a cache: {costs[name][0] / costs[name][1]:.0f} x as fast")
        print(f"  against generate of transformers, both without a constraint: {theirs / free:.2f} x as fast")
    ratio = costs["byte-pair"][0] / costs["schema-built"][1]
    print(f"schema-built in batches against byte-pair one at a time: {ratio:.0f} x as fast")
    less, more = peak_mebibytes(4 * ROWS), peak_mebibytes(32 * ROWS)
    print(
        f"peak memory added by {4 * ROWS} and {32 * ROWS} records: {less:.0f} and {more:.0f} MiB, {more / less:.2f} x"
    )


if __name__ == "__main__":
    main()
