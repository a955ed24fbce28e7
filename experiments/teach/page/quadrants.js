"use strict";
// The class's own 2x2: two drivers as axes, each at the ends of its range, four worlds to name.
function makeQuadrants({ by, element, word, model, state, save, open, isEstimate, marked, told }) {
  const selects = [by("axis-x"), by("axis-y")];
  // Above left, above right, below left, below right: which end of each axis.
  const ENDS = [[0, 1], [1, 1], [0, 0], [1, 0]];
  let answers = [], newest = 0, waiting = null, shown = "";

  const driver = key => model.drivers.find(one => one.key === key);
  const name = key => driver(key).name[state().language];
  function valuesAt(ends) {
    return Object.fromEntries(state().axes.flatMap((axis, place) => Object.entries(driver(axis).ends).map(([key, both]) => [key, both[ends[place]]])));
  }
  function fill() {
    selects.forEach((select, place) => {
      const other = state().axes[1 - place];
      select.replaceChildren(new Option(word("choose"), ""), ...model.drivers.filter(one => one.key !== other).map(one => new Option(one.name[state().language], one.key, false, one.key === state().axes[place])));
    });
    draw();
  }
  // The scenario may have changed, or an axis: else nothing is asked.
  async function ask() {
    const { scenario, axes, switches } = state();
    if (!axes.every(Boolean)) { answers = []; shown = ""; draw(); return; }
    const wanted = JSON.stringify([scenario, axes, switches]);
    if (wanted === shown) return;
    const mine = ++newest;
    if (waiting) waiting.abort();
    waiting = new AbortController();
    shown = wanted;
    const asked = ENDS.map(ends => ({ scenario, values: valuesAt(ends), switches })), guesses = asked.map(BACKEND.estimate);
    const known = found => ({ ...found, estimate: isEstimate(found) });
    answers = guesses.every(Boolean) ? guesses.map(one => ({ ...known(one), pending: true })) : [];
    draw();
    if (!answers.length) by("own-status").textContent = word("working");
    try {
      const found = await Promise.all(asked.map((one, place) => BACKEND.answer(one, 1 + place, waiting.signal)));
      if (mine !== newest) return;
      answers = found.map(known);
      draw();
    } catch (error) {
      if (mine !== newest) return;
      shown = "";
      by("own-status").textContent = error.message === "no-start" ? word("noStart") : word("failed") + error.message;
    }
  }
  function draw() {
    by("own-status").textContent = answers.length ? told(answers[0]) : "";
    // A name that is being written must not be lost when an answer comes.
    const places = [...by("quadrants").querySelectorAll("input")], at = places.indexOf(document.activeElement);
    const marks = at < 0 ? [] : [places[at].selectionStart, places[at].selectionEnd];
    by("quadrants").replaceChildren(...answers.map(quadrant));
    const field = at < 0 ? undefined : by("quadrants").querySelectorAll("input")[at];
    if (field) { field.focus({ preventScroll: true }); field.setSelectionRange(...marks); }
  }
  function quadrant(answer, place) {
    const box = element("article", undefined, { class: "quadrant" }), ends = ENDS[place];
    const field = element("input", undefined, { type: "text", maxlength: 60, placeholder: word("quadrantName"), "aria-label": `${word("quadrantName")} (${place + 1})` });
    field.value = state().names[place];
    field.addEventListener("input", () => { state().names[place] = field.value; save(); });
    const first = element("div", undefined, { class: "row" }), last = element("div", undefined, { class: "row" });
    first.append(field, element("span", marked(answer), { class: answer.estimate ? "mark estimate" : "mark" }));
    box.append(first);
    state().axes.forEach((axis, at) => {
      const numbers = Object.entries(driver(axis).ends).map(([key, both]) => {
        const slider = model.sliders.find(one => one.key === key), several = Object.keys(driver(axis).ends).length > 1;
        const value = new Intl.NumberFormat(state().language, { maximumSignificantDigits: 4 }).format(both[ends[at]]) + unitOf(slider, state().language);
        return several ? `${slider.name[state().language]} ${value}` : value;
      });
      box.append(element("p", `${name(axis)}: ${word(ends[at] ? "high" : "low")} (${numbers.join("; ")})`));
    });
    const [year, lead] = Object.entries(answer.shares.w1 || {}).at(-1) || [];
    if (lead) box.append(element("p", `${year}: ${["us", "mixed", "cn"].map(one => `${word(one)} ${Math.round(100 * (one === "mixed" ? 1 - lead.us - lead.cn : lead[one]))} %`).join(" · ")}`, { class: "lead" }));
    const lines = ["us", "cn"].map(bloc => ({ fan: answer.fans[`active_users_million.${bloc}`], colour: COLOUR[bloc], name: word(bloc === "us" ? "usPlace" : bloc), band: true }));
    const picture = element("div");
    picture.innerHTML = fanChart(answer.months, lines.map(line => ({ ...line, fan: { quantiles: line.fan.quantiles } })), [], `${word("adoption")}, ${word("million")}`, state().language, SMALL);
    const more = element("button", word("look"), { type: "button" });
    more.addEventListener("click", () => open(valuesAt(ends)));
    last.append(element("span", `${word("adoption")}, ${word("million")}`), more);
    box.append(picture, last);
    return box;
  }
  selects.forEach((select, place) => select.addEventListener("change", () => {
    state().axes = state().axes.map((axis, at) => at === place ? select.value : axis);
    save();
    fill();
    ask();
  }));
  return { fill, ask };
}
