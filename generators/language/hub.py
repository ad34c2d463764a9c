"""Models and tokenizers from a folder or the Hugging Face hub, and what goes wrong with them in one line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import model_info, resolve_revision, try_to_load_from_cache
from transformers import AutoConfig, AutoTokenizer, PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging

from bench.errors import BenchError

COMPACT = "compact"


def commit(role: str, name: str, revision: str) -> str:
    """What a revision stands for: a commit hash of the hub, or the revision itself where nothing comes from there."""
    if name == COMPACT or Path(name).is_dir():
        return revision
    with reading(role, name):
        return resolve_revision(name, revision=revision or None).resolved


def reach(name: str, revision: str) -> None:
    """Fail at once where a model is neither on this disk nor to be had: a download would try each file for long."""
    if Path(name).is_dir():
        return
    if not isinstance(try_to_load_from_cache(name, "config.json", revision=revision or None), str):
        model_info(name, revision=revision or None)


@contextmanager
def reading(role: str, name: str) -> Iterator[None]:
    """Turn what goes wrong while a model is read into one line."""
    try:
        yield
    except (BenchError, MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # every architecture and every way to a file has errors of its own
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise BenchError(
            f"{role} '{name}' cannot be read: {reason}; give the folder of a model, or a hub id that can be reached"
        ) from error


def read_config(role: str, name: str, revision: str) -> PretrainedConfig:
    """The model's own config.

    Raises:
        BenchError: it cannot be read.
    """
    with reading(role, name):
        reach(name, revision)
        return AutoConfig.from_pretrained(name, revision=revision or None)


def context_length(config: PretrainedConfig) -> int | None:
    """Positions that a model has; None where they are not limited."""
    return getattr(config.get_text_config(), "max_position_embeddings", None)


def load(
    loader: type, role: str, name: str, revision: str, attention: str, dtype: str, **options: object
) -> tuple[PreTrainedModel, set[str]]:
    """A model in evaluation mode, and the names of its weights that the checkpoint does not hold."""
    verbosity, unwatched = logging.get_verbosity(), logging.is_progress_bar_enabled() and not sys.stderr.isatty()
    logging.set_verbosity_error()
    if unwatched:
        logging.disable_progress_bar()
    try:
        with reading(role, name):
            reach(name, revision)
            model, info = loader.from_pretrained(
                name,
                revision=revision or None,
                attn_implementation=attention,
                dtype=dtype,
                output_loading_info=True,
                **options,
            )
    finally:
        logging.set_verbosity(verbosity)
        if unwatched:
            logging.enable_progress_bar()
    return model, set(info["missing_keys"])


def refuse_missing(role: str, name: str, missing: set[str]) -> None:
    """Raise BenchError where weights would be random although the model is called pretrained."""
    if missing:
        raise BenchError(f"{role} '{name}' lacks {len(missing)} of its weights, such as {min(missing)}; choose another")


def load_tokenizer(role: str, name: str, revision: str) -> PreTrainedTokenizerBase:
    """The tokenizer that belongs to a model.

    Raises:
        BenchError: it cannot be read.
    """
    with reading(role, name):
        reach(name, revision)
        return AutoTokenizer.from_pretrained(name, revision=revision or None)


def spell(tokenizer: PreTrainedTokenizerBase, texts: list[str], **options: Any) -> list[list[int]]:
    """Ids of every text; what looks like a special token in it is text."""
    # transformers fails where there is no text at all
    return tokenizer(texts, split_special_tokens=True, **options).input_ids if texts else []


def begin_and_end(tokenizer: PreTrainedTokenizerBase, role: str, name: str) -> tuple[int, int]:
    """Ids of beginning and end of text; one for the other where there is only one.

    Raises:
        BenchError: there is none.
    """
    begin, end = tokenizer.bos_token_id, tokenizer.eos_token_id
    if begin is None and end is None:
        raise BenchError(f"the tokenizer of {role} '{name}' has neither a BOS nor an EOS token; set one in its folder")
    return end if begin is None else begin, begin if end is None else end
