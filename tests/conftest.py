"""One environment for every test: no display, one thread, one time zone, plain text, fixed examples."""

import os

# Before NumPy, matplotlib and rich are imported: they read these once.
os.environ.update(
    COLUMNS="110",
    LC_ALL="C.UTF-8",
    MPLBACKEND="Agg",
    NO_COLOR="1",
    OMP_NUM_THREADS="1",
    OPENBLAS_NUM_THREADS="1",
    TZ="UTC",
)
os.environ.pop("FORCE_COLOR", None)

from hypothesis import settings

# Derandomized: a red test is red for everybody, and a change in the code is its only cause.
settings.register_profile("uncontested", derandomize=True, deadline=None, max_examples=40)
settings.load_profile("uncontested")
