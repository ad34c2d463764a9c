// The pictures of a dataset page as inline SVG, from the data of figures.py: window.figures.columns, .associations,
// .projection and .dcr append one to an element. drawing.js must be in the page too.
// Real, synthetic and held-out rows differ by shape or dash as well as by colour. Sizes are in pixels of the page and
// not scaled, so that text stays legible on a phone.
"use strict";
(() => {
  const {
    add, begin, canvas, label, note, number, percent, tick, tickPercent, ticks, linear,
    bottomAxis, leftAxis, keys, table, numbers, outline,
  } = window.drawing;

  function leftOut(figure, names) {
    if (names.length) note(figure, `Not shown, with smaller errors: ${names.join(", ")}.`);
  }

  // ---- single columns

  const MOST_BARS = 12;
  const BINS = 24;
  const LISTED = [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1];
  const nameOf = (text) => (text === null ? "(missing)" : text);
  const toPermille = (share) => Math.round(1000 * share) / 1000;
  const sum = (values) => values.reduce((total, value) => total + value, 0);

  const whole = (quantiles) => quantiles.filter(Number.isInteger).length >= 0.8 * quantiles.length;

  // Share of the rows below a value, as a function, from quantiles. Where several of them are equal many rows have
  // that value, which counts as spread over a unit where values are whole.
  function sharesBelow(levels, quantiles) {
    const knots = [];
    const half = whole(quantiles) ? 0.5 : 0;
    const last = quantiles.length - 1;
    for (let i = 0, end; i <= last; i = end + 1) {
      end = quantiles.lastIndexOf(quantiles[i]);
      const low = i === 0 ? 0 : (levels[i] + levels[i - 1]) / 2;
      const high = end === last ? 1 : (levels[end] + levels[end + 1]) / 2;
      if (end === i) knots.push([quantiles[i], levels[i]]);
      else knots.push([quantiles[i] - half, low], [quantiles[i] + half, high]);
    }
    return (value) => {
      const next = knots.findIndex(([place]) => place >= value);
      if (next <= 0) return next < 0 ? 1 : 0;
      const [[a, p], [b, q]] = [knots[next - 1], knots[next]];
      return p + ((q - p) * (value - a)) / (b - a);
    };
  }

  // Edges of bins over both sides: of whole width between whole numbers where the first side is whole, or a whole value
  // would now and then fall into a bin of its own; and without long tails.
  function binEdges(sides) {
    const from = (place) => Math.min(...sides.map((side) => side.at(place)));
    const to = (place) => Math.max(...sides.map((side) => side.at(place)));
    let [low, high] = [from(0), to(-1)];
    const span = to(-2) - from(1);
    if (span > 0 && high - low > 3 * span) {
      [low, high] = [Math.max(low, from(1) - span / 10), Math.min(high, to(-2) + span / 10)];
    }
    if (whole(sides[0])) {
      [low, high] = [Math.floor(low), Math.ceil(high)];
      const width = Math.max(1, Math.ceil((high - low + 1) / BINS));
      const count = Math.ceil((high - low + 1) / width);
      return Array.from({ length: count + 1 }, (_, i) => low - 0.5 + i * width);
    }
    if (low === high) [low, high] = [low - Math.abs(low || 1) / 2, high + Math.abs(high || 1) / 2];
    return Array.from({ length: BINS + 1 }, (_, i) => low + (i * (high - low)) / BINS);
  }

  function numberPanel(panel, column, levels) {
    const present = column.quantiles.filter((side) => side !== null);
    if (!present.length) return note(panel, "no value on either side");
    const edges = binEdges(present);
    const end = edges.at(-1);
    const shares = column.quantiles.map((side) => {
      if (side === null) return null;
      const below = sharesBelow(levels, side);
      const at = edges.map((edge) => (edge === end && end >= side.at(-1) ? 1 : below(edge)));
      return at.slice(1).map((share, i) => Math.max(share - at[i], 0));
    });
    const top = Math.max(...shares.flat()) || 1;
    const [left, right, base] = [36, 234, 100];
    const picture = canvas(panel, 240, 120, `${column.name}: shares of real and of synthetic rows over the values`);
    const [x, y] = [linear(edges[0], end, left, right), linear(0, top * 1.05, base, 6)];
    leftAxis(picture, ticks(0, top, 2).slice(1), y, left, right, tickPercent);
    if (shares[0]) add(picture, "path", { class: "real area", d: outline(edges, shares[0], x, y) });
    if (shares[1]) add(picture, "path", { class: "synthetic", d: outline(edges, shares[1], x, y) });
    bottomAxis(picture, ticks(edges[0], end, 4), x, base, left, right);
    const beyond = shares.map((side) => (side ? toPermille(1 - sum(side)) : null));
    const notes = beyond.flatMap((share, i) => (share === null ? [`no ${["real", "synthetic"][i]} value`] : []));
    if (Math.max(...beyond) > 0.01) {
      notes.unshift(`beyond the axis: real ${percent(beyond[0])}, synthetic ${percent(beyond[1])}`);
    }
    if (notes.length) note(panel, notes.join("; "));
  }

  function labelPanel(panel, column) {
    const shares = column.labels.map((_, i) => column.frequencies.map((side) => side[i]));
    const shown = shares.slice(0, MOST_BARS);
    const longest = Math.max(...column.labels.slice(0, MOST_BARS).map((text) => [...nameOf(text)].length));
    const [left, right, height] = [Math.min(98, 14 + 6.4 * longest), 232, 17];
    const base = shown.length * height + 4;
    const picture = canvas(panel, 240, base + 20, `${column.name}: shares of real and of synthetic rows with each label`);
    const top = Math.max(...shown.flat());
    const x = linear(0, top, left, right);
    shown.forEach(([real, synthetic], i) => {
      const [text, y] = [nameOf(column.labels[i]), i * height + 2];
      const row = add(picture, "g", column.labels[i] === null ? { class: "special" } : {});
      add(row, "title", {}, `${text}: real ${percent(real)}, synthetic ${percent(synthetic)}`);
      label(row, { x: left - 6, y: y + 11, "text-anchor": "end" }, text, 14);
      add(row, "rect", { class: "real", x: left, y: y + 1, width: x(real) - left, height: 6 });
      add(row, "rect", { class: "synthetic", x: left, y: y + 8.5, width: x(synthetic) - left, height: 4.5 });
    });
    bottomAxis(picture, ticks(0, top, 3), x, base, left, right, tickPercent);
    const hidden = shares.slice(MOST_BARS);
    const [real, synthetic] = column.rest.map((rest, side) => rest + sum(hidden.map((row) => row[side])));
    if (real + synthetic > 0) {
      note(panel, `other labels: real ${percent(toPermille(real))}, synthetic ${percent(toPermille(synthetic))}`);
    }
  }

  function columnTable(parent, column, levels) {
    const sides = column.quantiles ?? column.frequencies;
    const at = (place) => sides.map((side) => (column.quantiles ? number(side?.[place]) : percent(side[place])));
    const rows = column.quantiles
      ? LISTED.map((level) => [`${100 * level}\u00a0% quantile`, ...at(levels.indexOf(level))])
      : column.labels.map((text, i) => [nameOf(text), ...at(i)]);
    if (column.rest && sum(column.rest) > 0) rows.push(["(other)", ...column.rest.map(percent)]);
    table(parent, `${column.name}, ${errorOf(column)}`, [column.quantiles ? "" : "label", "real", "synthetic"], rows);
  }

  function errorOf(column) {
    const value = column.error === null ? "not defined" : `${column.error.toFixed(2)}\u00a0%`;
    return `${column.quantiles ? "KS" : "TV"} ${value}`;
  }

  function columns(element, data) {
    const figure = begin(element, "Single columns, real and synthetic, the largest error first");
    keys(figure, [
      [(key) => add(key, "rect", { class: "real area", y: 1, width: 22, height: 10 }), "real"],
      [(key) => add(key, "path", { class: "synthetic", d: "M0,6H22" }), "synthetic"],
    ]);
    const panels = add(figure, "div", { class: "plotted-panels" });
    for (const column of data.columns) {
      const panel = add(panels, "div", { class: "plotted-panel small" });
      const heading = add(panel, "p");
      add(heading, "b", {}, column.name);
      add(heading, "span", {}, ` ${errorOf(column)}`);
      if (column.quantiles) numberPanel(panel, column, data.levels);
      else labelPanel(panel, column);
    }
    note(figure, `Numbers: shares of the rows in bins, from ${data.levels.length} quantiles; KS is the largest distance of
      the distribution functions. Labels: shares of the rows; TV is half the sum of their differences.`);
    leftOut(figure, data.left_out);
    const inside = numbers(figure, data);
    for (const column of data.columns) columnTable(inside, column, data.levels);
  }

  // ---- associations

  // One heat map; returns what marks a pair in it.
  function heatMap(panel, heading, names, values, limit, cell, margin) {
    const size = names.length * cell;
    add(panel, "p", {}, heading);
    const scroll = add(panel, "div", { class: "plotted-scroll" });
    const told = `${heading}: heat map of ${names.length} columns`;
    const picture = canvas(scroll, margin + size + 2, size + margin + 34, told);
    const letters = Math.floor(margin / 6.2) - 1;
    names.forEach((name, i) => {
      const middle = (i + 0.5) * cell + 4;
      const turned = `translate(${margin + middle},${size + 6}) rotate(-90)`;
      label(picture, { x: margin - 5, y: middle, "text-anchor": "end" }, name, letters);
      label(picture, { transform: turned, "text-anchor": "end" }, name, letters);
    });
    values.forEach((row, i) => row.forEach((value, j) => {
      const [x, y] = [margin + j * cell, i * cell];
      const square = add(picture, "rect", { x, y, width: cell - 1, height: cell - 1, "data-row": i, "data-column": j });
      const line = (d) => add(picture, "path", { class: "axis", d, "pointer-events": "none" });
      square.setAttribute("class", i === j ? "same" : value < 0 ? "below" : "above");
      square.setAttribute("fill-opacity", Math.min(Math.abs(value) / limit, 1).toFixed(3));
      if (value === null && i !== j) line(`M${x + 3},${y + cell - 4}L${x + cell - 4},${y + 3}`);
      if (value <= -0.1 * limit) line(`M${x + 0.3 * cell},${y + cell / 2 - 0.5}h${0.4 * cell - 1}`);
    }));
    add(picture, "rect", { class: "rule", x: margin - 0.5, y: -0.5, width: size, height: size });
    colourKey(picture, limit, margin, size + margin + 2);
    const box = add(picture, "rect", { class: "chosen", width: cell, height: cell, visibility: "hidden" });
    return (i, j) => {
      const left = margin + j * cell;
      const hidden = left < scroll.scrollLeft || left + cell > scroll.scrollLeft + scroll.clientWidth;
      if (hidden) scroll.scrollLeft = left - scroll.clientWidth / 2;
      box.setAttribute("x", left - 0.5);
      box.setAttribute("y", i * cell - 0.5);
      box.setAttribute("visibility", "visible");
    };
  }

  function colourKey(picture, limit, x, y) {
    for (let k = -10; k <= 10; k += 1) {
      const shade = { class: k < 0 ? "below" : "above", "fill-opacity": Math.abs(k) / 10 };
      add(picture, "rect", { ...shade, x: x + (k + 10) * 7, y, width: 7, height: 9 });
    }
    add(picture, "rect", { class: "rule", x, y, width: 147, height: 9 });
    for (const part of [-1, 0, 1]) {
      add(picture, "text", { x: x + 73.5 * (1 + part), y: y + 22, "text-anchor": "middle" }, tick(part * limit));
    }
  }

  function associations(element, data) {
    const { columns: names, numeric, real, synthetic } = data;
    const n = names.length;
    const change = (a, b) => (a === null || b === null ? null : Math.round(1000 * (b - a)) / 1000);
    const difference = real.map((row, i) => row.map((value, j) => change(value, synthetic[i][j])));
    const most = Math.max(0, ...difference.flat().map(Math.abs));
    const limit = [0.1, 0.2, 0.5, 1, 2].find((step) => most <= step);
    const figure = begin(element, "Associations of columns: real, synthetic, and their difference");
    const margin = Math.min(92, 18 + 6.2 * Math.max(...names.map((name) => [...name].length)));
    const room = element.clientWidth || 1100;
    const side = room / (room > 950 ? 3 : room > 640 ? 2 : 1) - 30;
    const cell = Math.max(12, Math.min(26, Math.floor((side - margin) / n)));
    const named = { role: "group", "aria-label": "Heat maps; the arrow keys move from pair to pair" };
    const group = add(figure, "div", { class: "plotted-panels", tabindex: 0, ...named });
    const maps = [["real", real, 1], ["synthetic", synthetic, 1], ["synthetic − real", difference, limit]];
    const marks = maps.map(([heading, values, scale]) =>
      heatMap(add(group, "div", { class: "plotted-panel" }), heading, names, values, scale, cell, margin));
    const kind = (i, j) => ["Cramér's V", "correlation ratio", "Spearman's correlation"][numeric[i] + numeric[j]];
    const found = (i, j) => [real, synthetic, difference].map((values) => number(values[i][j]));
    const readout = add(figure, "p", { class: "plotted-readout", "aria-live": "polite" });
    readout.textContent = "Point at a pair, or walk with the arrow keys.";
    let [row, column] = [0, Math.min(1, n - 1)];
    const show = (i, j) => {
      [row, column] = [i, j];
      for (const mark of marks) mark(i, j);
      const [a, b, c] = found(i, j);
      const pair = `${names[i]} × ${names[j]}, ${kind(i, j)}: real ${a}, synthetic ${b}, difference ${c}`;
      readout.textContent = i === j ? names[i] : pair;
    };
    group.addEventListener("pointerover", (event) => {
      const at = event.target.dataset;
      if (at.row !== undefined) show(Number(at.row), Number(at.column));
    });
    group.addEventListener("focus", () => show(row, column));
    group.addEventListener("keydown", (event) => {
      const steps = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key];
      if (!steps) return;
      event.preventDefault();
      show((row + steps[0] + n) % n, (column + steps[1] + n) % n);
    });
    note(figure, `Two numbers: Spearman's correlation, the only one with a sign. Two categories: Cramér's V. A number and
      a category: correlation ratio. A dash marks values clearly below zero, a stroke those that are not defined.`);
    leftOut(figure, data.left_out);
    const pairs = names.flatMap((_, i) => names.slice(i + 1).map((_, k) => [i, i + 1 + k]));
    pairs.sort(([i, j], [k, l]) => Math.abs(difference[k][l]) - Math.abs(difference[i][j]));
    const rows = pairs.map(([i, j]) => [`${names[i]} × ${names[j]}`, kind(i, j), ...found(i, j)]);
    const heads = ["pair", "measure", "real", "synthetic", "difference"];
    table(numbers(figure, data), "The largest difference first", heads, rows);
  }

  // ---- projection

  const SHAPES = {
    train: (x, y) => `M${x - 2.4},${y}a2.4,2.4 0 1 0 4.8,0a2.4,2.4 0 1 0 -4.8,0`,
    synthetic: (x, y) => `M${x - 2.3},${y - 2.3}l4.6,4.6m0,-4.6l-4.6,4.6`,
    holdout: (x, y) => `M${x},${y - 2.8}l2.6,4.6h-5.2z`,
  };

  // Ends of an axis: all train and held-out rows, and synthetic ones as far as half of that width beyond them.
  function limits(data, axis) {
    const known = [...data.train, ...data.holdout].map((point) => point[axis]);
    const others = data.synthetic.map((point) => point[axis]);
    const [low, high] = [Math.min(...known), Math.max(...known)];
    const half = (high - low || 1) / 2;
    const start = Math.max(Math.min(low, ...others), low - half);
    const end = Math.min(Math.max(high, ...others), high + half);
    const gap = 0.03 * (end - start || 1);
    return [start - gap, end + gap];
  }

  function scatter(panel, heading, data, kind, [across, up]) {
    add(panel, "p", {}, heading);
    const [width, left, base] = [310, 36, 252];
    const right = width - 4;
    const picture = canvas(panel, width, 290, `${heading}: scatter on the first two principal components of train`);
    const [x, y] = [linear(...across, left, right), linear(...up, base, 4)];
    leftAxis(picture, ticks(...up, 5), y, left, right);
    bottomAxis(picture, ticks(...across, 5), x, base, left, right);
    const [first, second] = data.axes.map((axis, k) =>
      `component ${k + 1}, ${Math.round(100 * axis.explained)}\u00a0% of the variance`);
    add(picture, "text", { x: (left + right) / 2, y: base + 33, "text-anchor": "middle" }, first);
    add(picture, "text", { transform: `translate(9,${base / 2}) rotate(-90)`, "text-anchor": "middle" }, second);
    const dots = add(picture, "g", { class: "dots" });
    const inside = ([a, b]) => a >= across[0] && a <= across[1] && b >= up[0] && b <= up[1];
    for (const name of ["train", kind]) {
      for (const [a, b] of data[name].filter(inside)) {
        add(dots, "path", { class: name, d: SHAPES[name](Number(x(a).toFixed(1)), Number(y(b).toFixed(1))) });
      }
    }
    const outside = data[kind].filter((point) => !inside(point)).length;
    if (outside) note(panel, `${outside} of ${data[kind].length} rows lie outside the frame`);
  }

  function projection(element, data) {
    const figure = begin(element, "Rows on the first two principal components of train");
    const dot = (name) => (key) => add(add(key, "g", { class: "dots" }), "path", { class: name, d: SHAPES[name](11, 6) });
    const every = [["train", "train"], ["synthetic", "synthetic"], ["holdout", "held-out"]];
    const sides = every.filter(([name]) => data[name].length);
    keys(figure, sides.map(([name, text]) => [dot(name), text]));
    const panels = add(figure, "div", { class: "plotted-panels" });
    const ends = [limits(data, 0), limits(data, 1)];
    const panel = () => add(panels, "div", { class: "plotted-panel" });
    scatter(panel(), "synthetic over train", data, "synthetic", ends);
    if (data.holdout.length) scatter(panel(), "held-out over train, for comparison", data, "holdout", ends);
    const weights = data.axes.flatMap((axis, k) => {
      const main = Object.entries(axis.columns).map(([name, share]) => `${name} ${Math.round(100 * share)}\u00a0%`);
      return axis.explained > 0 ? [`component ${k + 1}: ${main.join(", ")}`] : [];
    });
    const most = Math.max(...sides.map(([name]) => data[name].length));
    note(figure, `At most ${most} rows of each part. The columns that weigh most in ${weights.join("; in ")}.`);
    const rows = sides.flatMap(([name, text]) => [0, 1].map((axis) => {
      const values = data[name].map((point) => point[axis]).sort((a, b) => a - b);
      const at = (level) => number(values[Math.round(level * (values.length - 1))]);
      return [`${text}, component ${axis + 1}`, `${values.length}`, ...[0, 0.25, 0.5, 0.75, 1].map(at)];
    }));
    const heads = ["", "rows", "lowest", "25 %", "median", "75 %", "highest"];
    table(numbers(figure, data), "Coordinates of these rows", heads, rows);
  }

  // ---- distances to the closest record

  function dcr(element, data) {
    const { edges, synthetic, holdout, medians } = data;
    const figure = begin(element, "Distance to the closest train row, of synthetic and of held-out rows");
    const steps = (key) => {
      add(key, "rect", { class: "synthetic area", y: 1, width: 22, height: 11 });
      add(key, "path", { class: "synthetic", d: "M0,1H22" });
    };
    const dashes = (key) => add(key, "path", { class: "holdout", d: "M0,6H22" });
    keys(figure, [[steps, "synthetic"], [dashes, "held-out"]]);
    const width = Math.max(300, Math.min(620, element.clientWidth || 620));
    const [left, right, base] = [40, width - 8, 206];
    const picture = canvas(figure, width, 246, "Shares of the rows over the distance to the closest train row");
    const top = Math.max(...synthetic, ...holdout);
    const [x, y] = [linear(edges[0], edges.at(-1), left, right), linear(0, top * 1.04, base, 6)];
    leftAxis(picture, ticks(0, top, 5).slice(1), y, left, right, tickPercent);
    for (const [name, shares] of [["synthetic area", synthetic], ["synthetic", synthetic], ["holdout", holdout]]) {
      add(picture, "path", { class: name, d: outline(edges, shares, x, y) });
    }
    bottomAxis(picture, ticks(edges[0], edges.at(-1), 6), x, base, left, right);
    const across = { x: (left + right) / 2, y: base + 34, "text-anchor": "middle" };
    add(picture, "text", across, "distance to the closest train row");
    note(figure, `Median ${number(medians.synthetic)} for synthetic and ${number(medians.holdout)} for held-out rows.
      Where the steps lie left of the dashed curve, synthetic rows are closer to train rows than unseen real rows are.
      The last bin holds everything beyond it as well.`);
    const upper = (i) => (i + 1 < synthetic.length ? number(edges[i + 1]) : "and beyond");
    const rows = synthetic.map((share, i) => [number(edges[i]), upper(i), percent(share), percent(holdout[i])]);
    table(numbers(figure, data), "Shares of the rows by distance", ["from", "to", "synthetic", "held-out"], rows);
  }

  window.figures = { columns, associations, projection, dcr };
})();
