"""Evaluators of synthetic records; the entry points of the package name them."""

from evaluators.base import Evaluator, Score

__all__ = ["Evaluator", "Score"]
