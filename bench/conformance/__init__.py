"""Whether a generator keeps the contract of `generators.base`, whatever the table: one suite for everybody."""

from bench.conformance.run import Finding, conformance

__all__ = ["Finding", "conformance"]
