"""The texts of the figures in German, by their English templates; what stands in braces is filled in."""

from typing import Final

from experiments.figures.german_analysis import ANALYSES
from experiments.figures.german_trust import TRUST

_PLACES: Final = {
    "United States": "USA",
    "Allies": "Verbündete",
    "China": "China",
    "Rest of the world": "Rest der Welt",
    "US + allies": "USA + Verbündete",
    "Other Chinese": "Andere chinesische",
    "in the United States": "in den USA",
    "in the allied countries": "bei den Verbündeten",
    "in China": "in China",
    "in the rest of the world": "im Rest der Welt",
    "in {place}": "in {place}",
    "worldwide": "weltweit",
    " and ": " und ",
}
_NUMBERS: Final = {
    "no value": "kein Wert",
    "under {value}": "unter {value}",
    "over {value}": "über {value}",
    "{low} to {high}": "{low} bis {high}",
    "k": "Tsd.",
    "M": "Mio.",
    "bn": "Mrd.",
    "tn": "Bio.",
    "January": "Januar",
    "February": "Februar",
    "March": "März",
    "April": "April",
    "May": "Mai",
    "June": "Juni",
    "July": "Juli",
    "August": "August",
    "September": "September",
    "October": "Oktober",
    "November": "November",
    "December": "Dezember",
    "in {month}": "im {month}",
    "in {year}": "im Jahr {year}",
    "over a full year": "über ein volles Jahr",
    "{months} months": "{months} Monate",
}
_READING: Final = {
    "{worlds} sampled worlds": "{worlds} gezogenen Welten",
    "the one sampled world": "der einen gezogenen Welt",
    "Line: the one sampled world.": "Linie: die eine gezogene Welt.",
    "Line: median; bands: 50 and 90\u202f% of {sample}; thin lines: single worlds.": (
        "Linie: Median; Bänder: 50 und 90\u202f% von {sample}; dünne Linien: einzelne Welten."
    ),
    "thin lines: single worlds": "dünne Linien: einzelne Welten",
    "grey lines: medians of the other labs": "graue Linien: Mediane der anderen Labore",
    "{points} design points, ": "{points} Punkte des Versuchsplans, ",
    (
        "Ranges show the spread of parameters and random seeds inside one model; they are not real-world "
        "probabilities."
    ): (
        "Bereiche zeigen die Streuung von Parametern und Zufall in einem Modell; sie sind keine "
        "Wahrscheinlichkeiten in der wirklichen Welt."
    ),
    (
        "Sweep {study}: uncontested {version}, runs {configuration}, seed {seed}, {points}{sample}, "
        "response {response}."
    ): (
        "Studie {study}: uncontested {version}, Läufe {configuration}, Startwert {seed}, {points}{sample}, "
        "Reaktion {response}."
    ),
    (
        "Run: uncontested {version}, configuration {configuration}, seed {seed}, {points}{sample}, "
        "response {response}."
    ): (
        "Lauf: uncontested {version}, Konfiguration {configuration}, Startwert {seed}, {points}{sample}, "
        "Reaktion {response}."
    ),
    "Observed (circles with ranges; grey: before the simulation): {listed}.": (
        "Beobachtet (Kreise mit Bereichen; grau: vor der Simulation): {listed}."
    ),
    "{panel}, {series}, {at}: median {middle}, 90 % of worlds in {span}.": (
        "{panel}, {series}, {at}: Median {middle}, 90 % der Welten in {span}."
    ),
    "{panel}, {series}: no value.": "{panel}, {series}: kein Wert.",
    "observed, hindcast": "beobachtet, Rückschau",
    "observed": "beobachtet",
    "simulation": "Simulation",
    "Same axis across each row; at the right: last median and 90\u202f% range.": (
        "Gleiche Achse in jeder Zeile; rechts: letzter Median und 90-%-Bereich."
    ),
}
_SENTENCES: Final = {
    "{first} {predicate} {when} in {share_first} of sampled worlds, {second} in {share_second}": (
        "{first} {predicate} {when} in {share_first} der gezogenen Welten, {second} in {share_second}"
    ),
    "In {when} {one}; {two}": "Im {when}: {one}; {two}",
    "No sampled world has a value for {topic} {when}": "Keine gezogene Welt hat einen Wert für {topic} {when}",
    "Neither bloc {neither} {when} in any sampled world": (
        "Kein Block {neither} {when} in irgendeiner der gezogenen Welten"
    ),
    "In the one sampled world {first} {predicate} {when}": (
        "{first} {predicate} {when} in der einen gezogenen Welt"
    ),
    "In the one sampled world neither bloc {neither} {when}": (
        "Kein Block {neither} {when} in der einen gezogenen Welt"
    ),
    "No clear difference in {topic}: each bloc {singular} {when} in {share} of sampled worlds": (
        "Kein klarer Unterschied ({topic}): jeder Block {singular} {when} in {share} der gezogenen Welten"
    ),
    "No clear difference in {topic}: {sentence}": "Kein klarer Unterschied ({topic}): {sentence}",
    "lead {what}": "führen bei: {what}",
    "leads {what}": "führt bei: {what}",
    "lead overall": "führen insgesamt",
    "leads overall": "führt insgesamt",
    "the overall lead": "Führung insgesamt",
    "all {total} definitions point the same way": "alle {total} Definitionen weisen in dieselbe Richtung",
    "{same} of {total} definitions points that way": "{same} von {total} Definitionen weist in diese Richtung",
    "{same} of {total} definitions point that way": "{same} von {total} Definitionen weisen in diese Richtung",
    "medians: ": "Mediane: ",
}
_ADOPTION: Final = {
    "Monthly users of assistants by region and bloc of the lab, million": (
        "Monatliche Nutzer von Assistenten nach Region und Block des Labors, Millionen"
    ),
    "monthly users {where}": "monatliche Nutzer {where}",
    (
        "Right: a bloc leads with over {share} of both blocs' users over the calendar year; between, "
        "neither does; thin lines: 95\u202f% sampling error."
    ): (
        "Rechts: Ein Block führt mit über {share} der Nutzer beider Blöcke im Kalenderjahr, dazwischen keiner; "
        "dünne Linien: Stichprobenfehler, 95\u202f%."
    ),
    "Black circle with a year: the medians cross for the last time.": (
        "Schwarzer Kreis mit Jahr: Die Mediane kreuzen sich zum letzten Mal."
    ),
    "{year}: {us} {share_us}, neither {other}, {cn} {share_cn} of sampled worlds.": (
        "{year}: {us} {share_us}, keiner {other}, {cn} {share_cn} der gezogenen Welten."
    ),
    "Worlds that lead users": "Wer bei Nutzern führt",
    "neither": "keiner",
    "no full calendar\nyear in this run": "kein volles\nKalenderjahr",
}
_POWER: Final = {
    "Power that data centres got and that all accelerators there need, GW": (
        "Strom, den Rechenzentren erhielten, und Bedarf aller Beschleuniger dort, GW"
    ),
    "By place of the data centre, whoever uses it.": "Nach Ort des Rechenzentrums, wer es auch nutzt.",
    "Lower panels: 1 − powered/held in the same world.": (
        "Untere Felder: 1 − versorgt/vorhanden in derselben Welt."
    ),
    "powered": "versorgt",
    "held": "vorhanden",
    "Share of held compute without power": "Anteil der Rechenleistung ohne Strom",
    "power more data centres": "versorgen mehr Rechenzentren",
    "powers more data centres": "versorgt mehr Rechenzentren",
    "powered data centres": "versorgte Rechenzentren",
    "powers more data centres than the other": "versorgt mehr Rechenzentren als der andere",
    "Grid queue and power price by site": "Warteschlange am Netz und Strompreis nach Ort",
    "By site.": "Nach Ort.",
    "Waiting for the grid, GW": "Wartet auf das Netz, GW",
    "Power price, 2025 USD per MWh": "Strompreis, USD von 2025 je MWh",
    "the longest grid queue": "die längste Warteschlange am Netz",
    "the cheapest power": "der billigste Strom",
    "no one site has {what} most often": "{what} ist nirgends am häufigsten",
    "{what} is {place}": "{what} ist {place}",
    "{what} is {place} in {share} of sampled worlds": "{what} ist {place} in {share} der gezogenen Welten",
    "no clear difference in where {what} is ({place} {one}, {other} {two} of sampled worlds)": (
        "kein klarer Unterschied, wo {what} ist ({place} {one}, {other} {two} der gezogenen Welten)"
    ),
    "In {when} no one site has the longest grid queue or the cheapest power most often": (
        "Im {when} hat kein Ort am häufigsten die längste Warteschlange oder den billigsten Strom"
    ),
}
_LABS: Final = {
    "Subscription price and runway of every lab": "Abopreis und Reichweite des Geldes jedes Labors",
    "Labs of {us} (circle) and of {cn} (square).": "Labore von {us} (Kreis) und von {cn} (Quadrat).",
    "Runway: months that cash and credit last at the present net spending, 60 at most.": (
        "Reichweite: Monate, die Kasse und Kredit bei den jetzigen Nettoausgaben reichen, höchstens 60."
    ),
    "A lab counts in the worlds in which it is still at work.": (
        "Ein Labor zählt in den Welten, in denen es noch arbeitet."
    ),
    "Thin line across: {months} months.": "Dünne Querlinie: {months} Monate.",
    "Subscription, 2025 USD a month": "Abo, USD von 2025 im Monat",
    "Runway, months": "Reichweite, Monate",
    "Worlds with a value: {alive}.": "Welten mit einem Wert: {alive}.",
    "no lab's median runway falls below {limit}": "bei keinem Labor fällt der Median der Reichweite unter {limit}",
    "every lab's median runway falls below {limit} at some time": (
        "bei jedem Labor fällt der Median der Reichweite zeitweise unter {limit}"
    ),
    "the median runway of {low} of {labs} labs falls below {limit} at some time": (
        "bei {low} von {labs} Laboren fällt der Median der Reichweite zeitweise unter {limit}"
    ),
    "no price": "kein Preis",
    "the median subscription is {us} a month for both blocs": (
        "das Abo kostet im Median {us} im Monat in beiden Blöcken"
    ),
    "the median subscription is {us} a month for {bloc} and {cn} for {other}": (
        "das Abo kostet im Median {us} im Monat ({bloc}) und {cn} ({other})"
    ),
}
_ROBOTS: Final = {
    "Humanoids shipped a year by maker": "Ausgelieferte Humanoide im Jahr nach Hersteller",
    "Humanoids shipped in each calendar year by makers of {us} (circle) and {cn} (square).": (
        "In jedem Kalenderjahr ausgelieferte Humanoide der Hersteller von {us} (Kreis) und {cn} (Quadrat)."
    ),
    (
        "Lines: medians of {sample}; bands: 50 and 90\u202f% of worlds, all makers; labels: median and "
        "90\u202f% range."
    ): (
        "Linien: Mediane von {sample}; Bänder: 50 und 90\u202f% der Welten, alle Hersteller; Beschriftung: "
        "Median und 90-%-Bereich."
    ),
    "Shipped is not working: pilots and stock count as shipped.": (
        "Ausgeliefert heißt nicht im Einsatz: Versuche und Lager zählen mit."
    ),
    "A maker without shipments lies on the baseline.": "Ein Hersteller ohne Auslieferung liegt auf der Grundlinie.",
    (
        "Right: price of an AgiBot {price}, yearly capital and maintenance {share}\u202f% of it; "
        "overhead, energy and supervision per robot as labelled. Shaded: price ratio {low} to {high}, "
        "line at {central}."
    ): (
        "Rechts: Preis eines AgiBot {price}, Kapital und Wartung im Jahr {share}\u202f% davon; Gemeinkosten, "
        "Energie und Aufsicht je Roboter wie beschriftet. Schattiert: Preisverhältnis {low} bis {high}, "
        "Linie bei {central}."
    ),
    "unit costs as drawn: median and 90 % of the sampled worlds": (
        "Stückkosten wie gezogen: Median und 90 % der Welten"
    ),
    "Shipments by maker": "Auslieferungen je Hersteller",
    "Shipments": "Auslieferungen",
    "robots a year, each step ten times the last": "Roboter im Jahr, jede Stufe das Zehnfache",
    "All makers": "Alle Hersteller",
    "Break-even of one Optimus": "Gleichstand: ein Optimus",
    "efficiency it needs, in AgiBots": "nötige Leistung, in AgiBots",
    "price of one Optimus, in AgiBots": "Preis eines Optimus, in AgiBots",
    "at overheads\na year of": "bei Kosten\nim Jahr von",
    "Optimus costs\nless per task": "Optimus je\nAufgabe billiger",
    "AgiBots cost\nless per task": "AgiBots je\nAufgabe billiger",
    "Break-even at a price ratio of {ratio}, overheads {name} a year: {middle} times the efficiency.": (
        "Gleichstand beim Preisverhältnis {ratio}, Kosten {name} im Jahr: das {middle}-Fache der Leistung."
    ),
    "The run holds no full calendar year of humanoid shipments": (
        "Der Lauf hat kein volles Kalenderjahr mit Auslieferungen von Humanoiden"
    ),
    "ship more humanoids": "liefern mehr Humanoide aus",
    "ships more humanoids": "liefert mehr Humanoide aus",
    "humanoids shipped": "ausgelieferte Humanoide",
    "ships more humanoids than the other": "liefert mehr Humanoide aus als der andere",
    "at {ratio} times the price one Optimus needs {span} times the efficiency to break even": (
        "beim {ratio}-Fachen des Preises braucht ein Optimus das {span}-Fache der Leistung zum Gleichstand"
    ),
}
_WORK: Final = {
    "Humanoids at productive work by place": "Humanoide bei produktiver Arbeit nach Ort",
    "have more humanoids at work": "haben mehr Humanoide bei der Arbeit",
    "has more humanoids at work": "hat mehr Humanoide bei der Arbeit",
    "humanoids at work": "Humanoide bei der Arbeit",
    "has more humanoids at work than the other": "hat mehr Humanoide bei der Arbeit als der andere",
    "the United States": "die USA",
    "At work: in factories and on their makers' own lines; pilots and stock are left out.": (
        "Bei der Arbeit: in Fabriken und auf Linien ihrer Hersteller; ohne Versuche und Lager."
    ),
    "Strip: where the median of a government's controls on the other bloc moves by {least} points or more; "
    "0 % is none, 100 % all.": (
        "Streifen: wo sich der Median der Kontrollen einer Regierung gegen den anderen Block um mindestens {least} "
        "Punkte bewegt; 0 % heißt keine, 100 % alles."
    ),
    "When governments tighten or ease controls": "Wann Regierungen Kontrollen verschärfen oder lockern",
    "tighter: {before} to {after}": "schärfer: {before} auf {after}",
    "easier: {before} to {after}": "lockerer: {before} auf {after}",
    "{bloc}, controls from {first} to {last}: {words}.": "{bloc}, Kontrollen von {first} bis {last}: {words}.",
    "Strip: the first month in which the median of worlds passes the number.": (
        "Streifen: der erste Monat, in dem der Median der Welten die Zahl erreicht."
    ),
    "When the median passes": "Wann der Median erreicht",
    "{place}: the median passes {number} in {at}.": "{place}: der Median erreicht {number} in {at}.",
}
_OUTCOME: Final = {
    "none": "keine",
    "power": "Strom",
    "chips": "Chips",
    "capital": "Kapital",
    "demand": "Nachfrage",
    "parts": "Bauteile",
    "no constraint": "keine Grenze",
    "no constraint binds": "keine Grenze bindet",
    "{name} bind": "{name} binden",
    "{name} binds": "{name} bindet",
    "equally often {first} or {last} binds": "gleich oft binden {first} oder {last}",
    "{one} both blocs most often: {us} in {share_one} and {cn} in {share_two} of world-months": (
        "{one} beide Blöcke am häufigsten: {us} in {share_one} und {cn} in {share_two} der Welt-Monate"
    ),
    "{one} {us} in {share_one} of world-months, {two} {cn} in {share_two}": (
        "{one} {us} in {share_one} der Welt-Monate, {two} {cn} in {share_two}"
    ),
    "Share of {sample} in which a constraint binds the bloc's AI, by month": (
        "Anteil von {sample}, in denen eine Grenze die KI des Blocks bindet, nach Monat"
    ),
    "Right: share of all world-months.": "Rechts: Anteil an allen Welt-Monaten.",
    "The binding constraint is the one of which one more unit would add most.": (
        "Bindend ist die Grenze, bei der eine Einheit mehr am meisten brächte."
    ),
    "{bloc}, share of world-months: {listed}.": "{bloc}, Anteil an den Welt-Monaten: {listed}.",
    "Share of {sample} in which each bloc leads, by definition of the lead and by horizon": (
        "Anteil von {sample}, in denen jeder Block führt, nach Definition und Horizont"
    ),
    "(12-month means ending in December).": "(Mittel über 12 Monate bis Dezember).",
    "Thin lines below a bar: 95\u202f% sampling error of the bloc's share.": (
        "Dünne Linien unter einem Balken: Stichprobenfehler des Anteils, 95\u202f%."
    ),
    "Mixed: neither bloc leads.": "Gemischt: Kein Block führt.",
    "Hatched: open, the dimension is still too small to call or has no value.": (
        "Schraffiert: offen, die Größe ist noch zu klein oder ohne Wert."
    ),
    "mixed": "gemischt",
    "{year}, {name}: {us} {share_us}, mixed {mixed}, {cn} {share_cn}, open {open}.": (
        "{year}, {name}: {us} {share_us}, gemischt {mixed}, {cn} {share_cn}, offen {open}."
    ),
    "W1 Overall: 3 of 5 dimensions": "W1 Insgesamt: 3 von 5 Größen",
    "W2 Compute": "W2 Rechenleistung",
    "W3 Users in the rest of the world": "W3 Nutzer im Rest der Welt",
    "W4 Robots": "W4 Roboter",
    "W5 Mean share": "W5 Mittlerer Anteil",
    "W6 Overall: 4 of 5 dimensions": "W6 Insgesamt: 4 von 5 Größen",
    "W7 Random weights": "W7 Zufällige Gewichte",
    "W8 Revenue": "W8 Umsatz",
    "W9 Irreversible": "W9 Unumkehrbar",
    "W10 Overall: 4 of 7 dimensions": "W10 Insgesamt: 4 von 7 Größen",
}

