"use strict";
// The back end of the live page: a server simulates. A client is a name made up here; nobody is known by it.
const BACKEND = (function () {
  const client = Math.random().toString(36).slice(2);
  let turn = 0, composed = null;
  const said = found => typeof found.detail === "string" ? found.detail : found.detail.map(one => one.msg).join("; ");
  async function read(reply) {
    const found = await reply.json();
    if (reply.ok) return found;
    // Words of the page's own say these better.
    throw new Error({ 409: "no-start", 410: "replaced" }[reply.status] || said(found));
  }
  // The page works without a grid: then a change is shown once it has been simulated.
  async function load() {
    try { composed = makeComposer(await read(await fetch("grid.json"))); } catch { composed = null; }
    document.body.dataset.grid = composed ? "here" : "none";
  }
  return {
    exact: true,
    model: async () => {
      const model = await read(await fetch("api/model"));
      if (model.grid) load();
      return model;
    },
    estimate: asked => {
      try { return composed && composed(asked); } catch { return null; }
    },
    // A lane asks for one thing at a time: its newer question takes the place of the older one.
    answer: async (asked, lane, signal) => read(await fetch("api/answer", { method: "POST", signal, headers: { "Content-Type": "application/json" }, body: JSON.stringify({ ...asked, client, lane, turn: ++turn }) })),
    tunnel: async role => read(await fetch(`api/tunnel?role=${encodeURIComponent(role)}`))
  };
})();
