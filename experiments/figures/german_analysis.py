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
    "up": "aufwärts",
    "down": "abwärts",
}
