"""What pyproject.toml cannot say: files in C are compiled where there is a compiler.

Without one, or where it fails, NumPy computes the same bits, slower (sim/markets/crowd_compiled.py,
sim/elementary, sim/tape/months.py).
"""

import os

import numpy as np
from setuptools import Extension, setup

# A product and a sum are never fused, so that every processor gets the bits that NumPy gives.
ARGUMENTS = ["/O2", "/std:c11", "/fp:precise"] if os.name == "nt" else ["-O3", "-ffp-contract=off"]
# Nobody asks which operation overflowed or divided by 0, so that both sides of a choice may be computed, many
# at once. The machine would compile for half a minute with it.
QUIET = [] if os.name == "nt" else ["-fno-trapping-math", "-fno-math-errno"]

setup(
    ext_modules=[
        Extension(
            name,
            [f"{name.replace('.', '/')}.c"],
            include_dirs=[np.get_include()],
            depends=["sim/processors.h"],
            extra_compile_args=[*ARGUMENTS, *more],
            optional=True,
        )
        for name, more in (
            ("sim.elementary.kernel", QUIET),
            ("sim.markets.crowd_kernel", QUIET),
            ("sim.tape.machine", []),
        )
    ]
)
