"use strict";
(async function () {
  const by = id => document.getElementById(id);
  let model, state, answer, quadrants, tunnel, held = null, waiting = null, newest = 0, bet = null, betting = false, saying = () => "";
  const past = [], PAUSE_MS = 16, SETTLE_MS = 300;
  const word = key => WORDS[state.language][key];
  function fill() {
    document.documentElement.lang = state.language;
    document.querySelectorAll("[data-word]").forEach(one => { one.textContent = word(one.dataset.word); });
    by("language").textContent = state.language === "en" ? "Deutsch" : "English";
    by("language").lang = state.language === "en" ? "de" : "en";
    by("hold").textContent = word(held ? "release" : "hold");
    document.body.classList.toggle("projector", state.projector);
    by("projector").setAttribute("aria-pressed", state.projector);
    by("preset").replaceChildren(...["scenario", "shock"].map(kind => {
      const group = element("optgroup", undefined, { label: word(kind === "shock" ? "newsFlash" : "scenarios") });
      group.append(...model.presets.filter(one => one.kind === kind).map(one => new Option(one[state.language], one.key, false, one.key === state.scenario)));
      return group;
    }));
    for (const group of ["main", "advanced"]) by(`${group}-sliders`).replaceChildren(...sliders(group));
    by("switches").replaceChildren(...(model.switches.length ? [heading("switches"), ...model.switches.map(switchFor)] : []));
    by("how-text").replaceChildren(...word("howText").map(text => element("p", text.replace("{worlds}", model.worlds).replace("{points}", chance()))));
    by("card-list").replaceChildren(...model.sliders.map(card));
    by("foot").textContent = `Uncontested ${model.version} · ${model.worlds} ${word("worlds")} × ${model.months} ${word("months")} · ${word("caveat")}`;
    quadrants.fill();
    tunnel.fill();
    by("bet-chart").innerHTML = emptyChart(word("betChart"));
  }
  function element(name, text, attributes = {}) {
    const one = document.createElement(name);
    if (text !== undefined) one.textContent = text;
    for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
    return one;
  }
  function heading(key) { return element("h3", word(key), { class: "tag" }); }
  function sliders(group) {
    const found = [];
    for (const kind of ["assumption", "policy", "shock"]) {
      const here = model.sliders.filter(one => one.group === group && one.tag === kind);
      if (here.length) found.push(heading(kind), ...here.map(sliderFor));
    }
    return found;
  }
  function written(slider) {
    const value = state.values[slider.key];
    return value === undefined ? word("drawn") : new Intl.NumberFormat(state.language, { maximumSignificantDigits: 4 }).format(value) + unitOf(slider, state.language);
  }
  function sliderFor(slider) {
    const box = element("div", undefined, { class: "slider" }), row = element("div", undefined, { class: "row" });
    const id = `s-${slider.key.replaceAll(".", "-")}`;
    const input = element("input", undefined, { type: "range", id, min: 0, max: STEPS, step: 1, "data-key": slider.key });
    const value = state.values[slider.key];
    input.value = placeOf(slider, value === undefined ? slider.central : value);
    const shown = element("output", written(slider), { for: id });
    const clear = element("button", word("clear"), { type: "button", class: "clear", "aria-label": `${word("clear")}: ${slider.name[state.language]}` });
    const refresh = () => { shown.textContent = written(slider); input.setAttribute("aria-valuetext", written(slider)); clear.hidden = state.values[slider.key] === undefined; };
    input.addEventListener("pointerdown", () => remember());
    input.addEventListener("keydown", event => { if (/^(Arrow|Home|End|Page)/.test(event.key) && !event.repeat) remember(); });
    input.addEventListener("input", () => { state.values[slider.key] = valueAt(slider, Number(input.value)); refresh(); ask(PAUSE_MS); });
    clear.addEventListener("click", () => { remember(); delete state.values[slider.key]; input.value = placeOf(slider, slider.central); refresh(); ask(); input.focus(); });
    refresh();
    row.append(element("label", slider.name[state.language], { for: id }), clear);
    box.append(row, input, shown);
    return box;
  }
  function switchFor(one) {
    const label = element("label"), box = element("input", undefined, { type: "checkbox", id: `m-${one.key}` });
    box.checked = state.switches[one.key] !== false;
    box.addEventListener("change", () => { remember(); if (box.checked) delete state.switches[one.key]; else state.switches[one.key] = false; ask(); });
    label.append(box, ` ${one[state.language]}`);
    return label;
  }
  function card(slider) {
    const box = element("article", undefined, { class: "card" });
    const unit = unitOf(slider, state.language);
    box.append(element("h4", slider.name[state.language]), element("p", `${slider.key} · ${word("central")} ${slider.central}${unit}`),
      element("p", `${word("range")}: ${slider.prior[0] === null ? "–" : slider.prior.join("–")}${unit} · ${word("confidence")}: ${word(slider.kind)} · ${word(slider.tag)}`),
      element("p", `${word("source")}: ${slider.source}`, { lang: "en" }));
    return box;
  }

  function remember() {
    past.push(JSON.stringify([state.scenario, state.values, state.switches]));
    if (past.length > 100) past.shift();
    by("undo").disabled = false;
  }
  function restore(text) { [state.scenario, state.values, state.switches] = JSON.parse(text); fill(); ask(); }

  function opened() {
    const begun = fromHash(location.hash, model);
    state = begun.state;
    by("unknown").hidden = !begun.unknown.length;
    by("unknown").textContent = `${word("unknown")} ${begun.unknown.join(", ")}.`;
    if (state.axes[0]) by("own").open = true;
    return begun;
  }

  // Asked at once or after a pause: a slider on the move asks the server for the place where it stops.
  async function ask(pause = 0) {
    const mine = ++newest, asked = { scenario: state.scenario, values: { ...state.values }, switches: { ...state.switches } };
    history.replaceState(null, "", toHash(state, model.version));
    if (waiting) waiting.abort();
    waiting = new AbortController();
    const guess = BACKEND.estimate(asked);
    say(() => guess ? "" : word("working"));
    if (guess) {
      show({ ...guess, override: commandOf(asked, model) }, asked, `${mine}~`);
      // Said aloud where a slider rests, and only if what is simulated is not there by then.
      setTimeout(() => { if (mine === newest && answer.pending) say(() => word("estimating")); }, SETTLE_MS);
    }
    try {
      if (pause && BACKEND.exact) await new Promise(done => setTimeout(done, pause));
      if (mine !== newest) return;
      const found = await BACKEND.answer(asked, 0, waiting.signal);
      if (mine !== newest) return;
      show(found, asked, String(mine));
      say(() => `${model.worlds} ${word(BACKEND.exact ? "ready" : answer.estimate ? "composedBaked" : "readyBaked")}`);
    } catch (error) {
      if (mine !== newest || error.message === "replaced") return;
      if (answer && answer.pending) { answer.pending = false; draw(); }
      say(() => error.message === "no-start" ? word("noStart") : word("failed") + error.message, "error");
    }
  }
  // Said again in the other language when that is chosen.
  function say(words, kind = "") { saying = words; by("status").className = kind; by("status").textContent = words(); }
  function show(found, asked, drawn) {
    answer = { ...found, key: JSON.stringify(asked), estimate: isEstimate(found), pending: drawn.endsWith("~") };
    // What was held or bet on as an estimate becomes what was simulated.
    if (held && held.key === answer.key) held = answer;
    if (bet && bet.key === answer.key) bet.last = lastShares()[1];
    draw();
    quadrants.ask();
    document.body.dataset.answer = answer.estimate ? "estimate" : "simulated";
    document.body.dataset.drawn = drawn;
  }
  const lastShares = () => Object.entries(answer.shares.w1 || {}).at(-1) || ["", { us: 0, cn: 0 }];

  function headline(one) {
    const rows = [];
    for (const [year, share] of Object.entries(one.shares.w1 || {})) for (const bloc of ["us", "cn"])
      rows.push([`${word(bloc)} ${word(bloc === "us" ? "leadUs" : "leadCn")} ${year}, ${word("inWorlds")}`, 100 * share[bloc], "%"]);
    for (const [series, key] of [["active_users_million", "adoptionMillion"], ["humanoids_working", "humanoids"]]) for (const bloc of ["us", "cn"])
      rows.push([`${word(key)}, ${word(series === "humanoids_working" && bloc === "us" ? "usPlace" : bloc)}, ${one.months.at(-1)} (${word("median")})`, one.fans[`${series}.${bloc}`].quantiles.at(-1)[2], ""]);
    rows.push([`${word("third")}, ${one.months.at(-1).slice(0, 4)}, % (${word("median")})`, 100 * one.third, "%"]);
    return rows;
  }
  // Two standard errors of a share of one half.
  const chance = () => Math.floor(100 / Math.sqrt(model.worlds));
  const decimal = value => new Intl.NumberFormat(state.language).format(value);
  function told(one) {
    const drawing = ` ${word("drawing").replace("{points}", chance())}`;
    if (!one.notice) return word("simulated") + drawing;
    const follows = one.pending ? ` ${word("follows")}` : "", { kind, error } = one.notice;
    if (kind === "simulated") return BACKEND.exact ? word("rounded") + follows : word("simulated") + drawing;
    const { points, medians, settings } = error;
    const numbers = { settings, typical: points.typical, largest: points.largest, typicalMedian: medians.typical, largestMedian: medians.largest };
    return `${word(kind)} ${word("off").replace(/\{(\w+)\}/g, (_, name) => decimal(numbers[name]))}${follows}`;
  }
  // How an answer came about, in a few words beside it.
  function marked(one) {
    if (!one.estimate) return word("simulatedMark");
    return one.notice.error ? `${word("estimate")}, ${word("about").replace("{typical}", decimal(one.notice.error.points.typical))}` : word("estimate");
  }
  function draw() {
    const number = value => large(value, state.language);
    const now = headline(answer), then = held ? headline(held) : null;
    const head = element("tr");
    const titled = (key, one) => element("th", one.estimate ? `${word(key)} (${word("guess")})` : word(key), { scope: "col" });
    head.append(element("td", ""), titled("now", answer));
    if (then) head.append(titled("held", held), element("th", word("change"), { scope: "col" }));
    by("headline").tHead.replaceChildren(head);
    by("headline").tBodies[0].replaceChildren(...now.map(([name, value], place) => {
      const row = element("tr");
      row.append(element("th", name, { scope: "row" }), element("td", number(value)));
      if (then) {
        // What rounding leaves is no change.
        const change = Math.abs(value - then[place][1]) < .05 ? 0 : value - then[place][1];
        row.append(element("td", number(then[place][1])), element("td", `${change > 0 ? "+" : ""}${number(change)}`));
      }
      return row;
    }));
    by("charts").replaceChildren(...charts().map(([key, note, drawing]) => {
      const figure = element("figure", undefined, { "data-chart": key });
      figure.append(element("figcaption", word(key)), element("p", note));
      const box = element("div");
      box.innerHTML = answer.estimate ? stamped(drawing, word("guess"), key === "outcome") : drawing;
      const save = element("div");
      for (const [kind, label, how] of [["svg", "saveSvg", saveSvg], ["png", "savePng", savePng]]) {
        const button = element("button", word(label), { type: "button", class: "save", "data-kind": kind, "aria-label": `${word(label)}: ${word(key)}` });
        button.addEventListener("click", () => how(key, box.firstChild));
        save.append(button);
      }
      figure.append(box, save);
      return figure;
    }));
    by("override").value = answer.override || "";
    by("notice").textContent = told(answer);
    by("mark").textContent = marked(answer);
    by("notice").dataset.kind = by("mark").dataset.kind = answer.estimate ? answer.notice.kind : "simulated";
    for (const one of [by("mark"), by("notice")]) one.classList.toggle("estimate", answer.estimate);
    by("notice").hidden = by("mark").hidden = by("status").hidden = betting;
    by("bet-form").hidden = !betting;
    by("revealed").hidden = betting;
    by("bet-result").hidden = !bet || betting;
    if (bet && !betting) {
      const { year, last } = bet, scenario = model.presets.find(one => one.key === bet.scenario)[state.language];
      by("bet-result").textContent = `${word("betWas")}: ${word("us")} ${bet.us} %, ${word("cn")} ${bet.cn} %. ${word("modelSays")} (${scenario}, ${year}): ${word("us")} ${Math.round(100 * last.us)} %, ${word("cn")} ${Math.round(100 * last.cn)} %.`;
    }
  }
  function charts() {
    const lines = (from, series, more) => ["us", "cn"].map(bloc => ({ fan: from.fans[`${series}.${bloc}`], colour: COLOUR[bloc], ...more(bloc) }));
    const bandNote = answer.notice ? "bandNoteBaked" : "bandNote";
    const fan = (key, series, unit, place) => {
      const name = bloc => place && bloc === "us" ? word("usPlace") : word(bloc);
      const old = held ? lines(held, series, () => ({})) : [];
      return [key, `${unit} · ${word(bandNote)}`, fanChart(answer.months, lines(answer, series, bloc => ({ name: name(bloc), band: true })), old, word(key), state.language)];
    };
    const power = [...lines(answer, "powered_gw", bloc => ({ name: `${word(bloc === "us" ? "usPlace" : bloc)} ${word("powered")}`, band: true })),
      ...lines(answer, "held_gw", bloc => ({ name: `${word(bloc === "us" ? "usPlace" : bloc)} ${word("heldGw")}`, thin: true }))];
    const limits = { none: word("none"), demand: word("demand"), power: word("powerLimit"), capital: word("capital"), chips: word("chips"), parts: word("parts") };
    const names = Object.fromEntries(Object.entries(model.definitions).map(([key, one]) => [key, one[state.language]]));
    const found = [
      fan("adoption", "active_users_million", word("million"), false),
      ["power", `GW · ${word(bandNote)}`, fanChart(answer.months, power, held ? lines(held, "powered_gw", () => ({})) : [], word("power"), state.language)],
      fan("humanoids", "humanoids_working", word("robots"), true)
    ];
    if (Object.keys(answer.shares).length) found.push(["outcome", word("barNote"), bars(answer.shares, names, { us: word("us"), mixed: word("mixed"), cn: word("cn") }, word("outcome"))]);
    for (const [bloc, key] of [["us", "bindingUs"], ["cn", "bindingCn"]]) found.push([key, word("stripeNote"), stripes(answer.months, answer.binding[bloc], limits, word(key))]);
    return found;
  }

  function download(name, blob) {
    const link = element("a", "", { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }
  const svgBlob = drawing => new Blob([new XMLSerializer().serializeToString(drawing)], { type: "image/svg+xml" });
  function saveSvg(key, drawing) { download(`uncontested_${key}.svg`, svgBlob(drawing)); }
  function savePng(key, drawing) {
    const image = new Image(), address = URL.createObjectURL(svgBlob(drawing));
    image.onload = () => {
      const canvas = element("canvas");
      canvas.width = 1600;
      canvas.height = Math.round(1600 * image.height / image.width);
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      URL.revokeObjectURL(address);
      canvas.toBlob(blob => download(`uncontested_${key}.png`, blob), "image/png");
    };
    image.src = address;
  }
  function csv() {
    const rows = [["table", "name", "when", "statistic", "value", "answer"]], how = answer.estimate ? "estimate" : "simulated";
    for (const [name, fan] of Object.entries(answer.fans)) answer.months.forEach((month, place) =>
      ["q05", "q25", "q50", "q75", "q95"].forEach((statistic, column) => rows.push(["series", name, month, statistic, fan.quantiles[place][column], how])));
    for (const [definition, years] of Object.entries(answer.shares)) for (const [year, one] of Object.entries(years))
      for (const [leader, share] of Object.entries(one)) rows.push(["leader", definition, year, leader, share, how]);
    for (const [bloc, limits] of Object.entries(answer.binding)) for (const [limit, shares] of Object.entries(limits))
      answer.months.forEach((month, place) => rows.push(["binding", bloc, month, limit, shares[place], how]));
    download("uncontested.csv", new Blob([rows.map(row => row.join(",")).join("\r\n") + "\r\n"], { type: "text/csv" }));
  }
  async function copy(text) {
    // Without a secure address the clipboard is barred: then the text is left selected for Ctrl+C.
    try { await navigator.clipboard.writeText(text); say(() => word("copied")); } catch { by("override").value = text; by("override").select(); }
  }
  function reset(tags) {
    remember();
    for (const slider of model.sliders) if (tags.includes(slider.tag)) delete state.values[slider.key];
    fill();
    ask();
  }

  by("preset").addEventListener("change", event => { remember(); state.scenario = event.target.value; ask(); });
  by("reset-assumptions").addEventListener("click", () => reset(["assumption", "shock"]));
  by("reset-policies").addEventListener("click", () => reset(["policy"]));
  by("undo").addEventListener("click", () => { if (past.length) restore(past.pop()); by("undo").disabled = !past.length; });
  by("replay").addEventListener("click", () => {
    if (!past.length) return;
    const now = JSON.stringify([state.scenario, state.values, state.switches]);
    restore(past.at(-1));
    setTimeout(() => restore(now), 1500);
  });
  by("hold").addEventListener("click", () => { held = held ? null : answer; by("hold").textContent = word(held ? "release" : "hold"); draw(); });
  by("bets").addEventListener("click", () => { betting = true; bet = null; draw(); by("bet-us").focus(); });
  by("bet-form").addEventListener("submit", event => {
    event.preventDefault();
    // What was bet on stays what the bet is held against, whatever is looked at later.
    const [year, last] = lastShares();
    bet = { us: Number(by("bet-us").value), cn: Number(by("bet-cn").value), year, last, scenario: state.scenario, key: answer.key };
    betting = false;
    draw();
  });
  by("projector").addEventListener("click", () => { state.projector = !state.projector; fill(); history.replaceState(null, "", toHash(state, model.version)); });
  by("language").addEventListener("click", () => { state.language = state.language === "en" ? "de" : "en"; fill(); draw(); by("status").textContent = saying(); history.replaceState(null, "", toHash(state, model.version)); });
  by("copy").addEventListener("click", () => copy(by("override").value));
  by("link").addEventListener("click", () => copy(location.href));
  by("csv").addEventListener("click", csv);

  model = await BACKEND.model();
  quadrants = makeQuadrants({
    by, element, word, model, state: () => state,
    save: () => history.replaceState(null, "", toHash(state, model.version)),
    open: values => { remember(); state.values = { ...values }; fill(); ask(); by("results-title").scrollIntoView(); },
    isEstimate, marked, told
  });
  tunnel = makeTunnel({ by, element, word, model, state: () => state });
  const begun = opened();
  by("undo").disabled = true;
  fill();
  await ask();
  const said = saying;
  if (begun.version && begun.version !== model.version) say(() => `${said()} · ${word("version")} ${begun.version}`);
  window.addEventListener("hashchange", () => { remember(); opened(); fill(); ask(); });
})();
