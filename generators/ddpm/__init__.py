"""Denoising diffusion in discrete time, of numbers and of categories: what TabDDPM and CoDi share."""
