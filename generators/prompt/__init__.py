"""Prompt: a language model behind a server that is shown examples and asked for more."""

from generators.prompt.config import PromptConfig
from generators.prompt.generator import Prompt

__all__ = ["Prompt", "PromptConfig"]
