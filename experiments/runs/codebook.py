"""The code book columns.csv: what every column of a run means."""

from collections.abc import Iterable, Sequence

from experiments.config.build import RunPlan
from experiments.runs.batch import SeriesInfo
from experiments.runs.store import Entry

SERIES, WORLDS = "series.parquet", "worlds.parquet"
KEYS = {
    "point": ("1", "point of a study's design; 0 in a single run"),
    "world": ("1", "id of the sampled world; it addresses its parameters and its luck"),
    "response": ("name", "which bloc may react: nobody (passive), us_resists or cn_resists"),
    "budget": ("name", "where a resisting bloc spends: one lever, or all; none in the passive response"),
    "month": ("YYYY-MM", "month simulated"),
}
DEFINITIONS = {
    "w1": "leads at least 3 of D1-D5 and the other bloc at most 1",
    "w2": "leads powered compute by who uses it (D2)",
    "w3": "leads monthly users in the rest of the world (D1b)",
    "w4": "leads useful humanoid labour (D3)",
    "w5": "leads the mean of the shares of D1-D5",
    "w6": "leads at least 4 of D1-D5 and the other bloc at most 1",
    "w7": "leads the weighted mean of D1-D5 under most of the random weights",
    "w8": "leads AI revenue (D4)",
    "w10": "leads at least 4 of D1-D7 and the other bloc at most 2",
}
DIMENSIONS = {
    "d1": "monthly users, world",
    "d1b": "monthly users in the rest of the world",
    "d2": "powered compute by who uses it",
    "d2b": "powered compute by site",
    "d3": "useful humanoid labour by maker",
    "d3b": "useful humanoid labour by site",
    "d3c": "conventional industrial robots",
    "d4": "AI revenue",
    "d5": "capability lead in months, as a share",
    "d6": "deployments and derivatives on open weights",
    "d7": "manufacturing output",
}
FIGHTS = {
    "f1": "escalation: rise of stringency, tariffs and retaliation above the threshold",
    "f2": "selling at a loss above the threshold share of revenue over 12 months",
    "f3": "effort above the passive run's by the threshold share",
    "f4": "blockade",
}
SENSES = {
    "calm": "leads in the passive response, without F1, F2 and F4 in it",
    "survives_resistance": "leads in the passive response and when the rival resists",
    "undone_by_resistance": "leads in the passive response and no longer when the rival resists",
    "untested": "leads in the passive response; the rival never reacted",
    "created_by_resistance": "leads when the rival resists and not in the passive response",
}
WHOLE_RUN = {
    "rejected_draws": ("1", "count", "draws with an infeasible start, before the one that was run"),
    "growth_scaled": (
        "share",
        "outcome",
        "smallest factor on the observed growth of users; 1 where none was",
    ),
    "first_lead_month": (
        "YYYY-MM",
        "date",
        "end of the first window in which {bloc} leads (W1); empty if never",
    ),
}
UNTIL = {
    "effort_usd": ("USD", "spending of {bloc} on resistance since the start"),
    "reacted": ("0 or 1", "whether {bloc} has reacted"),
}
LEADER_UNIT = "us, cn, mixed or open"
YES_OR_NO = "0 or 1"


def code_book(plan: RunPlan, series: Sequence[SeriesInfo], worlds: Iterable[str]) -> list[Entry]:
    """Return an entry for every column of both tables, in the order of the columns."""
    entries = [key(SERIES, name) for name in KEYS]
    entries += [
        Entry(SERIES, one.name, one.unit, one.kind, one.when, one.definition, one.equation) for one in series
    ]
    return entries + [world_entry(plan, name) for name in worlds]


def key(file: str, name: str) -> Entry:
    """Return the entry of a key."""
    unit, definition = KEYS[name]
    return Entry(file, name, unit, "key", "", definition, "")


def world_entry(plan: RunPlan, name: str) -> Entry:
    """Return the entry of a column of worlds.parquet."""
    if name in KEYS:
        return key(WORLDS, name)
    rest = name.partition(".")[2]
    record = plan.catalogue.get(".".join(name.split(".")[:2]))
    if record is not None:
        words = f"{rest.replace('_', ' ').replace('.', ', ')}, as drawn; {record.source}"
        return Entry(
            WORLDS, name, record.unit, f"parameter, {record.tag}", "whole run", words, record.equation
        )
    unit, kind, when, definition = outcome_entry(name)
    return Entry(WORLDS, name, unit, kind, when, definition, "")


def outcome_entry(name: str) -> tuple[str, str, str, str]:
    """Return unit, kind, time and definition of an outcome's column, `<what>[.<which>].<year>`.

    Raises: KeyError if nobody has said what the column means.
    """
    head, *rest = name.split(".")
    if head in WHOLE_RUN:
        unit, kind, definition = WHOLE_RUN[head]
        return unit, kind, "whole run", definition.format(bloc=rest[0] if rest else "")
    *which, year = rest
    window = f"mean over the window that ends in {year}"
    code, _, variant = which[0].partition("_")
    if head.startswith("leader"):
        note = ", without the allies" if head == "leader_us_only" else ""
        note += f", at a threshold of {variant} %" if variant else ""
        return LEADER_UNIT, "outcome", window, f"bloc that {DEFINITIONS[code]} ({code.upper()}){note}"
    if head == "share":
        note = ", without the allies" if variant == "us_only" else ""
        return (
            "share",
            "outcome",
            window,
            f"US share of both blocs: {DIMENSIONS[code]} ({code.upper()}){note}",
        )
    if head.startswith("fight"):
        note = ", from zero instead of over the schedule" if variant == "from_zero" else ""
        note += f", at a threshold of {variant} %" if variant and not note else ""
        return YES_OR_NO, "outcome", f"until {year}", f"{FIGHTS[code]}, by {which[1]} ({code.upper()}){note}"
    if head in SENSES:
        return YES_OR_NO, "outcome", window, f"{which[0]} {SENSES[head]} (W1)"
    unit, definition = UNTIL[head]
    return unit, "outcome", f"until {year}", definition.format(bloc=which[0])
