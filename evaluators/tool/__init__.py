"""Evaluators of synthetic tool definitions."""
