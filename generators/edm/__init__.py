"""Diffusion in continuous spaces as Karras et al. 2022 set it up (EDM): networks, loss, samplers."""
