"""A small table, and a folder of a tiny GPT-2 with random weights."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast


def rows(n: int = 300) -> pd.DataFrame:
    """Where c is b the number is larger, and y is yes exactly where c is c."""
    rng = np.random.default_rng(0)
    c = rng.choice(["a", "b", "c"], n, p=[0.6, 0.3, 0.1])
    x = rng.integers(1, 5, n) + 10 * (c == "b")
    return pd.DataFrame({"x": x, "c": c, "y": np.where(c == "c", "yes", "no")})


@pytest.fixture
def table() -> pd.DataFrame:
    return rows()


@pytest.fixture(scope="session")
def gpt2(tmp_path_factory) -> str:
    folder: Path = tmp_path_factory.mktemp("gpt2")
    end = "<|endoftext|>"
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    texts = [f"x is {x}, c is {c}, y is {y}" for x, c, y in rows().itertuples(index=False)]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=300, special_tokens=[end], initial_alphabet=alphabet, show_progress=False)
    )
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=end, eos_token=end).save_pretrained(folder)
    size = {"n_embd": 32, "n_layer": 1, "n_head": 2, "n_positions": 40, "bos_token_id": 0, "eos_token_id": 0}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        GPT2LMHeadModel(GPT2Config(vocab_size=tokenizer.get_vocab_size(), **size)).save_pretrained(folder)
    return str(folder)
