"""A small autoencoder with random weights, and a small table."""

import numpy as np
import pandas as pd
import pytest
import torch

from bench.frames import conform
from bench.records import Column, Schema
from generators.difflm.compact import build
from generators.difflm.config import DiffLMConfig
from generators.difflm.table_tokenizer import TableTokenizer

TINY = {
    "encoder_width": 16,
    "encoder_layers": 1,
    "encoder_heads": 2,
    "decoder_width": 32,
    "decoder_layers": 2,
    "decoder_heads": 2,
    "latent_size": 4,
    "diffusion_width": 16,
    "diffusion_blocks": 1,
}


@pytest.fixture(scope="session")
def schema() -> Schema:
    columns = (
        Column("age", "integer"),
        Column("job", "categorical"),
        Column("pay", "real"),
        Column("y", "categorical"),
    )
    return Schema(columns, "y", "classification")


@pytest.fixture(scope="session")
def frame(schema) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    age = rng.integers(18, 80, 400)
    pay = np.round(np.where(rng.random(400) < 0.3, 0.0, rng.lognormal(6, 1, 400)), 2)
    job = np.where(rng.random(400) < 0.1, None, rng.choice(["a", "b", "long label"], 400))
    y = np.where(age + rng.normal(0, 8, 400) > 45, "old", "young")
    return conform(pd.DataFrame({"age": age, "job": job, "pay": pay, "y": y}), schema)


@pytest.fixture
def tokenizer(frame, schema) -> TableTokenizer:
    return TableTokenizer.learn(frame, schema, bins=8, atom_limit=16, atom_share=0.05)


@pytest.fixture
def model(tokenizer):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = DiffLMConfig(**TINY)
        return build(config, tokenizer.size, tokenizer.length, "eager", tokenizer.quantiles()).eval()
