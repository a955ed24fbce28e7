"""How any recorded series is called, coloured and written in a figure of the reader's own choice."""

from collections.abc import Mapping, Sequence
from typing import Final

from experiments.config.errors import nearest
from experiments.figures.data import MissingSeriesError, Run
from experiments.figures.forms import DASH, PERCENT, Form, large
from experiments.figures.manner import language, say
from experiments.figures.names import REGIONS, shown
from experiments.figures.style import BLOC_COLOURS, INK, MUTED, TEAL

CAPTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "active_users_million": ("Monthly users", "Monatliche Nutzer"),
    "bloc_users_million": ("Monthly users of the bloc's labs", "Monatliche Nutzer der Labore des Blocks"),
    "paying_users_million": ("Paying users", "Zahlende Nutzer"),
    "nonusers_million": ("People without an assistant", "Menschen ohne Assistenten"),
    "revenue_usd": ("Revenue in the month", "Umsatz im Monat"),
    "cash_usd": ("Cash", "Kasse"),
    "subscription_price_usd_per_month": ("Subscription price", "Abopreis"),
    "free_quota_per_day": ("Free quota", "Freies Kontingent"),
    "training_share": ("Share of compute that trains", "Anteil der Rechenleistung für Training"),
    "runway_months": ("Runway", "Reichweite des Geldes"),
    "capability_orders": ("Capability above the start's frontier", "Fähigkeit über der Spitze des Starts"),
    "labs_alive": ("Labs in the market", "Labore am Markt"),
    "serving_cost_usd_per_h100e_month": ("Cost of a served H100e", "Kosten eines bedienten H100e"),
    "query_cost_usd_per_month": ("Cost of a query a day", "Kosten einer Anfrage am Tag"),
    "constant_quality_query_cost_usd_per_month": (
        "Cost of a query a day at the start's quality",
        "Kosten einer Anfrage am Tag bei Güte des Starts",
    ),
    "ai_revenue_usd": ("AI revenue in the month", "KI-Umsatz im Monat"),
    "enterprise_market_usd": ("Firms' spending on AI in the month", "KI-Ausgaben der Firmen im Monat"),
    "accelerators_h100e": ("Accelerators in use", "Beschleuniger im Einsatz"),
    "accelerators_at_site_h100e": ("Accelerators by place", "Beschleuniger nach Ort"),
    "accelerators_licensed_h100e": ("Accelerators held under licence", "Beschleuniger mit Lizenz"),
    "chip_output_h100e": ("Accelerators made in the month", "Gefertigte Beschleuniger im Monat"),
    "chip_price_usd_per_h100e": ("Price of accelerators", "Preis der Beschleuniger"),
    "chips_imported_h100e": ("Accelerators imported in the month", "Eingeführte Beschleuniger im Monat"),
    "chips_smuggled_h100e": ("Accelerators smuggled in the month", "Geschmuggelte Beschleuniger im Monat"),
    "powered_compute_h100e": ("Powered compute by user", "Versorgte Rechenleistung nach Nutzer"),
    "powered_compute_at_site_h100e": ("Powered compute by place", "Versorgte Rechenleistung nach Ort"),
    "rent_usd_per_h100e_month": ("Rent of accelerators", "Miete für Beschleuniger"),
    "powered_gw": ("Power that data centres got", "Strom, den Rechenzentren erhielten"),
    "held_gw": ("Power that all accelerators need", "Strombedarf aller Beschleuniger"),
    "power_queue_gw": ("Waiting for the grid", "Wartet auf das Netz"),
    "power_price_usd_per_mwh": ("Power price", "Strompreis"),
    "dark_share": ("Accelerators without power", "Beschleuniger ohne Strom"),
    "electricity_generation_twh_per_year": ("Electricity generated", "Erzeugter Strom"),
    "humanoid_shipments": ("Humanoids shipped in the month", "Ausgelieferte Humanoide im Monat"),
    "humanoid_unit_cost_usd": ("Cost of making a humanoid", "Kosten der Fertigung eines Humanoiden"),
    "humanoids_working": ("Humanoids at work", "Humanoide bei der Arbeit"),
    "robot_labour_workers": (
        "Useful labour of humanoids by maker",
        "Nutzbare Arbeit der Humanoiden, Hersteller",
    ),
    "robot_labour_at_site_workers": (
        "Useful labour of humanoids by place",
        "Nutzbare Arbeit der Humanoiden, Ort",
    ),
    "industrial_robots": ("Industrial robots", "Industrieroboter"),
    "dark_factory_share": ("Dark factories", "Menschenleere Fabriken"),
    "manufacturing_output_usd": (
        "Manufacturing value added in the month",
        "Wertschöpfung der Industrie im Monat",
    ),
    "orbital_gw": ("Data centres in orbit", "Rechenzentren im Orbit"),
    "launch_cost_usd_per_kg": ("Launch cost", "Startkosten"),
    "stringency": ("Export controls", "Ausfuhrkontrollen"),
    "escalation_from_zero": ("Escalation from zero", "Eskalation von null an"),
    "escalation": ("Escalation over the schedule", "Eskalation über dem Fahrplan"),
    "reacting": ("Whether the government has reacted", "Ob die Regierung reagiert hat"),
    "subsidy_usd": ("Subsidies in the month", "Subventionen im Monat"),
    "free_tier_subsidy_usd": (
        "Subsidies for free tiers in the month",
        "Subventionen für freie Zugänge im Monat",
    ),
    "paid_goods_loss_usd": ("Loss on paid goods in the month", "Verlust auf bezahlte Güter im Monat"),
    "free_tier_loss_usd": ("Loss on free tiers in the month", "Verlust auf freie Zugänge im Monat"),
    "effort_usd": ("Effort in the month", "Aufwand im Monat"),
    "blockade": ("Blockade", "Blockade"),
    "capability_lag_months": ("Months by which China is behind", "Monate, die China zurückliegt"),
    "foundation_share": (
        "Share of work on the bloc's open weights",
        "Anteil auf offenen Gewichten des Blocks",
    ),
    "share": ("Share of the US bloc", "Anteil des US-Blocks"),
    "binding_constraint_code": ("Binding constraint", "Bindende Grenze"),
    "shadow_power_usd_per_gw_month": ("What one more GW would earn", "Was ein GW mehr brächte"),
    "shadow_chips_usd_per_h100e": (
        "What one more accelerator would earn",
        "Was ein Beschleuniger mehr brächte",
    ),
    "shadow_capital_usd_per_million_usd": (
        "What one more million would earn",
        "Was eine Million mehr brächte",
    ),
    "shadow_demand_usd_per_h100e_month": ("What one more tenant would earn", "Was ein Mieter mehr brächte"),
    "shadow_parts_usd_per_robot": (
        "What parts for one more robot would earn",
        "Was Teile für einen Roboter brächten",
    ),
}
"""What a quantity is called, in English and German."""
UNITS: Final[Mapping[str, str]] = {
    "million people": "Millionen Menschen",
    "USD": "USD von 2025",
    "USD per month": "USD im Monat",
    "USD per kg": "USD je kg",
    "USD per MWh": "USD je MWh",
    "USD per H100e": "USD je H100e",
    "USD per H100e-month": "USD je H100e-Monat",
    "USD per h100e": "USD je H100e",
    "USD per h100e month": "USD je H100e-Monat",
    "USD per gw month": "USD je GW-Monat",
    "USD per million usd": "USD je Million USD",
    "USD per robot": "USD je Roboter",
    "queries a day": "Anfragen am Tag",
    "months": "Monate",
    "orders of magnitude": "Größenordnungen",
    "labs": "Labore",
    "robots": "Roboter",
    "workers": "Arbeitskräfte",
    "share": "Anteil",
    "TWh per year": "TWh im Jahr",
    "0 or 1": "0 oder 1",
    "code": "Kennziffer",
}
"""Units in German; H100e and GW are the same in both languages."""
DIMENSION_NAMES: Final = {
    "d1": "D1 users",
    "d2": "D2 compute",
    "d3": "D3 robots",
    "d4": "D4 revenue",
    "d5": "D5 capability",
    "d6": "D6 foundation",
    "d7": "D7 manufacturing",
}
SITE_COLOURS: Final = {**BLOC_COLOURS, "allies": MUTED, "row": TEAL}
OTHERS: Final = (TEAL, "#A06FB4", "#9A7412", "#4B2E2B", MUTED, INK)
"""Colours of series of neither bloc, by their place; each keeps a contrast of 4 on white."""


