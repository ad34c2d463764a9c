"""Generators of synthetic records."""
