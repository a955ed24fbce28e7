"use strict";
// Answers composed of what was simulated when a page was baked: the page in one file has no others, the live page shows
// them until its own are there. The layout of a vector is that of vectors.py, the way it is composed that of grid.py.
function makeComposer(baked) {
  const { layout, grid } = baked, EPSILON = 1e-6;
  const length = layout.sizes.reduce((a, b) => a + b, 0);
  const rowsOf = new Map();

  // Rows stay the whole numbers that they are; `add` knows what a step is worth.
  function unpacked(given) {
    if (rowsOf.has(given)) return rowsOf.get(given);
    const text = atob(given.rows), bytes = new Uint8Array(text.length);
    for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
    const whole = given.bits === 8 ? new Int8Array(bytes.buffer) : new Int16Array(bytes.buffer);
    const steps = new Float64Array(length);
    let next = 0;
    layout.sizes.forEach((size, place) => { steps.fill(given.steps[place], next, next + size); next += size; });
    const found = { whole, steps, nothing: -(2 ** (given.bits - 1)) };
    rowsOf.set(given, found);
    return found;
  }
  function add(sum, given, row, weight) {
    const { whole, steps, nothing } = unpacked(given), first = row * length;
    if (whole[first] === nothing) throw new Error("no-start");
    for (let at = 0; at < length; at += 1) sum[at] += weight * steps[at] * whole[first + at];
  }
  function place(low, high, log, value) {
    const scale = log ? Math.log : Number;
    return (scale(value) - scale(low)) / (scale(high) - scale(low));
  }
  // Which axes the numbers move, and where to: drivers of several sliders come first in the list.
  function moved(values) {
    const left = { ...values }, found = [];
    for (const axis of grid.axes) {
      const keys = Object.keys(axis.ends);
      if (keys.some(key => !(key in left))) continue;
      const places = keys.map(key => place(...axis.ends[key], left[key]));
      if (Math.max(...places) - Math.min(...places) > EPSILON || places[0] < -EPSILON || places[0] > 1 + EPSILON) continue;
      found.push([axis.name, Math.min(1, Math.max(0, places[0]))]);
      keys.forEach(key => delete left[key]);
    }
    return found;
  }
  const pairOf = (one, two) => grid.pairs.findIndex(pair => (pair[0] === one && pair[1] === two) || (pair[0] === two && pair[1] === one));
  const near = (places, value) => places.some(one => Math.abs(one - value) <= EPSILON);
  function kind(scenario, axes) {
    if (!axes.length) return "simulated";
    const alone = grid.alone[scenario];
    if (axes.length === 1 && axes[0][0] in alone) return near(alone[axes[0][0]], axes[0][1]) ? "simulated" : "one";
    if (scenario !== "baseline") return "elsewhere";
    const pair = axes.length === 2 ? grid.pairs[pairOf(axes[0][0], axes[1][0])] : undefined;
    if (!pair) return "more";
    const at = Object.fromEntries(axes);
    return near(pair[2], at[pair[0]]) && near(pair[3], at[pair[1]]) ? "simulated" : "two";
  }
  // Which two rows lie on both sides of a place, and how much each counts.
  function around(places, value) {
    let at = 0;
    while (at < places.length - 2 && places[at + 1] <= value) at += 1;
    const part = (value - places[at]) / (places[at + 1] - places[at]);
    return [[at, 1 - part], [at + 1, part]].filter(one => one[1] !== 0);
  }
  function compose(scenario, axes) {
    const sum = new Float64Array(length);
    add(sum, baked.bases, Object.keys(grid.alone).indexOf(scenario), 1);
    for (const [name, at] of axes) {
      const from = name in grid.alone[scenario] ? scenario : "baseline", alone = grid.alone[from];
      if (!(name in alone)) continue;
      let first = 0;
      for (const [other, places] of Object.entries(alone)) { if (other === name) break; first += places.length; }
      for (const [row, weight] of around(alone[name], at)) add(sum, baked.effects[from], first + row, weight);
    }
    const at = Object.fromEntries(axes);
    axes.forEach(([one], place) => axes.slice(place + 1).forEach(([two]) => {
      const number = pairOf(one, two);
      if (number < 0) return;
      const [a, b, first, second] = grid.pairs[number];
      for (const [i, left] of around(first, at[a])) for (const [j, right] of around(second, at[b])) add(sum, baked.interactions[number], i * second.length + j, left * right);
    }));
    return sum;
  }
  function whole(parts) {
    const kept = parts.map(one => Math.max(0, one)), total = kept.reduce((a, b) => a + b, 0);
    return kept.map(one => total > 0 ? one / total : 0);
  }
  function told(vector) {
    let next = 0;
    const take = count => vector.subarray(next, next += count);
    const found = { months: layout.months, fans: {}, shares: {}, binding: {} };
    for (const name of layout.series) found.fans[name] = { quantiles: layout.months.map(() => Array.from(take(layout.quantiles), Math.sinh).sort((a, b) => a - b)) };
    for (const [definition, year] of layout.horizons) {
      const one = whole(Array.from(take(layout.leaders.length)));
      (found.shares[definition] ??= {})[year] = Object.fromEntries(layout.leaders.map((leader, place) => [leader, one[place]]));
    }
    for (const bloc of layout.blocs) {
      const series = layout.constraints.map(() => Array.from(take(layout.months.length)));
      layout.months.forEach((_, month) => whole(series.map(one => one[month])).forEach((value, place) => { series[place][month] = value; }));
      found.binding[bloc] = Object.fromEntries(layout.constraints.map((name, place) => [name, series[place]]));
    }
    found.third = Math.min(1, Math.max(0, take(1)[0]));
    return found;
  }
  // Nothing where the grid does not reach: another scenario, a slider it does not hold, a mechanism switched off.
  return ({ scenario, values, switches = {} }) => {
    if (!(scenario in grid.alone) || Object.values(switches).some(on => !on)) return null;
    const axes = moved(values), held = axes.flatMap(([name]) => name in grid.alone[scenario] || name in grid.alone.baseline ? Object.keys(grid.axes.find(axis => axis.name === name).ends) : []);
    if (Object.keys(values).some(key => !held.includes(key))) return null;
    const how = kind(scenario, axes);
    return { ...told(compose(scenario, axes)), notice: { kind: how, error: baked.errors[how] } };
  };
}
