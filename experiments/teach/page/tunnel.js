"use strict";
// The wind tunnel: a strategy is chosen first, its points and its regret are shown after.
function makeTunnel({ by, element, word, model, state }) {
  const { roles, scenarios } = model.tunnel;
  let role = roles[0].key, chosen = "", found = null;

  const now = () => roles.find(one => one.key === role);
  function fill() {
    const language = state().language;
    by("role").replaceChildren(...roles.map(one => new Option(one.title[language], one.key, false, one.key === role)));
    by("tunnel-goals").replaceChildren(element("p", `${word("goals")}: ${now().goals.map(goal => `${goal.text[language]} (${goal.weight})`).join("; ")}`));
    by("tunnel-strategies").replaceChildren(element("legend", word("yours")), ...now().strategies.map(one => {
      const label = element("label"), input = element("input", undefined, { type: "radio", name: "strategy", value: one.key });
      input.checked = one.key === chosen;
      input.addEventListener("change", () => { chosen = one.key; found = null; draw(); });
      label.append(input, ` ${one.title[language]}: ${one.why[language]}`);
      return label;
    }));
    draw();
  }
  function draw() {
    const language = state().language;
    by("tunnel-test").disabled = !chosen;
    by("tunnel-table").hidden = !found;
    if (!found) return;
    const head = element("tr");
    head.append(...[word("strategy"), ...scenarios.map(one => one[language]), word("worst")].map(text => element("th", text, { scope: "col" })));
    by("tunnel-table").tHead.replaceChildren(head);
    by("tunnel-table").tBodies[0].replaceChildren(...[...now().strategies].sort((a, b) => found[a.key].worst - found[b.key].worst).map(one => {
      const row = element("tr", undefined, one.key === chosen ? { class: "chosen" } : {}), { scores, regret, worst } = found[one.key];
      row.append(element("th", one.title[language], { scope: "row" }), ...scores.map((score, place) => element("td", `${score.toFixed(0)} (${Math.round(regret[place]) ? "−" : ""}${regret[place].toFixed(0)})`)), element("td", worst.toFixed(0)));
      return row;
    }));
  }
  by("role").addEventListener("change", event => { role = event.target.value; chosen = ""; found = null; by("tunnel-status").textContent = ""; fill(); });
  by("tunnel-test").addEventListener("click", async () => {
    const asked = role;
    by("tunnel-status").textContent = word("working");
    try {
      const reply = await BACKEND.tunnel(asked);
      if (asked !== role) return;
      found = reply;
      by("tunnel-status").textContent = "";
      draw();
      by("tunnel-table").scrollIntoView({ block: "nearest" });
    } catch (error) {
      by("tunnel-status").textContent = word("failed") + error.message;
    }
  });
  return { fill };
}
