"""Tiny models that the tests make themselves."""

from __future__ import annotations

import pytest
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, set_seed

from evaluators.language.model import LanguageModel, learn_tokenizer

TEXTS = [f"def add_{i}(x):\n    return x + {i}\n" for i in range(40)]


@pytest.fixture(scope="session")
def tokenizer():
    return learn_tokenizer(TEXTS, 300)


@pytest.fixture(params=["llama", "gpt2"], scope="session")
def model(request, tokenizer):
    """Random weights, large enough that the next token hangs on all before it."""
    set_seed(5)
    if request.param == "llama":
        network = LlamaForCausalLM(
            LlamaConfig(
                vocab_size=len(tokenizer),
                hidden_size=16,
                intermediate_size=32,
                num_hidden_layers=2,
                num_attention_heads=2,
                max_position_embeddings=64,
                initializer_range=0.5,
                eos_token_id=tokenizer.eos_token_id,
            )
        )
    else:
        network = GPT2LMHeadModel(
            GPT2Config(
                vocab_size=len(tokenizer),
                n_embd=16,
                n_layer=2,
                n_head=2,
                n_positions=64,
                initializer_range=0.5,
                eos_token_id=tokenizer.eos_token_id,
            )
        )
    return LanguageModel(network.eval(), tokenizer, 64)


@pytest.fixture(scope="session")
def saved(tokenizer, tmp_path_factory):
    """The folder of a tiny pretrained model."""
    set_seed(6)
    folder = tmp_path_factory.mktemp("models") / "tiny"
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=128,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
