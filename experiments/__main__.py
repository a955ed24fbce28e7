"""Let `python -m experiments run` do what `uncontested run` does."""

import sys

from experiments.cli.main import main

sys.exit(main())
