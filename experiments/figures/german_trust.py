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
    "{kept} of {all} results survive another structure": (
        "{kept} von {all} Ergebnissen überstehen eine andere Struktur"
    ),
    "{finding}; close among the others: {close}": "{finding}; knapp unter den übrigen: {close}",
    "An arrow at the edge: it goes on beyond.": "Ein Pfeil am Rand: es geht darüber hinaus.",
    "Who leads under other structures": "Wer bei anderer Struktur führt",
    (
        "{scenario}: share of {worlds} worlds, in %, in which another leads than in the same world of the "
        "base. Framed where another leads most often, with who that is (M mixed, O open)."
    ): (
        "{scenario}: Anteil von {worlds} Welten in %, in denen jemand anders führt als in derselben Welt der "
        "Basis. Umrahmt, wo am häufigsten jemand anders führt, und wer (M gemischt, O offen)."
    ),
    "A result survives where the same leads in most worlds. Empty: the variant does not touch it.": (
        "Ein Ergebnis übersteht, wo dieselbe Seite am häufigsten führt. Leer: nicht berührt."
    ),
    "{definition} in {year}: {leader}": "{definition} in {year}: {leader}",
    "{variant}: {kept} of {all} results survive, another leads in {share} of worlds on average; {moved}.": (
        "{variant}: {kept} von {all} Ergebnissen überstehen, im Mittel führt in {share} der Welten jemand "
        "anders; {moved}."
    ),
    "another leads by {list}": "jemand anders führt nach {list}",
    "none moves": "keines ändert sich",
    "consumers as agents on a network": "Verbraucher als Agenten im Netz",
    "prices at twice their cost": "Preise beim Doppelten der Kosten",
    "prices never move": "Preise ändern sich nie",
    "orders split evenly over sellers, sites as ever": "Aufträge gleich verteilt, Standorte wie immer",
    "no ideas or models spill over": "keine Ideen oder Modelle gehen über",
    "ideas come without compute": "Ideen ohne Rechenleistung",
    "steps of half a month, both without luck": "Schritte von halben Monaten, beide ohne Zufall",
    "no luck": "kein Zufall",
    "the US without its allies": "die USA ohne Verbündete",
    (
        "In other countries, tripled Chinese quotas multiply Chinese labs' users by {more}, and an end "
        "of US free tiers those of US labs by {less}"
    ): (
        "In anderen Ländern ändern verdreifachte chinesische Kontingente die Nutzer chinesischer Labore um "
        "den Faktor {more}, ein Ende der freien US-Angebote die der US-Labore um {less}"
    ),
    "What more or no free tiers change": "Was mehr oder keine freien Angebote ändern",
    (
        "{scenario}: mean of {year} over that of the same world without the change. Dot and line: median and "
        "90 % of {worlds} worlds."
    ): (
        "{scenario}: Mittel von {year} durch das derselben Welt ohne die Änderung. Punkt und Linie: Median "
        "und 90 % von {worlds} Welten."
    ),
    "Tripled: three times the quota that a lab's budget would settle at; withdrawn: only ads pay.": (
        "Verdreifacht: das Dreifache dessen, was das Budget eines Labors trägt; beendet: nur Werbung zahlt."
    ),
    "Revenue is recorded for a lab in all places. Rows without users in either run are left out.": (
        "Umsatz eines Labors überall. Zeilen ohne Nutzer in einem der Läufe fehlen."
    ),
    "times what the same world has without it": "mal dieselbe Welt ohne die Änderung",
    "{act}, {group}, {who}: times {median} (90 % of worlds {low} to {high}).": (
        "{act}, {group}, {who}: mal {median} (90 % der Welten {low} bis {high})."
    ),
    "US labs": "US-Labore",
    "Chinese labs": "Chinesische Labore",
    "Chinese labs triple their free quotas": "Chinesische Labore verdreifachen",
    "US labs withdraw their free tiers": "US-Labore beenden freie Angebote",
    "US labs triple their free quotas": "US-Labore verdreifachen",
    "Chinese labs withdraw their free tiers": "Chinesische Labore beenden freie Angebote",
    "Users in the US": "Nutzer in den USA",
    "Users in allied countries": "Nutzer bei Verbündeten",
    "Users in China": "Nutzer in China",
    "Users in other countries": "Nutzer in anderen Ländern",
    "Users of labs, everywhere": "Nutzer der Labore, überall",
    "Revenue of labs": "Umsatz der Labore",
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
