"use strict";
// The back end of the page in one file: all it answers is composed of what was simulated when it was made.
const BACKEND = (function () {
  const baked = JSON.parse(document.getElementById("baked").textContent), composed = makeComposer(baked);
  return {
    exact: false,
    model: async () => baked.model,
    tunnel: async role => baked.tunnel[role],
    estimate: () => null,
    answer: async asked => ({ override: commandOf(asked, baked.model), ...composed(asked) })
  };
})();
