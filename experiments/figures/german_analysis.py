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
    "up": "aufwärts",
    "down": "abwärts",
}
