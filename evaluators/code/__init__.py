"""Evaluators of synthetic programs."""
