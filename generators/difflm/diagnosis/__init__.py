"""A look into a fitted DiffLM: what its latent carries, and where its records lose quality."""

from generators.difflm.diagnosis.checks import diagnose
from generators.difflm.diagnosis.report import Diagnosis
from generators.difflm.diagnosis.subject import Subject

__all__ = ["Diagnosis", "Subject", "diagnose"]
