"use strict";
// Every word of the page, in both languages. Names of parameters and definitions come with the model.
const WORDS = {
  en: {
    skip: "To the charts", caveat: "A model, not a forecast: shares count sampled worlds.", undo: "Undo", replay: "Replay",
    hold: "Hold and compare", release: "Release the held run", bets: "Bet first", projector: "Projector", controls: "What you change", preset: "Scenario",
    advanced: "Advanced", resetAssumptions: "Reset assumptions", resetPolicies: "Reset policies", results: "What follows",
    betTitle: "Your bet before you look", betHelp: "In how many of 100 sampled worlds does each bloc lead overall by the last horizon? The rest is mixed.",
    betUs: "US + allies lead in", betCn: "China leads in", reveal: "Reveal", headline: "Headline numbers", take: "Take it with you",
    override: "The command that gives the same numbers", copy: "Copy command", csv: "Data as CSV", link: "Copy link", copied: "Copied.", how: "How to read this", cards: "Assumption cards",
    assumption: "Assumptions", policy: "Policies", shock: "Shocks", switches: "Mechanisms", drawn: "drawn from its range", clear: "draw again", saveSvg: "SVG", savePng: "PNG",
    now: "now", held: "held", change: "change", working: "Simulating …", ready: "worlds simulated", us: "US + allies", cn: "China", mixed: "mixed", open: "open",
    usPlace: "US", leadUs: "lead overall by", leadCn: "leads overall by", inWorlds: "in % of sampled worlds", median: "median", world: "World",
    range: "Range", source: "Source", confidence: "Confidence", central: "Central value", measured: "measured", judged: "judged", deep: "nobody knows", fixed: "fixed",
    adoption: "Monthly users", power: "Compute that has power, of what is held", humanoids: "Humanoids at work", outcome: "Who leads, by definition and horizon", bindingUs: "What binds the US + allies", bindingCn: "What binds China",
    powered: "powered", heldGw: "held", none: "nothing", powerLimit: "power", chips: "chips", capital: "capital", demand: "demand", parts: "parts",
    bandNote: "Line: median of sampled worlds; bands: 50 % and 90 %; thin: three single worlds", stripeNote: "Share of sampled worlds in which each limit binds most",
    barNote: "Share of sampled worlds", million: "million", robots: "robots", failed: "The server does not answer: ", version: "This link was made with version",
    betWas: "Your bet", modelSays: "The model", outside: "Outside the precomputed grid: effects of sliders are those of the baseline.", interpolated: "Interpolated. Largest error measured at random points, in percentage points of worlds:",
    typical: "typical",
    howText: ["Each run is one possible world: its unknown numbers are drawn from their ranges. 64 worlds are run at once. A slider that you move sets its number in all of them; all others stay drawn.",
      "The dark line is the middle world month by month, the bands hold half and nine tenths of them. No single world follows the line: three are drawn thin.",
      "Who leads depends on how leading is defined: look at several rows of the bars before you conclude. Sampling alone moves a share of 64 worlds by up to 12 points.",
      "The stripes say what held each bloc back. A share of worlds is not the chance that it happens: the model leaves much out, and its ranges are judgements."]
  },
  de: {
    skip: "Zu den Bildern", caveat: "Ein Modell, keine Vorhersage: Anteile zählen gezogene Welten.", undo: "Zurück", replay: "Noch einmal",
    hold: "Festhalten und vergleichen", release: "Festgehaltenes lösen", bets: "Erst wetten", projector: "Beamer", controls: "Was Sie ändern", preset: "Szenario",
    advanced: "Weiteres", resetAssumptions: "Annahmen zurücksetzen", resetPolicies: "Politik zurücksetzen", results: "Was daraus folgt",
    betTitle: "Ihre Wette, bevor Sie hinsehen", betHelp: "In wie vielen von 100 gezogenen Welten führt jeder Block insgesamt am letzten Stichtag? Der Rest ist gemischt.",
    betUs: "USA + Verbündete führen in", betCn: "China führt in", reveal: "Aufdecken", headline: "Das Wichtigste in Zahlen", take: "Zum Mitnehmen",
    override: "Der Befehl, der dieselben Zahlen ergibt", copy: "Befehl kopieren", csv: "Daten als CSV", link: "Link kopieren", copied: "Kopiert.", how: "Wie man das liest", cards: "Karten der Annahmen",
    assumption: "Annahmen", policy: "Politik", shock: "Schocks", switches: "Mechanismen", drawn: "aus der Spanne gezogen", clear: "wieder ziehen", saveSvg: "SVG", savePng: "PNG",
    now: "jetzt", held: "festgehalten", change: "Änderung", working: "Wird simuliert …", ready: "Welten simuliert", us: "USA + Verbündete", cn: "China", mixed: "gemischt", open: "offen",
    usPlace: "USA", leadUs: "führen insgesamt bis", leadCn: "führt insgesamt bis", inWorlds: "in % der gezogenen Welten", median: "Median", world: "Welt",
    range: "Spanne", source: "Quelle", confidence: "Vertrauen", central: "Mittlerer Wert", measured: "gemessen", judged: "geschätzt", deep: "niemand weiß es", fixed: "festgelegt",
    adoption: "Monatliche Nutzer", power: "Rechenleistung mit Strom, von der vorhandenen", humanoids: "Humanoide bei der Arbeit", outcome: "Wer führt, nach Definition und Stichtag", bindingUs: "Was die USA + Verbündeten begrenzt", bindingCn: "Was China begrenzt",
    powered: "mit Strom", heldGw: "vorhanden", none: "nichts", powerLimit: "Strom", chips: "Chips", capital: "Kapital", demand: "Nachfrage", parts: "Teile",
    bandNote: "Linie: Median der gezogenen Welten; Bänder: 50 % und 90 %; dünn: drei einzelne Welten", stripeNote: "Anteil der gezogenen Welten, in denen die Grenze am meisten bindet",
    barNote: "Anteil der gezogenen Welten", million: "Millionen", robots: "Roboter", failed: "Der Server antwortet nicht: ", version: "Dieser Link stammt von Version",
    betWas: "Ihre Wette", modelSays: "Das Modell", outside: "Außerhalb des vorberechneten Gitters: Die Wirkung der Regler ist die in der Ausgangslage.", interpolated: "Interpoliert. Größter an zufälligen Punkten gemessener Fehler, in Prozentpunkten der Welten:",
    typical: "üblich",
    howText: ["Jeder Lauf ist eine mögliche Welt: Ihre unbekannten Zahlen sind aus Spannen gezogen. 64 Welten laufen zugleich. Ein bewegter Regler setzt seine Zahl in allen; die anderen bleiben gezogen.",
      "Die dunkle Linie ist Monat für Monat die mittlere Welt, die Bänder enthalten die Hälfte und neun Zehntel. Keine einzelne Welt folgt der Linie: Drei sind dünn gezeichnet.",
      "Wer führt, hängt davon ab, was Führen heißt: Sehen Sie mehrere Zeilen der Balken an, bevor Sie schließen. Allein die Ziehung bewegt einen Anteil von 64 Welten um bis zu 12 Punkte.",
      "Die Streifen sagen, was jeden Block bremste. Ein Anteil von Welten ist nicht die Aussicht, dass es geschieht: Das Modell lässt vieles weg, und seine Spannen sind Urteile."]
  }
};