def caption(quantity: str) -> str:
    """Return what a quantity is called; a new one by its name."""
    if quantity not in CAPTIONS:
        return quantity.replace("_", " ")
    english, german = CAPTIONS[quantity]
    return english if language() == "en" else german


def unit_text(unit: str) -> str:
    """Return a unit in the language spoken now."""
    return unit if language() == "en" else UNITS.get(unit, unit)


def form_of(unit: str) -> Form:
    """Return how values of a unit are written: shares in per cent, others to two digits with k, M or bn."""
    if unit == "share":
        return PERCENT
    return Form(large, _span)


def _span(low: float, high: float) -> str:
    """Write a range; a dash between negative numbers would be read as a sign."""
    if low < 0.0:
        return say("{low} to {high}", low=large(low), high=large(high))
    return f"{large(low)}{DASH}{large(high)}"


def label_of(run: Run, column: str) -> str:
    """Return the name of a series' entity: a firm, a place, a bloc, or both of a firm and a place."""
    quantity, *entities = column.split(".")
    if not entities:
        return caption(quantity)
    if quantity == "share":
        return say(DIMENSION_NAMES[entities[0]]) if entities[0] in DIMENSION_NAMES else entities[0]
    return ", ".join(_entity(run, quantity, name, place) for place, name in enumerate(entities))


