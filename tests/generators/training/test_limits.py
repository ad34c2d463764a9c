"""Settings that a training cannot use."""

import pytest

from bench.errors import BenchError
from generators import CTGAN, GOGGLE, TVAE, CoDi, GReaT, TabDDPM, TabSyn


@pytest.mark.parametrize("generator", [CTGAN, GOGGLE, TVAE, CoDi, GReaT, TabDDPM, TabSyn])
@pytest.mark.parametrize(("field", "value"), [("batch", 0), ("steps", -1), ("attempts_per_record", 0)])
def test_they_are_refused_in_one_line(generator, field, value):
    with pytest.raises(BenchError, match=rf"^{field} = {value} of {generator.__name__}: must be at least \d$"):
        generator(**{field: value})


def test_a_diffusion_without_a_timestep_is_refused():
    for generator in (TabDDPM, CoDi):
        with pytest.raises(BenchError, match=r"timesteps = 0 of .*: must be at least 1"):
            generator(timesteps=0)
