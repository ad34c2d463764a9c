"""Calibration of the evaluators: records from a known truth, damaged by a known amount, and what every metric says."""
