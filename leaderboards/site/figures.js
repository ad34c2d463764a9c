// The pictures of a dataset page as inline SVG, from the data of figures.py: window.figures.columns, .associations,
// .projection and .dcr append one to an element. Every text is set as text, whatever a dataset calls its columns.
// Real, synthetic and held-out rows differ by shape or dash as well as by colour; sizes are in pixels of the page and
// not scaled, so that text stays legible on a phone.
"use strict";
(() => {
  const NAMESPACE = "http://www.w3.org/2000/svg";
  const REAL = "var(--real, light-dark(#4d5359, #b4bac2))";
  const SYNTHETIC = "var(--synthetic, light-dark(#0b57a4, #8abcf5))";
  const HOLDOUT = "var(--holdout, light-dark(#a04a00, #f0a45d))";
  const STYLE = `
    .drawn { margin: 1rem 0; color: var(--ink, CanvasText); font-size: 13px; line-height: 1.45; }
    .drawn svg { display: block; max-width: none; overflow: visible; }
    .drawn svg text { font-size: 11px; fill: var(--muted, GrayText); }
    .drawn .rule { stroke: var(--line, #8886); } .drawn .axis { stroke: var(--muted, GrayText); }
    .drawn .real { fill: ${REAL}; } .drawn .real.area { fill-opacity: .3; }
    .drawn .edge { fill: none; stroke: ${REAL}; }
    .drawn .synthetic { fill: none; stroke: ${SYNTHETIC}; stroke-width: 1.6; }
    .drawn .synthetic.area { fill: ${SYNTHETIC}; fill-opacity: .18; stroke: none; }
    .drawn .holdout { fill: none; stroke: ${HOLDOUT}; stroke-width: 1.8; stroke-dasharray: 5 3; }
    .drawn .dots .edge { stroke-width: 1.1; stroke-opacity: .6; }
    .drawn .dots .synthetic { stroke-width: 1.2; stroke-opacity: .85; }
    .drawn .dots .holdout { stroke-width: 1.1; stroke-opacity: .85; stroke-dasharray: none; }
    .drawn .above { fill: var(--above, light-dark(#b35806, #f5a04a)); }
    .drawn .below { fill: var(--below, light-dark(#2166ac, #6cb2f0)); }
    .drawn .chosen { fill: none; stroke: var(--ink, CanvasText); stroke-width: 2; }
    .drawn .keys { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; margin: 0 0 .5rem; padding: 0; list-style: none; }
    .drawn .keys li { display: flex; gap: .4rem; align-items: center; }
    .drawn .panels { display: flex; flex-wrap: wrap; gap: 1.1rem 1.6rem; align-items: flex-start; overflow-x: auto; }
    .drawn .panel { max-width: 100%; } .drawn .panel p { margin: 0 0 .2rem; overflow-wrap: anywhere; }
    .drawn .small { width: 240px; } .drawn .wide { overflow-x: auto; }
    .drawn small, .drawn .note { color: var(--muted, GrayText); font-size: 12px; }
    .drawn .note { margin: .4rem 0; max-width: 75ch; } .drawn .readout { margin: .4rem 0; min-height: 1.5em; }
    .drawn table { border-collapse: collapse; margin: .5rem 0 1rem; font-variant-numeric: tabular-nums; }
    .drawn td, .drawn th { padding: .1rem .6rem .1rem 0; text-align: right; font-weight: 400; }
    .drawn tr > :first-child, .drawn caption { text-align: left; overflow-wrap: anywhere; }
    .drawn thead th { color: var(--muted, GrayText); border-bottom: 1px solid var(--line, #8886); }`;

  // ---- elements, numbers, axes

  function add(parent, name, attributes = {}, text = null) {
    const inside = name === "svg" || parent.namespaceURI === NAMESPACE;
    const node = inside ? document.createElementNS(NAMESPACE, name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== null) node.textContent = text;
    return parent.appendChild(node);
  }

  function begin(element, label) {
    if (!document.getElementById("drawn-style")) add(document.head, "style", { id: "drawn-style" }, STYLE);
    return add(element, "figure", { class: "drawn", "aria-label": label });
  }

  function canvas(parent, width, height, label) {
    return add(parent, "svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  }

  function title(node, text) {
    add(node, "title", {}, text);
  }

  const signed = (text) => text.replace(/-/g, "−");

  function number(value) {
    if (value === null || value === undefined) return "–";
    const size = Math.abs(value);
    if (size >= 1e9 || (size > 0 && size < 1e-4)) return signed(value.toExponential(2));
    return signed(Number(value.toPrecision(4)).toLocaleString("en", { maximumSignificantDigits: 4, useGrouping: size >= 1e4 }));
  }

  const percent = (share) => (share === null || share === undefined ? "–" : `${number(100 * share)} %`);

  function tick(value) {
    const size = Math.abs(value);
    for (const [unit, letter] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
      if (size >= Math.max(unit, 1e4) && size < 1e12) return signed(`${Number((value / unit).toPrecision(4))}${letter}`);
    }
    return size >= 1e12 || (size > 0 && size < 1e-3) ? signed(value.toExponential()) : signed(`${value}`);
  }

  // Round values inside an interval, 1, 2 or 5 times a power of ten apart, at most `most` of them where that can be.
  function ticks(low, high, most) {
    if (!(high > low)) return [low];
    const power = 10 ** Math.floor(Math.log10((high - low) / most));
    const step = [1, 2, 5, 10, 20, 50].map((k) => k * power).find((s) => Math.floor(high / s) - Math.ceil(low / s) < most);
    const found = [];
    for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k += 1) found.push(Number((k * step).toPrecision(10)));
    return found;
  }

  const linear = (low, high, start, end) => (value) => start + ((value - low) / (high - low || 1)) * (end - start);

  function short(text, most) {
    const letters = [...text];
    return letters.length <= most ? text : `${letters.slice(0, most - 1).join("")}…`;
  }

  // A text that is shortened to so many letters, with its whole in a title.
  function label(parent, attributes, text, most) {
    const node = add(parent, "text", attributes, short(text, most));
    if ([...text].length > most) title(node, text);
    return node;
  }

  function bottomAxis(picture, values, place, y, from, to) {
    add(picture, "line", { class: "axis", x1: from, x2: to, y1: y, y2: y });
    for (const value of values) {
      add(picture, "line", { class: "axis", x1: place(value), x2: place(value), y1: y, y2: y + 3 });
      add(picture, "text", { x: place(value), y: y + 15, "text-anchor": "middle" }, tick(value));
    }
  }

  function leftAxis(picture, values, place, x, to, write) {
    for (const value of values) {
      add(picture, "line", { class: "rule", x1: x, x2: to, y1: place(value), y2: place(value) });
      add(picture, "text", { x: x - 5, y: place(value) + 4, "text-anchor": "end" }, write(value));
    }
  }

  function keys(parent, entries) {
    const list = add(parent, "ul", { class: "keys" });
    for (const [draw, text] of entries) {
      const item = add(list, "li");
      draw(add(item, "svg", { width: 22, height: 12, "aria-hidden": "true" }));
      add(item, "span", {}, text);
    }
  }

  function table(parent, caption, heads, rows) {
    const whole = add(parent, "table");
    if (caption) add(whole, "caption", {}, caption);
    const head = add(add(whole, "thead"), "tr");
    for (const text of heads) add(head, "th", { scope: "col" }, text);
    const body = add(whole, "tbody");
    for (const [first, ...rest] of rows) {
      const row = add(body, "tr");
      add(row, "th", { scope: "row" }, first);
      for (const text of rest) add(row, "td", {}, text);
    }
  }

  function numbers(figure) {
    const details = add(figure, "details");
    add(details, "summary", {}, "Numbers of this picture");
    return add(details, "div", { class: "wide" });
  }

  // Bars without gaps: the outline of shares over edges, closed along the base.
  function outline(edges, shares, x, y) {
    const parts = [`M${x(edges[0]).toFixed(1)},${y(0).toFixed(1)}`];
    shares.forEach((share, i) => parts.push(`V${y(share).toFixed(1)}H${x(edges[i + 1]).toFixed(1)}`));
    return `${parts.join("")}V${y(0).toFixed(1)}`;
  }

  const leftOut = (figure, names) => {
    if (names.length) add(figure, "p", { class: "note" }, `Not shown, with smaller errors: ${names.join(", ")}.`);
  };

  const realKey = [(key) => add(key, "rect", { class: "real area", x: 0, y: 1, width: 22, height: 10 }), "real"];
  const lineKey = (kind, text) => [(key) => add(key, "path", { class: kind, d: "M0,6H22" }), text];

  // ---- single columns

  // Share of the rows up to a value, as a function, from quantiles. Equal quantiles are a value that many rows have.
  function distribution(levels, quantiles, whole) {
    const knots = [];
    const half = whole ? 0.5 : 0;
    for (let i = 0, end; i < quantiles.length; i = end + 1) {
      for (end = i; quantiles[end + 1] === quantiles[i]; end += 1);
      const low = i === 0 ? 0 : (levels[i] + levels[i - 1]) / 2;
      const high = end === quantiles.length - 1 ? 1 : (levels[end] + levels[end + 1]) / 2;
      if (end === i) knots.push([quantiles[i], levels[i]]);
      else knots.push([quantiles[i] - half, low], [quantiles[i] + half, high]);
    }
    return (value) => {
      const next = knots.findIndex(([place]) => place > value);
      if (next === 0) return 0;
      if (next < 0) return 1;
      const [[a, p], [b, q]] = [knots[next - 1], knots[next]];
      return p + ((q - p) * (value - a)) / (b - a);
    };
  }

  // Edges of some 24 bins: of whole width between whole numbers, and without long tails.
  function bins(sides, whole) {
    let low = Math.min(...sides.map((side) => side[0]));
    let high = Math.max(...sides.map((side) => side[side.length - 1]));
    const inner = [Math.min(...sides.map((side) => side[1])), Math.max(...sides.map((side) => side[side.length - 2]))];
    const span = inner[1] - inner[0];
    if (span > 0 && high - low > 3 * span) [low, high] = [Math.max(low, inner[0] - span / 10), Math.min(high, inner[1] + span / 10)];
    if (low === high) [low, high] = whole ? [low, high] : [low - Math.abs(low || 1) / 2, high + Math.abs(high || 1) / 2];
    if (whole) [low, high] = [Math.floor(low), Math.ceil(high)];
    const width = whole ? Math.max(1, Math.ceil((high - low + 1) / 24)) : (high - low) / 24;
    const count = whole ? Math.ceil((high - low + 1) / width) : 24;
    return Array.from({ length: count + 1 }, (_, i) => low - (whole ? 0.5 : 0) + i * width);
  }

  function numberPanel(panel, column, levels) {
    const present = column.quantiles.filter((side) => side !== null);
    if (!present.length) return void add(panel, "p", { class: "note" }, "no value on either side");
    const whole = present.flat().every(Number.isInteger);
    const edges = bins(present, whole);
    const shares = column.quantiles.map((side) => {
      if (side === null) return null;
      const below = edges.map(distribution(levels, side, whole));
      return below.slice(1).map((share, i) => Math.max(share - below[i], 0));
    });
    const beyond = shares.map((side) => (side === null ? null : 1 - side.reduce((sum, share) => sum + share, 0)));
    const top = Math.max(...shares.flat().filter((share) => share !== null)) || 1;
    const [left, right, base] = [36, 234, 100];
    const picture = canvas(panel, 240, 120, `${column.name}: shares of real and of synthetic rows over the values`);
    const x = linear(edges[0], edges[edges.length - 1], left, right);
    const y = linear(0, top * 1.05, base, 6);
    leftAxis(picture, ticks(0, top, 2).slice(1), y, left, right, (share) => `${tick(Number((100 * share).toPrecision(6)))} %`);
    if (shares[0]) add(picture, "path", { class: "real area", d: outline(edges, shares[0], x, y) });
    if (shares[1]) add(picture, "path", { class: "synthetic", d: outline(edges, shares[1], x, y) });
    bottomAxis(picture, ticks(edges[0], edges[edges.length - 1], 4), x, base, left, right);
    const notes = [];
    if (Math.max(...beyond) > 0.01) notes.push(`beyond the axis: real ${percent(round(beyond[0]))}, synthetic ${percent(round(beyond[1]))}`);
    ["real", "synthetic"].forEach((side, i) => shares[i] === null && notes.push(`no ${side} value`));
    if (notes.length) add(panel, "small", {}, notes.join("; "));
  }

  const round = (share) => (share === null ? null : Math.round(1000 * share) / 1000);

  const nameOf = (text) => (text === null ? "(missing)" : text);

  // At most ten labels; the others together.
  function bars(column) {
    const rows = column.labels.map((text, i) => [nameOf(text), column.frequencies[0][i], column.frequencies[1][i], text === null]);
    const others = rows.slice(10).concat([["", column.rest[0], column.rest[1]]]);
    const sum = (k) => others.reduce((total, row) => total + row[k], 0);
    const shown = rows.slice(0, 10);
    return sum(1) + sum(2) > 0 ? shown.concat([["(other)", sum(1), sum(2), true]]) : shown;
  }

  function labelPanel(panel, column) {
    const rows = bars(column);
    const [left, right, height] = [92, 230, 17];
    const base = rows.length * height + 4;
    const picture = canvas(panel, 240, base + 20, `${column.name}: shares of real and of synthetic rows with each label`);
    const top = Math.max(...rows.map((row) => Math.max(row[1], row[2])));
    const x = linear(0, top, left, right);
    rows.forEach(([text, real, synthetic, special], i) => {
      const y = i * height + 2;
      const row = add(picture, "g");
      title(row, `${text}: real ${percent(real)}, synthetic ${percent(synthetic)}`);
      label(row, { x: left - 6, y: y + 11, "text-anchor": "end", ...(special ? { "font-style": "italic" } : {}) }, text, 14);
      add(row, "rect", { class: "real", x: left, y: y + 1, width: x(real) - left, height: 6, "fill-opacity": 0.6 });
      add(row, "rect", { class: "synthetic", x: left, y: y + 8.5, width: x(synthetic) - left, height: 4.5 });
    });
    const values = ticks(0, 100 * top, 3);
    bottomAxis(picture, values, (value) => x(value / 100), base, left, right);
    add(picture, "text", { x: left - 6, y: base + 15, "text-anchor": "end" }, "%");
  }

  function columns(element, data) {
    const figure = begin(element, "Single columns, real and synthetic, the largest error first");
    keys(figure, [realKey, lineKey("synthetic", "synthetic")]);
    const panels = add(figure, "div", { class: "panels" });
    for (const column of data.columns) {
      const panel = add(panels, "div", { class: "panel small" });
      const heading = add(panel, "p");
      add(heading, "b", {}, column.name);
      const measure = column.quantiles ? "KS" : "TV";
      add(heading, "span", {}, ` ${measure} ${column.error === null ? "not defined" : `${number(column.error)} %`}`);
      if (column.quantiles) numberPanel(panel, column, data.levels);
      else labelPanel(panel, column);
    }
    add(figure, "p", { class: "note" }, "Numbers: shares of the rows in bins, drawn from 41 quantiles; KS is the largest distance of the distribution functions. Labels: shares of the rows; TV is half the sum of their differences.");
    leftOut(figure, data.left_out);
    const inside = numbers(figure);
    for (const column of data.columns) {
      const sides = column.quantiles || column.frequencies;
      const rows = column.quantiles
        ? [0, 2, 10, 20, 30, 38, 40].map((i) => [`${100 * data.levels[i]} % quantile`, ...sides.map((side) => number(side && side[i]))])
        : column.labels.map((text, i) => [nameOf(text), ...sides.map((side) => percent(side[i]))]);
      if (column.rest && Math.max(...column.rest) > 0) rows.push(["(other)", ...column.rest.map(percent)]);
      table(inside, `${column.name}, error ${number(column.error)} %`, [column.quantiles ? "" : "label", "real", "synthetic"], rows);
    }
  }

  // ---- associations

  // One heat map; returns the box that marks a chosen pair.
  function heatMap(panel, heading, names, values, limit, cell, margin) {
    const n = names.length;
    const size = n * cell;
    add(panel, "p", {}, heading);
    const wide = add(panel, "div", { class: "wide" });
    const picture = canvas(wide, margin + size + 2, size + margin + 2, `${heading}: heat map of ${n} columns, values in the table below`);
    const letters = Math.floor(margin / 6.2) - 1;
    names.forEach((name, i) => {
      const middle = (i + 0.5) * cell + 4;
      label(picture, { x: margin - 5, y: middle, "text-anchor": "end" }, name, letters);
      label(picture, { x: 0, y: 0, "text-anchor": "end", transform: `translate(${margin + middle},${size + 6}) rotate(-90)` }, name, letters);
    });
    values.forEach((row, i) => row.forEach((value, j) => {
      const [x, y] = [margin + j * cell, i * cell];
      const place = { x, y, width: cell - 1, height: cell - 1 };
      const square = add(picture, "rect", { ...place, "data-row": i, "data-column": j, class: value < 0 ? "below" : "above", "fill-opacity": 0 });
      if (value === null) {
        const mark = i === j ? `M${x + cell / 2 - 1.5},${y + cell / 2}h3` : `M${x + 3},${y + 3}L${x + cell - 4},${y + cell - 4}`;
        add(picture, "path", { class: "rule", d: mark, fill: "none" });
        return;
      }
      square.setAttribute("fill-opacity", Math.min(Math.abs(value) / limit, 1).toFixed(3));
      if (value <= -0.05 * limit) add(picture, "path", { class: "axis", d: `M${x + cell * 0.3},${y + cell / 2 - 0.5}h${cell * 0.4 - 1}`, "pointer-events": "none" });
    }));
    add(picture, "rect", { class: "rule", x: margin - 0.5, y: -0.5, width: size, height: size, fill: "none" });
    const box = add(picture, "rect", { class: "chosen", width: cell, height: cell, visibility: "hidden" });
    return (i, j) => {
      for (const [key, value] of [["x", margin + j * cell - 0.5], ["y", i * cell - 0.5], ["visibility", "visible"]]) box.setAttribute(key, value);
    };
  }

  function colourKey(panel, limit, margin) {
    const picture = add(panel, "svg", { width: margin + 170, height: 28, "aria-hidden": "true" });
    for (let k = -10; k <= 10; k += 1) {
      add(picture, "rect", { class: k < 0 ? "below" : "above", x: margin + (k + 10) * 7, y: 0, width: 7, height: 9, "fill-opacity": Math.abs(k) / 10 });
    }
    add(picture, "rect", { class: "rule", x: margin, y: 0, width: 147, height: 9, fill: "none" });
    for (const [value, x] of [[-limit, 0], [0, 73.5], [limit, 147]]) {
      add(picture, "text", { x: margin + x, y: 23, "text-anchor": "middle" }, tick(value));
    }
  }

  function associations(element, data) {
    const { columns: names, real, synthetic } = data;
    const n = names.length;
    const difference = real.map((row, i) => row.map((value, j) => (value === null || synthetic[i][j] === null ? null : Math.round(1000 * (synthetic[i][j] - value)) / 1000)));
    const most = Math.max(0, ...difference.flat().map((value) => Math.abs(value)));
    const limit = [0.1, 0.2, 0.5, 1, 2].find((step) => most <= step);
    const figure = begin(element, "Associations of columns: real, synthetic, and their difference");
    const margin = Math.min(92, 12 + 6.2 * Math.max(...names.map((name) => [...name].length)));
    const room = element.clientWidth || 1100;
    const side = room > 950 ? room / 3 - 26 : room > 640 ? room / 2 - 26 : room;
    const cell = Math.max(12, Math.min(26, Math.floor((side - margin - 4) / n)));
    const group = add(figure, "div", { class: "panels", tabindex: 0, role: "group", "aria-label": "Heat maps; the arrow keys move from pair to pair" });
    const choose = [["real", real, 1], ["synthetic", synthetic, 1], ["synthetic − real", difference, limit]].map(([heading, values, most]) => {
      const panel = add(group, "div", { class: "panel" });
      const mark = heatMap(panel, heading, names, values, most, cell, margin);
      colourKey(panel, most, margin);
      return mark;
    });
    const readout = add(figure, "p", { class: "readout", "aria-live": "polite" }, "Point at a pair, or walk with the arrow keys.");
    const kind = (i, j) => ["Cramér’s V", "correlation ratio", "Spearman’s correlation"][Number(data.numeric[i]) + Number(data.numeric[j])];
    let [row, column] = [0, Math.min(1, n - 1)];
    const show = (i, j) => {
      [row, column] = [i, j];
      choose.forEach((mark) => mark(i, j));
      readout.textContent = i === j ? names[i] : `${names[i]} × ${names[j]}, ${kind(i, j)}: real ${number(real[i][j])}, synthetic ${number(synthetic[i][j])}, difference ${number(difference[i][j])}`;
    };
    group.addEventListener("pointerover", (event) => {
      const { row: i, column: j } = event.target.dataset;
      if (i !== undefined) show(Number(i), Number(j));
    });
    group.addEventListener("focus", () => show(row, column));
    group.addEventListener("keydown", (event) => {
      const [down, right] = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key] || [0, 0];
      if (!down && !right) return;
      event.preventDefault();
      show((row + down + n) % n, (column + right + n) % n);
    });
    add(figure, "p", { class: "note" }, "Two numbers: Spearman’s correlation, the only one with a sign. Two categories: Cramér’s V. A number and a category: correlation ratio. A dash marks values below zero, a stroke those that are not defined.");
    leftOut(figure, data.left_out);
    const pairs = [];
    for (let i = 0; i < n; i += 1) for (let j = i + 1; j < n; j += 1) pairs.push([i, j]);
    pairs.sort(([i, j], [k, l]) => Math.abs(difference[k][l]) - Math.abs(difference[i][j]));
    table(numbers(figure), "Pairs, the largest difference first", ["pair", "measure", "real", "synthetic", "difference"], pairs.map(([i, j]) => [`${names[i]} × ${names[j]}`, kind(i, j), number(real[i][j]), number(synthetic[i][j]), number(difference[i][j])]));
  }

  // ---- projection

  const SHAPES = {
    real: (x, y) => `M${x - 2.4},${y}a2.4,2.4 0 1 0 4.8,0a2.4,2.4 0 1 0 -4.8,0`,
    synthetic: (x, y) => `M${x - 2.3},${y - 2.3}l4.6,4.6m0,-4.6l-4.6,4.6`,
    holdout: (x, y) => `M${x},${y - 2.8}l2.6,4.6h-5.2z`,
  };

  // Limits of an axis: all train and held-out rows, and others as far as half of that width beyond them.
  function limits(data, axis) {
    const known = data.train.concat(data.holdout).map((point) => point[axis]);
    const [low, high] = [Math.min(...known), Math.max(...known)];
    const beyond = (high - low || 1) / 2;
    const others = data.synthetic.map((point) => point[axis]);
    const ends = [Math.max(Math.min(low, ...others), low - beyond), Math.min(Math.max(high, ...others), high + beyond)];
    const gap = (ends[1] - ends[0] || 1) * 0.03;
    return [ends[0] - gap, ends[1] + gap];
  }

  function scatter(panel, heading, data, kind, points, [across, up]) {
    add(panel, "p", {}, heading);
    const [width, height, left, base] = [310, 290, 36, 252];
    const picture = canvas(panel, width, height, `${heading}: scatter on the first two principal components of train`);
    const x = linear(...across, left, width - 4);
    const y = linear(...up, base, 4);
    leftAxis(picture, ticks(...up, 5), y, left, width - 4, tick);
    bottomAxis(picture, ticks(...across, 5), x, base, left, width - 4);
    const share = (k) => `component ${k + 1}, ${Math.round(100 * data.axes[k].explained)} % of the variance`;
    add(picture, "text", { x: (left + width) / 2, y: base + 33, "text-anchor": "middle" }, share(0));
    add(picture, "text", { "text-anchor": "middle", transform: `translate(9,${base / 2}) rotate(-90)` }, share(1));
    const dots = add(picture, "g", { class: "dots" });
    let outside = 0;
    for (const [name, mark, side] of [["edge", SHAPES.real, data.train], [kind, SHAPES[kind], points]]) {
      for (const point of side) {
        const inside = point[0] >= across[0] && point[0] <= across[1] && point[1] >= up[0] && point[1] <= up[1];
        if (!inside) outside += 1;
        else add(dots, "path", { class: name, d: mark(Number(x(point[0]).toFixed(1)), Number(y(point[1]).toFixed(1))) });
      }
    }
    if (outside) add(panel, "small", {}, `${outside} rows lie outside the frame`);
  }

  function projection(element, data) {
    const figure = begin(element, "Rows on the first two principal components of train");
    const dot = (kind, name) => (key) => add(add(key, "g", { class: "dots" }), "path", { class: name, d: SHAPES[kind](11, 6) });
    keys(figure, [[dot("real", "edge"), "train"], [dot("synthetic", "synthetic"), "synthetic"], [dot("holdout", "holdout"), "held-out"]]);
    const panels = add(figure, "div", { class: "panels" });
    const ends = [limits(data, 0), limits(data, 1)];
    scatter(add(panels, "div", { class: "panel" }), "synthetic over train", data, "synthetic", data.synthetic, ends);
    if (data.holdout.length) scatter(add(panels, "div", { class: "panel" }), "held-out over train, for comparison", data, "holdout", data.holdout, ends);
    const main = data.axes.map((axis, k) => `component ${k + 1}: ${Object.entries(axis.columns).map(([name, share]) => `${name} ${percent(share)}`).join(", ")}`);
    add(figure, "p", { class: "note" }, `At most 400 rows of each part. What weighs most in ${main.join("; ")}.`);
    const rows = [];
    for (const [name, side] of [["train", data.train], ["held-out", data.holdout], ["synthetic", data.synthetic]]) {
      [0, 1].forEach((axis) => {
        const values = side.map((point) => point[axis]).sort((a, b) => a - b);
        const at = (level) => (values.length ? number(values[Math.round(level * (values.length - 1))]) : "–");
        rows.push([`${name}, component ${axis + 1}`, `${values.length}`, ...[0, 0.25, 0.5, 0.75, 1].map(at)]);
      });
    }
    table(numbers(figure), "Coordinates of the rows that are drawn", ["", "rows", "lowest", "25 %", "median", "75 %", "highest"], rows);
  }

  // ---- distances to the closest record

  function dcr(element, data) {
    const { edges, synthetic, holdout, medians } = data;
    const figure = begin(element, "Distance to the closest train row, of synthetic and of held-out rows");
    keys(figure, [
      [(key) => { add(key, "rect", { class: "synthetic area", x: 0, y: 1, width: 22, height: 11 }); add(key, "path", { class: "synthetic", d: "M0,1H22" }); }, "synthetic"],
      lineKey("holdout", "held-out real rows"),
    ]);
    const width = Math.max(300, Math.min(620, element.clientWidth || 620));
    const [left, right, base] = [40, width - 8, 206];
    const picture = canvas(figure, width, 246, "Shares of synthetic and of held-out rows over the distance to the closest train row");
    const top = Math.max(...synthetic, ...holdout);
    const x = linear(edges[0], edges[edges.length - 1], left, right);
    const y = linear(0, top * 1.04, base, 6);
    leftAxis(picture, ticks(0, top, 4).slice(1), y, left, right, (share) => `${tick(Number((100 * share).toPrecision(6)))} %`);
    for (const kind of ["synthetic area", "synthetic", "holdout"]) {
      add(picture, "path", { class: kind, d: outline(edges, kind === "holdout" ? holdout : synthetic, x, y) });
    }
    bottomAxis(picture, ticks(edges[0], edges[edges.length - 1], 6), x, base, left, right);
    add(picture, "text", { x: (left + right) / 2, y: base + 34, "text-anchor": "middle" }, "distance to the closest train row");
    add(figure, "p", { class: "note" }, `Median ${number(medians.synthetic)} for synthetic and ${number(medians.holdout)} for held-out rows. Where the steps lie left of the dashed curve, synthetic rows are closer to train rows than unseen real rows are. The last bin also holds everything beyond it.`);
    table(numbers(figure), "Shares of the rows by distance", ["from", "to", "synthetic", "held-out"], synthetic.map((share, i) => [number(edges[i]), i + 1 < synthetic.length ? number(edges[i + 1]) : "beyond", percent(share), percent(holdout[i])]));
  }

  window.figures = { columns, associations, projection, dcr };
})();
