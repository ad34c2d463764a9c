"""Evaluators of synthetic records."""