def _entity(run: Run, quantity: str, name: str, place: int) -> str:
    if name == "world":
        return say("World")
    places = {
        rest[-1] for column in run.series_columns for head, *rest in [column.split(".")] if head == quantity
    }
    of_blocs = "row" not in places or (quantity == "bloc_users_million" and place == 0)
    if name in run.bloc_names and (of_blocs or quantity in ("active_users_million", "accelerators_h100e")):
        return run.bloc_names[name] if place != 1 else shown(name)
    return shown(name)


def colour_of(run: Run, column: str, place: int) -> str:
    """Return the colour of a series: that of its firm's or place's bloc, else one by its place."""
    _, *entities = column.split(".")
    first = entities[0] if entities else ""
    bloc = run.blocs.get(first, first)
    return SITE_COLOURS.get(bloc) or OTHERS[place % len(OTHERS)]


def series_of(run: Run, words: Sequence[str]) -> list[str]:
    """Return the series that words name: a whole one, or a quantity with the firms and places kept.

    Raises: MissingSeriesError naming the nearest series or quantity.
    """
    found: list[str] = []
    quantities = {column.partition(".")[0] for column in run.series_columns}
    for word in words:
        if word in run.series_columns:
            found.append(word)
        elif word in quantities:
            found += _of_quantity(run, word)
        else:
            near = nearest(word, [*quantities, *run.series_columns])
            raise MissingSeriesError(
                f"series={word}: the run records no such series. Nearest valid name: {near}."
            )
    return list(dict.fromkeys(found))


def _of_quantity(run: Run, quantity: str) -> list[str]:
    """Return the series of a quantity; by firm and place only where places are asked for."""
    places = run.only & frozenset(REGIONS)
    names = {
        depth: [".".join((quantity, *one)) for one in run.entities(quantity, depth, required=False)]
        for depth in (1, 2)
    }
    if places and names[2]:
        return names[2]
    if not names[1] and not names[2]:
        asked = ", ".join(sorted(run.only))
        raise MissingSeriesError(
            f"series={quantity}: it has none of {asked}; leave them out, or see uncontested list series "
            f"{quantity}."
        )
    kept = names[1] or names[2]
    # A bloc and its firms would overlap: firms where firms are asked for or there are any.
    firms = [name for name in kept if name.rpartition(".")[2] not in (*REGIONS, "world")]
    return firms if firms and not places else kept


def checked_unit(units: Mapping[str, str], columns: Sequence[str]) -> str:
    """Return the one unit of series that share an axis.

    Raises: MissingSeriesError if they have several.
    """
    found = {units.get(column, ""): column for column in columns}
    if len(found) > 1:
        listed = "; ".join(f"{column} in {unit}" for unit, column in found.items())
        raise MissingSeriesError(
            f"series of one axis need one unit, and these have several: {listed}. Choose multiples."
        )
    return next(iter(found))
