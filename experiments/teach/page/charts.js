"use strict";
// Charts by hand: SVG with attributes only, so that a saved file looks the same without the page's style sheet.
const COLOUR = { us: "#1B4B8F", cn: "#D2451E", mixed: "#DFE2E7", open: "#FFFFFF", ink: "#1C1F24", muted: "#5B626D", estimate: "#8A5A00", grey: "#D3D7DD",
  none: "#EDEFF2", demand: "#C9D8A4", power: "#DDB23A", capital: "#A06FB4", chips: "#1F7670", parts: "#4B2E2B" };
const FONT = "Lato, 'DejaVu Sans', sans-serif";
const SIZE = { width: 560, height: 300, left: 52, right: 156, top: 12, bottom: 26 };
const SMALL = { width: 320, height: 150, left: 44, right: 60, top: 8, bottom: 24 };
const LETTER = 7.6; // width of a letter of a label at a line's end, at most

function tag(name, attributes, ...inner) {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(value)}"`).join("");
  return `<${name}${written}>${inner.join("")}</${name}>`;
}
function escaped(value) {
  return String(value).replace(/[&<>"]/g, sign => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign]);
}
function words(x, y, value, more) {
  return tag("text", { x: x.toFixed(1), y: y.toFixed(1), "font-size": 12, "font-family": FONT, fill: COLOUR.ink, ...more }, escaped(value));
}
// Made once: to make one takes as long as to write a hundred numbers.
const WRITERS = Object.fromEntries([["en", "en-GB"], ["de", "de-DE"]].map(([language, locale]) => [language, ["compact", "standard"].map(notation =>
  new Intl.NumberFormat(locale, { notation, maximumSignificantDigits: 3 }))]));
function large(value, language) {
  const [compact, plain] = WRITERS[language];
  return (Math.abs(value) >= 10000 ? compact : plain).format(value);
}
function rounded(top) {
  if (!(top > 0)) return 1;
  const unit = 10 ** Math.floor(Math.log10(top));
  return [1, 2, 2.5, 5, 10].map(step => step * unit).find(value => value >= top);
}
function apart(labels, gap, size = SIZE) {
  labels.sort((a, b) => a.y - b.y);
  labels.forEach((label, place) => { if (place) label.y = Math.max(label.y, labels[place - 1].y + gap); });
  const over = labels.length ? labels[labels.length - 1].y - (size.height - size.bottom) : 0;
  if (over > 0) labels.forEach(label => { label.y -= over; });
  return labels;
}
function svg(inner, title, height, width = SIZE.width) {
  return tag("svg", { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": title },
    tag("rect", { width, height, fill: "#fff" }), inner);
}
// A saved chart must say as well that it shows an estimate: in a corner that a chart leaves free.
function stamped(drawing, text, above) {
  const [, width, height] = drawing.match(/viewBox="0 0 (\d+) (\d+(?:\.\d+)?)"/).map(Number);
  const more = { fill: COLOUR.estimate, "font-weight": 700, "font-style": "italic" };
  return drawing.replace(/<\/svg>$/, (above ? words(8, 20, text, more) : words(width - 8, height - 8, text, { ...more, "text-anchor": "end" })) + "</svg>");
}
function monthAxis(months, across, size = SIZE) {
  return months.map((month, place) => [month, place]).filter(([month]) => month.endsWith("-12") && Number(month.slice(0, 4)) % 5 === 0)
    .map(([month, place]) => tag("line", { x1: across(place), x2: across(place), y1: size.height - size.bottom, y2: size.height - size.bottom + 4, stroke: COLOUR.muted }) +
      words(across(place), size.height - 8, month.slice(0, 4), { "text-anchor": "middle", fill: COLOUR.muted })).join("");
}
// lines: [{fan, name, colour, dash, band}]; held: the same for the run that is held
function fanChart(months, lines, held, title, language, frame = SIZE) {
  const labels = lines.map(line => `${line.name} ${large(line.fan.quantiles.at(-1)[2], language)}`);
  const size = { ...frame, right: 12 + LETTER * Math.max(...labels.map(label => label.length)) };
  const high = rounded(Math.max(...[...lines, ...held].map(line => Math.max(...line.fan.quantiles.map(row => line.band ? row[4] : row[2])))));
  const across = place => size.left + (size.width - size.left - size.right) * place / Math.max(1, months.length - 1);
  const up = value => size.height - size.bottom - (size.height - size.bottom - size.top) * Math.min(value, high) / high;
  const path = values => values.map((value, place) => `${place ? "L" : "M"}${across(place).toFixed(1)} ${up(value).toFixed(1)}`).join("");
  const band = (rows, low, top) => path(rows.map(row => row[top])) + rows.map((row, place) => `L${across(place).toFixed(1)} ${up(row[low]).toFixed(1)}`).reverse().join("") + "Z";
  let inner = [0, .25, .5, .75, 1].map(part => tag("line", { x1: size.left, x2: size.width - size.right, y1: up(part * high), y2: up(part * high), stroke: COLOUR.grey, "stroke-width": part ? .6 : 1 }) +
    words(size.left - 6, up(part * high) + 4, large(part * high, language), { "text-anchor": "end", fill: COLOUR.muted })).join("") + monthAxis(months, across, size);
  for (const line of lines) if (line.band) {
    inner += tag("path", { d: band(line.fan.quantiles, 0, 4), fill: line.colour, "fill-opacity": .13 });
    inner += tag("path", { d: band(line.fan.quantiles, 1, 3), fill: line.colour, "fill-opacity": .22 });
    for (const one of line.fan.singles || []) inner += tag("path", { d: path(one), fill: "none", stroke: line.colour, "stroke-width": .6, "stroke-opacity": .6 });
  }
  for (const line of held) inner += tag("path", { d: path(line.fan.quantiles.map(row => row[2])), fill: "none", stroke: line.colour, "stroke-width": 1.6, "stroke-dasharray": "6 4" });
  for (const line of lines) inner += tag("path", { d: path(line.fan.quantiles.map(row => row[2])), fill: "none", stroke: line.colour, "stroke-width": line.thin ? 1.4 : 2.4 });
  const ends = apart(lines.map((line, place) => ({ line, label: labels[place], y: up(line.fan.quantiles.at(-1)[2]) + 4 })), 14, size);
  for (const end of ends) inner += words(size.width - size.right + 8, end.y, end.label, { fill: end.line.colour, "font-weight": 700, "font-size": 11.5 });
  return svg(inner, title, size.height, size.width);
}
function stripes(months, shares, names, title) {
  const across = place => SIZE.left + (SIZE.width - SIZE.left - SIZE.right) * place / months.length;
  const tall = SIZE.height - SIZE.top - SIZE.bottom;
  const order = ["none", "demand", "power", "capital", "chips", "parts"];
  const width = (across(1) - across(0) + .3).toFixed(2);
  // One path a limit, a box a month: a browser handles six paths in a fraction of the time of hundreds of boxes.
  const boxes = Object.fromEntries(order.map(name => [name, ""]));
  months.forEach((month, place) => {
    let y = SIZE.height - SIZE.bottom;
    for (const name of order) {
      const height = tall * shares[name][place];
      y -= height;
      if (height > 0) boxes[name] += `M${across(place).toFixed(2)} ${y.toFixed(2)}h${width}v${height.toFixed(2)}h-${width}z`;
    }
  });
  let inner = order.map(name => boxes[name] && tag("path", { d: boxes[name], fill: COLOUR[name] })).join("");
  inner += [0, .5, 1].map(part => words(SIZE.left - 6, SIZE.height - SIZE.bottom - tall * part + 4, `${100 * part} %`, { "text-anchor": "end", fill: COLOUR.muted })).join("") + monthAxis(months, place => across(place + .5));
  let y = SIZE.height - SIZE.bottom;
  const labels = [];
  for (const name of order) {
    const height = tall * shares[name].at(-1);
    const most = shares[name].reduce((a, b) => a + b, 0) / months.length;
    y -= height;
    if (most >= .005) labels.push({ name, y: y + height / 2 + 4, value: Math.round(100 * most) });
  }
  for (const label of apart(labels, 17)) {
    inner += tag("rect", { x: SIZE.width - SIZE.right + 8, y: label.y - 10, width: 11, height: 11, fill: COLOUR[label.name], stroke: COLOUR.muted, "stroke-width": .5 });
    inner += words(SIZE.width - SIZE.right + 24, label.y, `${names[label.name]} ${label.value} %`, {});
  }
  return svg(inner, title, SIZE.height);
}
function bars(shares, names, leaders, title) {
  const rows = [];
  for (const [definition, years] of Object.entries(shares)) for (const [year, one] of Object.entries(years)) rows.push([definition, year, one]);
  const left = 250, wide = SIZE.width - left - 14, step = 17;
  let inner = "", y = 30, before = "";
  for (const [definition, year, one] of rows) {
    if (definition !== before) { y += 3; inner += words(8, y + 11, names[definition], { "font-size": 11.5, "font-weight": definition === "w1" ? 700 : 400 }); }
    before = definition;
    inner += words(left - 6, y + 11, year, { "text-anchor": "end", fill: COLOUR.muted, "font-size": 11 });
    let x = left;
    for (const leader of ["us", "open", "mixed", "cn"]) {
      const width = wide * (one[leader] || 0);
      if (width > 0) inner += tag("rect", { x: x.toFixed(1), y, width: width.toFixed(1), height: step - 4, fill: COLOUR[leader] });
      const label = Math.round(100 * (one[leader] || 0));
      if (width > 30) inner += words(x + width / 2, y + 10.5, `${label} %`, { "text-anchor": "middle", "font-size": 10.5, fill: leader === "us" || leader === "cn" ? "#fff" : COLOUR.ink });
      x += width;
    }
    y += step;
  }
  inner += words(left, 20, leaders.us, { fill: COLOUR.us, "font-weight": 700 }) + words(Math.max(left + wide / 2, left + LETTER * (leaders.us.length + leaders.mixed.length / 2) + 14), 20, leaders.mixed, { "text-anchor": "middle", fill: COLOUR.muted }) +
    words(SIZE.width - 14, 20, leaders.cn, { "text-anchor": "end", fill: COLOUR.cn, "font-weight": 700 });
  return svg(inner, title, y + 8);
}
// Axes without a line: a class draws its bet before it looks.
function emptyChart(title) {
  const size = { ...SIZE, height: 240, right: 24 };
  const years = [2026, 2030, 2035, 2040], tall = size.height - size.bottom - size.top;
  const across = year => size.left + (size.width - size.left - size.right) * (year - 2026) / 14;
  const inner = [0, 50, 100].map(share => { const y = size.height - size.bottom - tall * share / 100;
    return tag("line", { x1: size.left, x2: size.width - size.right, y1: y, y2: y, stroke: COLOUR.grey }) + words(size.left - 6, y + 4, `${share} %`, { "text-anchor": "end", fill: COLOUR.muted }); }).join("") +
    years.map(year => words(across(year), size.height - 8, year, { "text-anchor": "middle", fill: COLOUR.muted })).join("");
  return svg(inner, title, size.height);
}
