"""Evaluators of synthetic tables."""
