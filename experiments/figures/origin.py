"""Where the figures of an analysis come from, as they hold it inside."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from experiments.figures.manner import say


@dataclass(frozen=True)
class Origin:
    """What made an analysis; stands where the figures of a run have the run."""

    version: str
    configuration: str
    seed: str
    command: str
    manifest: Mapping[str, Any] = field(default_factory=dict)

    def provenance(self) -> dict[str, str]:
        """Return it as text: version, configuration hash, seed and command."""
        return {
            "version": self.version,
            "configuration_hash": self.configuration,
            "seed": self.seed,
            "command": self.command,
        }

    def footer(self, *notes: str) -> str:
        """Write the footer of a figure: notes, what a share is, and what made it."""
        return "\n".join(
            [
                " ".join(note for note in notes if note),
                say(
                    "A share counts sampled worlds of one model under the ranges stated; it is no real-world "
                    "probability."
                ),
                say(
                    "Made by {command}: version {version}, configuration {configuration}, seed {seed}.",
                    command=self.command,
                    version=self.version,
                    configuration=self.configuration[:12],
                    seed=self.seed,
                ),
            ]
        )
