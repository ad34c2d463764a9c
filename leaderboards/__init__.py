"""Leaderboards: they read the views of the store and nothing else."""
