"""The texts of the figures of analyses in German, by their English templates."""

from typing import Final

ANALYSES: Final = {
    "A share counts sampled worlds of one model under the ranges stated; it is no real-world probability.": (
        "Ein Anteil zählt gezogene Welten eines Modells unter den genannten Bereichen; er ist keine "
        "Wahrscheinlichkeit in der wirklichen Welt."
    ),
    "Made by {command}: version {version}, configuration {configuration}, seed {seed}.": (
        "Erzeugt von {command}: Version {version}, Konfiguration {configuration}, Startwert {seed}."
    ),
    "Least changes that change who leads {when}": "Kleinste Änderungen, die ändern, wer {when} führt",
    (
        "{scenario}: share of the way from a world's own value to the limit of each lever at which another "
        "leads ({definition}, response {response}). One mark a world, {worlds} worlds, each against itself."
    ): (
        "{scenario}: Anteil des Weges vom eigenen Wert einer Welt zur Grenze jedes Hebels, bei dem jemand "
        "anders führt ({definition}, Reaktion {response}). Ein Zeichen je Welt, {worlds} Welten, jede gegen "
        "sich selbst."
    ),
    "Hollow: undone further on, the first leader is back at a later place.": (
        "Hohl: weiter hinten rückgängig, dort führt wieder, wer zuerst führte."
    ),
    "Left out: {count} ways by which no world changes its leader.": (
        "Nicht gezeigt: {count} Wege, auf denen keine Welt wechselt, wer führt."
    ),
    "No world changes its leader.": "In keiner Welt wechselt, wer führt.",
    "of the way to the limit": "des Weges zur Grenze",
    "{share} of worlds": "{share} der Welten",
    "half by {change}": "die Hälfte bei {change}",
    "first by {change}": "die erste bei {change}",
    "{way}: {flipped} of {worlds} worlds change leader; {what}; undone further on in {undone}.": (
        "{way}: in {flipped} von {worlds} Welten führt jemand anders; {what}; weiter hinten rückgängig in "
        "{undone}."
    ),
    "{lever}: half of the sampled worlds have another leader {when} after {share} of the way": (
        "{lever}: Nach {share} des Weges führt {when} in der Hälfte der gezogenen Welten jemand anders"
    ),
    "No lever alone changes who leads {when} in any sampled world": (
        "Kein Hebel allein ändert in einer gezogenen Welt, wer {when} führt"
    ),
    "No lever alone changes who leads {when} in half of the worlds; {lever} does most, in {share}": (
        "Kein Hebel allein ändert in der Hälfte der gezogenen Welten, wer {when} führt; am meisten {lever}, "
        "in {share}"
    ),
    (
        "Found in the model, the break-evens of robots and of orbit lie within {robots} and {orbit} of "
        "their closed forms"
    ): (
        "Im Modell gefunden, liegen die Gleichstände von Robotern und Orbit {robots} und {orbit} neben ihren "
        "geschlossenen Formeln"
    ),
    "Break-evens of one Optimus against AgiBots and of orbit against the ground": (
        "Gleichstand eines Optimus gegen AgiBots und des Orbits gegen den Boden"
    ),
    (
        "Lines: closed forms; circles: where factories in the rest of the world and the US operator are "
        "undecided in one world of central values. Above a line, Optimus and the ground lead."
    ): (
        "Linien: geschlossene Formeln; Kreise: wo Fabriken im Rest der Welt und der US-Betreiber in "
        "einer Welt mittlerer Werte unentschieden sind. Über einer Linie führen Optimus und der Boden."
    ),
    "Robots: no home bias, both on sale, reach nearly full. Orbit: no cost floors.": (
        "Roboter: keine Heimneigung, beide im Verkauf, Reichweite fast voll. Orbit: keine Kostenuntergrenzen."
    ),
    "Efficiency of one Optimus, as a multiple of an AgiBot's": "Leistung eines Optimus, in AgiBots",
    "price of one Optimus, in AgiBots": "Preis eines Optimus, in AgiBots",
    "{value} k$ a year": "{value} Tsd. $ im Jahr",
    "Launch cost at which orbit takes half, per kg": "Startkosten je kg für die Hälfte im Orbit",
    "W per kg of solar array": "W je kg Solarfläche",
    "{value} a W": "{value} je W",
    "{name}, {curve}: from {low} at {low_x} to {high} at {high_x}.": (
        "{name}, {curve}: von {low} bei {low_x} bis {high} bei {high_x}."
    ),
    "{factor} moves {what} most: by {effect}": "{factor} bewegt am meisten {what}: um {effect}",
    "Nothing varied here clearly moves {what}": "Nichts hier Verändertes bewegt deutlich {what}",
    "What moves {what}": "Was {what} bewegt",
    (
        "{title}. Mean difference from each factor's first level, the same worlds on both sides, other "
        "factors as they come; lines: 95\u202f% intervals over worlds. {sample}."
    ): (
        "{title}. Mittlerer Unterschied zur ersten Stufe jedes Faktors, dieselben Welten auf beiden Seiten, "
        "andere Faktoren wie sie kommen; Linien: 95\u202f%-Bereiche über Welten. {sample}."
    ),
    "Right of the line: more of it; left: less. At the right, pairs of runs that differ at all.": (
        "Rechts der Linie: mehr davon; links: weniger. Ganz rechts Paare von Läufen, die sich überhaupt "
        "unterscheiden."
    ),
    "{factor}: {effect}, 95 % interval {low} to {high}; {changed} of {pairs} pairs differ.": (
        "{factor}: {effect}, 95-%-Bereich {low} bis {high}; {changed} von {pairs} Paaren unterscheiden sich."
    ),
    "a lead of {who} by {year} ({definition})": "den Vorsprung {year}, {who} ({definition})",
    "the US share in {dimension} by {year}": "den US-Anteil {year} in {dimension}",
    "{value} points": "{value} Punkte",
    "{what}, points": "Punkte: {what}",
    "{what} above {above}": "{what} über {above}",
    "{points} points × {worlds} worlds, response {response}, budget {budget}": (
        "{points} Punkte × {worlds} Welten, Reaktion {response}, Budget {budget}"
    ),
    "{factor} moves {what} most: by {size} over its range": (
        "{factor} bewegt am meisten {what}: um {size} über seinen Bereich"
    ),
    (
        "{title}. Bars: mean size of a factor's effect over its whole range (Morris); lines: 95\u202f% "
        "intervals; circles: spread, which comes of bends and of other factors. {sample}."
    ): (
        "{title}. Balken: mittlere Größe der Wirkung eines Faktors über seinen ganzen Bereich (Morris); "
        "Linien: 95\u202f%-Bereiche; Kreise: Streuung durch Krümmung und andere Faktoren. {sample}."
    ),
    "Colour and sign at the right: the mean effect, whether it raises it or lowers it.": (
        "Farbe und Vorzeichen rechts: die mittlere Wirkung, ob sie hebt oder senkt."
    ),
    "{factor}: mean size {size} ± {half}, mean {mean}, spread {spread}.": (
        "{factor}: mittlere Größe {size} ± {half}, Mittel {mean}, Streuung {spread}."
    ),
    "{factor} has a part in {share} of the variance of {what}": (
        "{factor} hat Teil an {share} der Varianz. Gemessen: {what}"
    ),
    (
        "{title}. Share of the variance that a factor explains alone (hollow) and with all others (full), "
        "Sobol indices with 95\u202f% intervals by bootstrap. {sample}."
    ): (
        "{title}. Anteil der Varianz, den ein Faktor allein (hohl) und mit allen anderen (voll) erklärt, "
        "Sobol-Indizes mit 95\u202f%-Bereichen durch Bootstrap. {sample}."
    ),
    "Of the variance that the factors of this study make, and no other.": (
        "Von der Varianz, die die Faktoren dieser Studie machen, und keiner anderen."
    ),
    "{factor}: alone {first} ± {first_half}, with all others {total} ± {half}.": (
        "{factor}: allein {first} ± {first_half}, mit allen anderen {total} ± {half}."
    ),
    "share of the variance": "Anteil an der Varianz",
    "In a box of {count} factors {density} of the points held out have {what}": (
        "In einer Box aus {count} Faktoren haben {density} der zurückgehaltenen Punkte {what}"
    ),
    "In which part of the space of doubt: {what}": "Wo im Unsicheren: {what}",
    (
        "{title}. Bars: limits of the densest box that holds four fifths of the cases (PRIM), within each "
        "factor's range. Found on every other point, checked on the rest: coverage {coverage}, density "
        "{density} there. {sample}."
    ): (
        "{title}. Balken: Grenzen der dichtesten Box, die vier Fünftel der Fälle hält (PRIM), im Bereich "
        "jedes Faktors. Gefunden auf jedem zweiten Punkt, geprüft an den übrigen: dort Abdeckung {coverage}, "
        "Dichte {density}. {sample}."
    ),
    (
        "On all points it happens in {share}. A tree of three levels (CART) sorts {right} of the points "
        "held out rightly."
    ): (
        "Auf allen Punkten geschieht es in {share}. Ein Baum aus drei Stufen (CART) ordnet {right} der "
        "zurückgehaltenen Punkte richtig ein."
    ),
    "{factor}: {low} to {high}, {share} of its range.": (
        "{factor}: {low} bis {high}, {share} seines Bereichs."
    ),
    "up": "aufwärts",
    "down": "abwärts",
    "In no role shown does one strategy score best in all four scenarios": (
        "In keiner der gezeigten Rollen ist eine Strategie in allen vier Szenarien die beste"
    ),
    "In every role shown, one strategy scores best in all four scenarios": (
        "In jeder der gezeigten Rollen ist eine Strategie in allen vier Szenarien die beste"
    ),
    "In {count} of {roles} roles shown, one strategy scores best in all four scenarios": (
        "In {count} von {roles} gezeigten Rollen ist eine Strategie in allen vier Szenarien die beste"
    ),
    "Strategies in four scenarios": "Strategien in vier Szenarien",
    (
        "Points of each strategy, 0 to 100, by the goals of its own role: mean of {worlds} sampled worlds a "
        "scenario. Compare inside a role only; roles have different goals."
    ): (
        "Punkte jeder Strategie, 0 bis 100, nach den Zielen der eigenen Rolle: Mittel über {worlds} gezogene "
        "Welten je Szenario. Nur innerhalb einer Rolle vergleichen; Rollen haben verschiedene Ziele."
    ),
    (
        "Outlined: best in the column, in whole points. Regret: best of the role in that scenario less "
        "this one; the bar is the worst of the four, the dark one the smallest of the role. A goal is "
        "worth 0 and 1 at the 5 and 95\u202f% of worlds in which nobody acts."
    ): (
        "Umrandet: in der Spalte die beste, in ganzen Punkten. Bedauern: die beste der Rolle in diesem "
        "Szenario weniger diese; der Balken ist das größte der vier, der dunkle das kleinste der Rolle. Ein "
        "Ziel zählt 0 und 1 bei 5 und 95\u202f% der Welten, in denen niemand handelt."
    ),
    "Worst regret": "Größtes Bedauern",
    "{role}, {strategy}: {listed}; worst regret {worst}.": (
        "{role}, {strategy}: {listed}; größtes Bedauern {worst}."
    ),
}
