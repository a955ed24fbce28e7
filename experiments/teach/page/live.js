"use strict";
// The back end of the live page: a server simulates. A client is a name made up here; nobody is known by it.
const BACKEND = (function () {
  const client = Math.random().toString(36).slice(2);
  const said = found => typeof found.detail === "string" ? found.detail : found.detail.map(one => one.msg).join("; ");
  return {
    model: async () => (await fetch("api/model")).json(),
    // A lane asks for one thing at a time: its newer question takes the place of the older one.
    answer: async (asked, lane, signal) => {
      const reply = await fetch("api/answer", { method: "POST", signal, headers: { "Content-Type": "application/json" }, body: JSON.stringify({ ...asked, client: client + lane }) });
      const found = await reply.json();
      if (reply.ok) return found;
      throw new Error(said(found));
    },
    tunnel: async role => {
      const reply = await fetch(`api/tunnel?role=${encodeURIComponent(role)}`), found = await reply.json();
      if (reply.ok) return found;
      throw new Error(said(found));
    }
  };
})();
