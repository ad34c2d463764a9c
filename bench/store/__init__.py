"""The store: one DuckDB file, made from the shards of the results folder."""

from bench.store.database import connect
from bench.store.ingest import ingest

__all__ = ["connect", "ingest"]
