"""Let `python -m experiments run` do what `uncontested run` does."""

import sys

from experiments.cli import main

sys.exit(main())
