"""A causal language model with its tokenizer: the compact one, or any of transformers' from a folder or the hub."""

from __future__ import annotations

import copy
import logging as standard_logging
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import torch
from huggingface_hub import model_info, try_to_load_from_cache
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
)
from transformers.utils import logging

from bench.errors import BenchError
from bench.progress import SILENT, Progress
from evaluators.language.generate import sample_texts
from evaluators.language.recipe import COMPACT, Recipe
from evaluators.language.score import score_pairs
from evaluators.language.train import fit

END = "<|end|>"
# A line break is always a token of its own, so that a prompt that ends a line is spelled as the same line within a
# text; names fall into their words, numbers into digits, and a space belongs to what follows it.
PIECES = r"\n|[ _]?\p{L}+| ?\p{N}| ?[^\s\p{L}\p{N}_]+|_+|[^\S\n]+(?!\S)|[^\S\n]+"


class LanguageModel:
    """A network with its tokenizer, and the three things evaluators do with them.

    Args:
        network: in evaluation mode, on its device.
        tokenizer: of transformers.
        context: most tokens that are read at once.
    """

    def __init__(self, network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, context: int) -> None:
        self.network = network
        self.tokenizer = tokenizer
        self.context = context
        self.end: int = tokenizer.eos_token_id
        self.begin: int = self.end if tokenizer.bos_token_id is None else tokenizer.bos_token_id

    def encode(self, text: str) -> list[int]:
        """Token ids of a text without any special token."""
        return self.tokenizer.encode(text, add_special_tokens=False)

    def decode(self, ids: Sequence[int]) -> str:
        return self.tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False)

    def autocast(self) -> AbstractContextManager[None]:
        """bfloat16 products on an accelerator; on CPUs float32 (measured: autocast is slower at compact sizes)."""
        kind = self.network.device.type
        return torch.autocast(kind, torch.bfloat16, enabled=kind == "cuda")

    def trained(
        self, texts: Sequence[str], recipe: Recipe, *, seed: int = 0, progress: Progress = SILENT
    ) -> LanguageModel:
        """A new model that has seen `recipe.train_tokens` tokens of the texts; this one stays as it is.

        Raises:
            BenchError: there is no text to learn from.
        """
        student = LanguageModel(copy.deepcopy(self.network), self.tokenizer, self.context)
        student.network = fit(student, texts, recipe, seed=seed, progress=progress)
        return student

    def log_likelihoods(
        self, pairs: Sequence[tuple[str, str]], progress: Progress = SILENT
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """See `score.score_pairs`."""
        return score_pairs(self, pairs, progress)

    def generate(
        self,
        prompts: Sequence[str],
        n: int = 1,
        *,
        max_new_tokens: int,
        temperature: float = 1.0,
        top_p: float = 1.0,
        stop: Sequence[str] = (),
        seed: int = 0,
        progress: Progress = SILENT,
    ) -> list[list[str]]:
        """See `generate.sample_texts`."""
        return sample_texts(
            self,
            prompts,
            n,
            max_new_tokens=max_new_tokens,
            temperature=temperature,
            top_p=top_p,
            stop=stop,
            seed=seed,
            progress=progress,
        )


def load_base(recipe: Recipe, texts: Sequence[str], *, seed: int = 0) -> LanguageModel:
    """The untrained base that all arms of a comparison start from.

    Args:
        recipe: which model.
        texts: the real train texts, from which the compact model's tokenizer is learnt; not read otherwise.
        seed: of the compact model's weights.

    Raises:
        BenchError: the model cannot be had.
    """
    if recipe.model == COMPACT:
        return compact(recipe, texts, seed)
    return pretrained(recipe)


def compact(recipe: Recipe, texts: Sequence[str], seed: int) -> LanguageModel:
    """A small Llama with random weights."""
    tokenizer = learn_tokenizer(texts, recipe.vocabulary)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=recipe.width,
        intermediate_size=8 * recipe.width // 3,
        num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads,
        num_key_value_heads=recipe.heads,
        max_position_embeddings=recipe.context,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.eos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=None,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = LlamaForCausalLM(config)
    return LanguageModel(network.to(device()).eval(), tokenizer, recipe.context)


def learn_tokenizer(texts: Sequence[str], vocabulary: int) -> PreTrainedTokenizerFast:
    """Byte-level byte-pair encoding with one special token, which begins, ends and pads texts."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=END, eos_token=END, pad_token=END)


def pretrained(recipe: Recipe) -> LanguageModel:
    """A causal language model of transformers, in float32 unless only adapters of it are trained on an accelerator.

    Raises:
        BenchError: no folder of a model and no hub id that can be reached, or a tokenizer without an end token.
    """
    place, revision = device(), recipe.revision or None
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        reach(recipe.model, revision)
        tokenizer = AutoTokenizer.from_pretrained(recipe.model, revision=revision)
        network, info = AutoModelForCausalLM.from_pretrained(
            recipe.model,
            revision=revision,
            dtype=torch.bfloat16 if recipe.training == "lora" and place == "cuda" else torch.float32,
            output_loading_info=True,
        )
    except (MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # every architecture and every way to a file has errors of its own
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise BenchError(
            f"language model '{recipe.model}' cannot be read: {reason}; give the folder of a causal language model, "
            "a hub id that can be reached, or 'compact'"
        ) from error
    finally:
        logging.set_verbosity(verbosity)
        logging.enable_progress_bar()
    if missing := sorted(info["missing_keys"]):
        raise BenchError(f"language model '{recipe.model}' lacks {len(missing)} of its weights, such as {missing[0]}")
    if tokenizer.eos_token_id is None:
        raise BenchError(f"the tokenizer of language model '{recipe.model}' has no end token; choose another model")
    limit = getattr(network.config.get_text_config(), "max_position_embeddings", None) or recipe.context
    return LanguageModel(network.to(place).eval(), tokenizer, min(recipe.context, limit))


def reach(name: str, revision: str | None) -> None:
    """Fail at once where a model is neither on this disk nor to be had: a download would try each file for long."""
    if Path(name).is_dir() or isinstance(try_to_load_from_cache(name, "config.json", revision=revision), str):
        return
    # the hub's client tells about its retries beside the error that follows
    standard_logging.getLogger("huggingface_hub").setLevel(standard_logging.ERROR)
    model_info(name, revision=revision)


def device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"
