"""Mesa's side of an agent: a firm over a row of a table, or a crowd over a whole one.

An actor owns no numbers. It is shown a sealed view and answers with a plan; who it is lies in its name.
"""

from typing import Any

import mesa


class Actor(mesa.Agent):  # type: ignore[misc]  # mesa ships no types
    """A mind with a place in the model: a firm, a government, or a crowd of consumers or factories."""

    def __init__(self, model: mesa.Model, name: str) -> None:
        super().__init__(model)
        self.name = name

    def plan(self, view: Any) -> Any:
        """Answer a view with a plan, of one's own row or of all rows that share this mind.

        Raises: NotImplementedError unless a mind implements it.
        """
        raise NotImplementedError(f"{type(self).__name__} {self.name!r} has no plan")
