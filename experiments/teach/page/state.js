"use strict";
// What a page shows, as its URL holds it. A number that is not in `values` stays drawn from its range.
const FRESH = { scenario: "baseline", values: {}, switches: {}, language: "en", projector: false, axes: ["", ""], names: ["", "", "", ""] };

function toHash(state, version) {
  const query = new URLSearchParams({ v: version, scenario: state.scenario, lang: state.language });
  if (state.projector) query.set("view", "projector");
  for (const [key, value] of Object.entries(state.values)) query.set(key, value);
  for (const [key, value] of Object.entries(state.switches)) query.set(key, value);
  if (state.axes.every(Boolean)) {
    query.set("axes", state.axes.join("~"));
    state.names.forEach((name, place) => { if (name) query.set(`name${place}`, name); });
  }
  return `#${query}`;
}
// Whatever is written in a URL: only what the model knows, inside its range, is taken.
function fromHash(hash, model) {
  const query = new URLSearchParams(hash.replace(/^#/, ""));
  const state = { ...FRESH, values: {}, switches: {}, names: FRESH.names.map((_, place) => (query.get(`name${place}`) || "").slice(0, 60)) };
  if (model.presets.some(one => one.key === query.get("scenario"))) state.scenario = query.get("scenario");
  if (query.get("lang") in WORDS) state.language = query.get("lang");
  state.projector = query.get("view") === "projector";
  for (const slider of model.sliders) {
    const value = query.has(slider.key) ? Number(query.get(slider.key)) : NaN;
    if (value >= slider.low && value <= slider.high) state.values[slider.key] = value;
  }
  for (const one of model.switches) if (query.has(one.key)) state.switches[one.key] = query.get(one.key) === "true";
  const axes = (query.get("axes") || "").split("~");
  if (axes.length === 2 && axes[0] !== axes[1] && axes.every(axis => model.drivers.some(one => one.key === axis))) state.axes = axes;
  // What a link asks for and this page cannot set must not be dropped in silence.
  const known = ["v", "lang", "view", "axes", ...model.switches.map(one => one.key), ...state.names.map((_, place) => `name${place}`)];
  const unknown = [...query.keys()].filter(key => key && !known.includes(key) && !(key in state.values) && !(key === "scenario" && state.scenario === query.get(key)));
  return { state, version: query.get("v"), unknown };
}
function commandOf({ scenario, values, switches }, model) {
  const words = [...model.usual, ...[...Object.entries(values), ...Object.entries(switches)].map(([key, value]) => `${key}=${value}`)];
  return ["uncontested run", `scenario=${scenario}`, ...words].join(" ");
}
// A live page simulates: what it composes is an estimate even where the grid holds it, rounded.
function isEstimate(one) { return Boolean(one.notice) && (BACKEND.exact || one.notice.kind !== "simulated"); }
// A share or an index between 0 and 1 has no unit that could be said.
function unitOf(slider, language) { return slider.unit.en === "0-1" ? "" : ` ${slider.unit[language]}`; }
const STEPS = 200;
function placeOf(slider, value) {
  const scale = slider.log ? Math.log : Number;
  return Math.round(STEPS * (scale(value) - scale(slider.low)) / (scale(slider.high) - scale(slider.low)));
}
function valueAt(slider, place) {
  if (place <= 0) return slider.low;
  if (place >= STEPS) return slider.high;
  const part = place / STEPS;
  const value = slider.log ? slider.low * (slider.high / slider.low) ** part : slider.low + part * (slider.high - slider.low);
  return Number(value.toPrecision(4));
}
