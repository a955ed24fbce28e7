"""The texts of the figures on forecasts, variants and free tiers in German, by their English templates."""

from typing import Final

TRUST: Final = {
    "{inside} of {all} published forecasts hold the model's median; it is above {above} and below {below}": (
        "{inside} von {all} veröffentlichten Prognosen enthalten den Median des Modells; er liegt über "
        "{above} und unter {below}"
    ),
    "The model beside published forecasts": "Das Modell neben veröffentlichten Prognosen",
    (
        "Model over forecast, for the forecast's own year. Grey: its range; line and dot: 90 % and "
        "median of {worlds} worlds of the baseline."
    ): (
        "Modell durch Prognose, im Jahr der Prognose. Grau: Spanne der Prognose; Linie und Punkt: 90 % und "
        "Median von {worlds} Welten der Basis."
    ),
    "Forecasts as quoted with their sources in conf/forecasts.yaml; none is a target of the fit.": (
        "Prognosen wie zitiert, mit Quellen in conf/forecasts.yaml; keine ist ein Ziel der Anpassung."
    ),
    "Where a forecast has one value, it counts as met if the value lies in the 90 % of worlds.": (
        "Hat eine Prognose nur einen Wert, gilt sie als getroffen, wenn er in den 90 % der Welten liegt."
    ),
    "times the forecast": "mal die Prognose",
    "forecast": "Prognose",
    "model": "Modell",
    (
        "{title}, {by} for {year}: {said} {unit}; the model's median is {median} (90 % of worlds {low} to "
        "{high}), {verdict}."
    ): (
        "{title}, {by} für {year}: {said} {unit}; der Median des Modells ist {median} (90 % der Welten {low} "
        "bis {high}), {verdict}."
    ),
    "inside": "darin",
    "above": "darüber",
    "below": "darunter",
    "Accelerators, world": "Beschleuniger, Welt",
    "million H100e": "Millionen H100e",
    "Effective training compute, best lab": "Effektive Trainingsleistung, bestes Labor",
    "orders of magnitude since 2025": "Größenordnungen seit 2025",
    "Power of AI data centres, US": "Leistung der KI-Rechenzentren, USA",
    "Power of AI data centres, world": "Leistung der KI-Rechenzentren, Welt",
    "Electricity of data centres, US": "Strom der Rechenzentren, USA",
    "Electricity of data centres, China": "Strom der Rechenzentren, China",
    "Electricity of data centres, world": "Strom der Rechenzentren, Welt",
    "TWh per year": "TWh im Jahr",
    "Grid Strategies, utilities": "Grid Strategies, Versorger",
}
