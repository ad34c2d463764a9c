"""The parts of `benchmarks.gate`: planted damage, pools of cells, redrawn gates."""