_CHARTS: Final = {
    "{what}: no clear difference {when}; {name} is highest in {one} of sampled worlds, {other} in {two}": (
        "{what}: kein klarer Unterschied {when}; {name} in {one} der gezogenen Welten am höchsten, {other} in {two}"
    ),
    "{what}, {unit}. Colour: median of {sample} in each month; numbers: the first and the last.": (
        "{what}, {unit}. Farbe: Median von {sample} in jedem Monat; Zahlen: der erste und der letzte."
    ),
    (
        "{what}: the median goes from {one} {then} to {two} {when}; 90\u202f% of sampled worlds reach {span}"
    ): "{what}: der Median geht von {one} {then} auf {two} {when}; 90\u202f% der gezogenen Welten: {span}",
    "{what}: no sampled world has a value": "{what}: keine gezogene Welt hat einen Wert",
    "{what}: none is the highest most often {when}": "{what}: keines ist am häufigsten das höchste {when}",
    "{what}: {name} is highest {when} in the one sampled world": (
        "{what}: {name} ist {when} am höchsten in der einen gezogenen Welt"
    ),
    "{what}: {name} is highest {when} in {share} of sampled worlds": (
        "{what}: {name} ist {when} in {share} der gezogenen Welten am höchsten"
    ),
    "{what}: {one} {then}, {two} {when} in the one sampled world": (
        "{what}: {one} {then}, {two} {when} in der einen gezogenen Welt"
    ),
    "Lines: medians of {sample}.": "Linien: Mediane von {sample}.",
    "Right: last median and 90\u202f% range of worlds.": "Rechts: letzter Median und 90-%-Bereich der Welten.",
    "Grey lines: medians of the others.": "Graue Linien: Mediane der anderen.",
    "World": "Welt",
    "Who leads overall {when}, over two quantities": "Wer insgesamt führt {when}, über zwei Größen",
    (
        "Share of sampled worlds that China leads less share that the US leads (W1), in cells of about equal "
        "width in ranks. Each mark is one of {sample}."
    ): (
        "Anteil der gezogenen Welten, in denen China führt, weniger Anteil der USA (W1), in Zellen gleicher "
        "Breite nach Rang. Jede Marke ist eine von {sample}."
    ),
    (
        "{bloc} {verb} {when} in {share} of sampled worlds, and in {best} where “{x}” is {right} and “{y}” is "
        "{upper}"
    ): (
        "{bloc} {verb} {when} in {share} der gezogenen Welten, und in {best}, wo „{x}“ {right} und „{y}“ "
        "{upper} ist"
    ),
    "No quarter of the map stands out: {bloc} {verb} {when} in {share} of sampled worlds": (
        "Kein Viertel der Karte ragt heraus: {bloc} {verb} {when} in {share} der gezogenen Welten"
    ),
    "Hatched: close, the two shares differ by less than {share}.": (
        "Schraffiert: knapp, die Anteile liegen weniger als {share} auseinander."
    ),
    "Thick line: break-even, where the bloc that leads more often changes.": (
        "Dicke Linie: Gleichstand, wo der Block wechselt, der öfter führt."
    ),
    "White: fewer than {count} worlds.": "Weiß: weniger als {count} Welten.",
    "Arrows: from the medians where nobody reacts to those of the same worlds where a bloc resists "
    "(budget {budget}); a tip on the edge lies beyond it.": (
        "Pfeile: von den Medianen, wenn niemand reagiert, zu denen derselben Welten, wenn ein Block sich wehrt "
        "(Budget {budget}); eine Spitze am Rand liegt jenseits davon."
    ),
    "Where a bloc resists, both medians hardly move.": (
        "Wenn ein Block sich wehrt, bewegen sich beide Mediane kaum."
    ),
    "{bloc} resist": "{bloc} wehren sich",
    "{bloc} resists": "{bloc} wehrt sich",
    "Where {who}, the medians move: {x} from {x_start} to {x_end}, {y} from {y_start} to {y_end}.": (
        "{who}: Die Mediane bewegen sich, {x} von {x_start} auf {x_end}, {y} von {y_start} auf {y_end}."
    ),
    "{x} {x_low} to {x_high}, {y} {y_low} to {y_high}: {us} {share_us}, {cn} {share_cn} of {n} worlds.": (
        "{x} {x_low} bis {x_high}, {y} {y_low} bis {y_high}: {us} {share_us}, {cn} {share_cn} von {n} Welten."
    ),
    "{bloc}: the lead {when} goes from {before} of sampled worlds in {ghost} to {after} in {named}": (
        "{bloc}: die Führung {when} geht von {before} der gezogenen Welten in {ghost} auf {after} in {named}"
    ),
    "No clear difference in the lead {when}: {bloc} {before} of sampled worlds in {ghost}, {after} in {named}": (
        "Kein klarer Unterschied in der Führung {when}: {bloc} {before} der gezogenen Welten in {ghost}, {after} in {named}"
    ),
    "{ghost} and {named} compared": "{ghost} und {named} im Vergleich",
    (
        "Share of the US bloc in both blocs' sum, by month. Teal: {named}, median and bands of 50 and "
        "90\u202f% of worlds; dashed grey: {ghost}, median."
    ): (
        "Anteil des US-Blocks an der Summe beider Blöcke, nach Monat. Petrol: {named}, Median und Bänder von 50 "
        "und 90\u202f% der Welten; grau gestrichelt: {ghost}, Median."
    ),
    "The same {worlds} worlds in both runs.": "Dieselben {worlds} Welten in beiden Läufen.",
    "Two samples of worlds.": "Zwei Stichproben von Welten.",
    "leads more often": "führt öfter",
    "lead more often": "führen öfter",
    "close": "knapp",
    "high": "hoch",
    "low": "niedrig",
    "D1 users": "D1 Nutzer",
    "D2 compute": "D2 Rechenleistung",
    "D3 robots": "D3 Roboter",
    "D4 revenue": "D4 Umsatz",
    "D5 capability": "D5 Fähigkeit",
    "D6 foundation": "D6 Grundlage",
    "D7 manufacturing": "D7 Industrie",
}

GERMAN: Final[dict[str, str]] = {
    **_PLACES,
    **_NUMBERS,
    **_READING,
    **_SENTENCES,
    **_ADOPTION,
    **_POWER,
    **_LABS,
    **_ROBOTS,
    **_WORK,
    **_OUTCOME,
    **_CHARTS,
    **ANALYSES,
    **TRUST,
}
