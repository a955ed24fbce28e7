"""The command line with workers that are held: python -m tests.sweep.driver PLACE FREE sweep ..."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.cli.main import main
from experiments.sweeping import running
from experiments.sweeping.executor import Executor, LocalExecutor
from tests.sweep.faults import Held

if __name__ == "__main__":
    place, free, *arguments = sys.argv[1:]

    def make_executor(settings: Mapping[str, Any]) -> Executor:
        work = Held(Path(place), int(free))
        if settings["kind"] == "local":
            return LocalExecutor(int(settings["workers"]), 1e6, work)
        from experiments.sweeping.cluster import DaskExecutor

        return DaskExecutor(settings, 1, work)

    running.make_executor = make_executor
    sys.exit(main(arguments))
