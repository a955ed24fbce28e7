"""Display names of the entities that series are named after, and the bloc each firm belongs to."""

from collections.abc import Mapping
from typing import Final

from experiments.figures.manner import say

REGIONS: Final = {"us": "United States", "allies": "Allies", "cn": "China", "row": "Rest of the world"}
"""Markets and sites in the order in which they are shown."""

FIRMS: Final = {
    "openai": "OpenAI",
    "google": "Google",
    "anthropic": "Anthropic",
    "xai": "xAI",
    "meta": "Meta",
    "bytedance": "ByteDance",
    "alibaba": "Alibaba",
    "deepseek": "DeepSeek",
    "moonshot": "Moonshot",
    "tencent": "Tencent",
    "tesla": "Tesla",
    "figure": "Figure",
    "boston_dynamics": "Boston Dynamics",
    "agibot": "AgiBot",
    "unitree": "Unitree",
    "ubtech": "UBTech",
    "limx": "LimX",
    "other_robots_cn": "Other Chinese",
}
BLOCS: Final = {
    **dict.fromkeys(("openai", "google", "anthropic", "xai", "meta"), "us"),
    **dict.fromkeys(("bytedance", "alibaba", "deepseek", "moonshot", "tencent"), "cn"),
    **dict.fromkeys(("tesla", "figure", "boston_dynamics"), "us"),
    **dict.fromkeys(("agibot", "unitree", "ubtech", "limx", "other_robots_cn"), "cn"),
}

DEFINITIONS: Final = {
    "w1": "W1 Overall: 3 of 5 dimensions",
    "w2": "W2 Compute",
    "w3": "W3 Users in the rest of the world",
    "w4": "W4 Robots",
    "w5": "W5 Mean share",
    "w6": "W6 Overall: 4 of 5 dimensions",
    "w7": "W7 Random weights",
    "w8": "W8 Revenue",
    "w9": "W9 Irreversible",
    "w10": "W10 Overall: 4 of 7 dimensions",
}

CONSTRAINTS: Final = ("none", "power", "chips", "capital", "demand", "parts")
"""Names of the codes 0 to 5 of `binding_constraint_code`."""


def shown(entity: str) -> str:
    """Return the display name of a firm or region; an unknown id is shown as it is, with spaces."""
    if entity in REGIONS or entity == "other_robots_cn":
        return say(REGIONS.get(entity) or FIRMS[entity])
    return FIRMS.get(entity) or entity.replace("_", " ")


def bloc_of(firm: str, blocs: Mapping[str, str]) -> str:
    """Return the bloc of a firm.

    Raises: ValueError naming the firm if no bloc is known for it.
    """
    bloc = blocs.get(firm)
    if bloc not in ("us", "cn"):
        raise ValueError(f"firm {firm!r} has bloc {bloc!r}; expected us or cn: pass blocs={{{firm!r}: 'us'}}")
    return bloc


def ordered(entities: list[str], blocs: Mapping[str, str]) -> list[str]:
    """Order firms: US bloc first, known firms in the order of the roster, then the others by name."""
    known = list(FIRMS)
    return sorted(
        entities,
        key=lambda firm: (
            bloc_of(firm, blocs) != "us",
            known.index(firm) if firm in known else len(known),
            firm,
        ),
    )
