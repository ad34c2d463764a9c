"""The stand-in for Python instruction data with the instructions themselves."""

from bench.datasets.demo.flytech import ROWS, SEED, extras
from bench.datasets.demo.flytech import simulate_pairs as simulate

__all__ = ["ROWS", "SEED", "extras", "simulate"]
