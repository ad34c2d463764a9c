"""A small table, a small autoencoder with random weights, and folders of tiny pretrained models."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    AutoModelForCausalLM,
    BertConfig,
    BertModel,
    GPT2Config,
    LlamaConfig,
    MistralConfig,
    PreTrainedTokenizerFast,
    Qwen2Config,
    T5Config,
    T5ForConditionalGeneration,
)

from bench.frames import conform
from bench.records import Column, Schema
from generators.difflm.build import build
from generators.difflm.config import DiffLMConfig
from generators.difflm.table_tokenizer import TableTokenizer
from generators.texts.serialise import to_texts
from generators.training.device import Device

CPU = Device("cpu", False, "eager")
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
DECODERS = ("gpt2", "llama", "mistral", "qwen2")
VOCABULARY, POSITIONS = 320, 160
# weights large enough that a wrong position shows in the logits
SIZES = {"vocab_size": VOCABULARY, "num_hidden_layers": 2, "num_attention_heads": 2, "initializer_range": 0.3}


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
        return build(DiffLMConfig(**TINY), tokenizer, CPU).eval()


def byte_tokenizer(texts: list[str], template: str | None, special: dict[str, str]) -> PreTrainedTokenizerFast:
    """Byte-level pairs: any text can be spelled."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    names = sorted(set(special.values()))
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=VOCABULARY, special_tokens=names, initial_alphabet=alphabet)
    )
    if template:
        ids = [(name, tokenizer.token_to_id(name)) for name in names]
        tokenizer.post_processor = processors.TemplateProcessing(single=template, special_tokens=ids)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)


def word_tokenizer(texts: list[str]) -> PreTrainedTokenizerFast:
    """Lower-case word pieces, as BERT has them: letter case and spaces are lost."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(texts, trainers.WordPieceTrainer(vocab_size=VOCABULARY, special_tokens=names))
    ids = [(name, tokenizer.token_to_id(name)) for name in names]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $0 [SEP]", special_tokens=ids)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", pad_token="[PAD]"
    )


def save_pretrained(folder: Path, network, tokenizer: PreTrainedTokenizerFast) -> Path:
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def pretrained(tmp_path_factory, frame, schema) -> dict[str, str]:
    """Folders of tiny models with random weights and tokenizers of their own, by family."""
    texts = to_texts(frame, schema)
    wide = {**SIZES, "hidden_size": 16, "intermediate_size": 32, "max_position_embeddings": POSITIONS}
    grouped = {**wide, "num_key_value_heads": 1}
    one = {"bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>"}
    two = {"bos_token": "<s>", "eos_token": "</s>"}
    causal = {
        "gpt2": (GPT2Config(**SIZES, n_embd=16, n_positions=POSITIONS, bos_token_id=0, eos_token_id=0), None, one),
        "llama": (LlamaConfig(**grouped), "<s> $0", two),
        "mistral": (MistralConfig(**grouped, sliding_window=None), "<s> $0", two),
        "qwen2": (Qwen2Config(**grouped), None, {"eos_token": "<|endoftext|>"}),
    }
    root = tmp_path_factory.mktemp("pretrained")
    folders = {}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for family, (config, template, special) in causal.items():
            network = AutoModelForCausalLM.from_config(config)
            folders[family] = save_pretrained(root / family, network, byte_tokenizer(texts, template, special))
        folders["bert"] = save_pretrained(root / "bert", BertModel(BertConfig(**wide)), word_tokenizer(texts))
        t5 = T5Config(vocab_size=VOCABULARY, d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2)
        ending = byte_tokenizer(texts, "$0 </s>", {"eos_token": "</s>"})
        folders["t5"] = save_pretrained(root / "t5", T5ForConditionalGeneration(t5), ending)
    return {family: str(folder) for family, folder in folders.items()}
