"""What a run is, where data comes from, where results go."""
