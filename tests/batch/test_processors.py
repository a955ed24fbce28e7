"""A world has the same bits on every processor: libraries are told to forget what this one can."""

import os
import subprocess
import sys

import pytest

RUN = """
import hashlib
import numpy as np
from experiments.config.build import plan_from_config
from experiments.config.compose import compose_run
from experiments.runs.cases import cases_of
from experiments.runs.simulate import feasible_model

for words in (
    ["worlds=12", "consumers=cohort", "months=24"],
    ["worlds=3", "agents_per_world=300", "months=12"],
):
    plan = plan_from_config(compose_run(words, None), "processor")
    model, _ = feasible_model(plan, cases_of(plan, np.arange(plan.worlds)))
    model.run()
    print(hashlib.sha256(model.recorder.data.tobytes()).hexdigest())
x = np.linspace(0.1, 2.0, 100_000)
print(hashlib.sha256(np.exp(x).tobytes() + np.log(x).tobytes() + np.power(x, 1.7).tobytes()).hexdigest())
"""
"""Prints a digest of cohorts, one of a crowd, and one of what NumPy makes of its own functions."""
SIMPLER = {
    "NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512_SKX AVX2 FMA3 X86_V3 X86_V4",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX2,-FMA",
}


def digests(**environment: str) -> list[str]:
    """Return what a process prints in an environment."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RUN], env={**os.environ, **environment}, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    return done.stdout.split()


def test_a_world_has_the_same_bits_on_a_simpler_processor_compiled_or_not() -> None:
    cohorts, crowd, numpy_here = digests()
    one, other, numpy_there = digests(UNCONTESTED_COMPILED="0", **SIMPLER)
    assert (one, other) == (cohorts, crowd)
    if numpy_here == numpy_there:
        pytest.skip("this processor has nothing that NumPy can be told to forget")
