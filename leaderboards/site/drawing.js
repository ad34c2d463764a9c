// What the pictures of figures.js are made of: elements, numbers, axes and tables, as window.drawing.
// Every text is set as text. Styles are set through the object model, which a page's security policy allows.
"use strict";
(() => {
  const NAMESPACE = "http://www.w3.org/2000/svg";
  // The page names the colours; those written here stand in where it does not.
  const STYLE = `
    .plotted {
      --of-real: var(--real, light-dark(#4d5359, #b4bac2)); --of-line: var(--line, #8886);
      --of-synthetic: var(--synthetic, light-dark(#0b57a4, #8abcf5)); --of-text: var(--muted, GrayText);
      --of-holdout: var(--holdout, light-dark(#a04a00, #f0a45d)); --of-ink: var(--ink, CanvasText);
      margin: 1rem 0; color: var(--of-ink); font-size: 13px; line-height: 1.45;
    }
    .plotted svg { display: block; max-width: none; overflow: visible; }
    .plotted svg text { font-size: 11px; fill: var(--of-text); }
    .plotted .special { font-style: italic; }
    .plotted .rule { fill: none; stroke: var(--of-line); }
    .plotted .axis { fill: none; stroke: var(--of-text); }
    .plotted .real { fill: var(--of-real); fill-opacity: .6; }
    .plotted .real.area { fill-opacity: .3; }
    .plotted .synthetic { fill: none; stroke: var(--of-synthetic); stroke-width: 1.6; }
    .plotted .synthetic.area { fill: var(--of-synthetic); fill-opacity: .18; stroke: none; }
    .plotted .holdout { fill: none; stroke: var(--of-holdout); stroke-width: 1.8; stroke-dasharray: 5 3; }
    .plotted .train { fill: none; stroke: var(--of-real); stroke-width: 1.1; stroke-opacity: .6; }
    .plotted .dots .synthetic { stroke-width: 1.2; stroke-opacity: .85; }
    .plotted .dots .holdout { stroke-width: 1.1; stroke-opacity: .85; stroke-dasharray: none; }
    .plotted .above { fill: var(--above, light-dark(#b35806, #f5a04a)); }
    .plotted .below { fill: var(--below, light-dark(#2166ac, #6cb2f0)); }
    .plotted .same { fill: var(--of-line); fill-opacity: .6; }
    .plotted .chosen { fill: none; stroke: var(--of-ink); stroke-width: 2; }
    .plotted-keys { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; margin: 0 0 .5rem; padding: 0; list-style: none; }
    .plotted-keys li { display: flex; gap: .4rem; align-items: center; }
    .plotted-panels { display: flex; flex-wrap: wrap; gap: 1.1rem 1.6rem; align-items: flex-start; }
    .plotted-panel { max-width: 100%; }
    .plotted-panel.small { width: 240px; }
    .plotted .plotted-panel p { margin: 0 0 .2rem; overflow-wrap: anywhere; }
    .plotted-scroll { overflow-x: auto; max-width: 100%; padding: 2px; }
    .plotted .plotted-note { margin: .4rem 0; max-width: 75ch; font-size: 12px; color: var(--of-text); }
    .plotted .plotted-readout { margin: .4rem 0; min-height: 1.5em; }
    .plotted table { border-collapse: collapse; margin: .5rem 0 1rem; font-variant-numeric: tabular-nums; }
    .plotted td, .plotted th { padding: .1rem .6rem .1rem 0; text-align: right; font-weight: 400; }
    .plotted tr > :first-child, .plotted caption { text-align: left; overflow-wrap: anywhere; }
    .plotted thead th { color: var(--of-text); border-bottom: 1px solid var(--of-line); }`;
  let styled = false;

  // ---- elements

  function add(parent, name, attributes = {}, text = null) {
    const drawn = name === "svg" || parent.namespaceURI === NAMESPACE;
    const node = drawn ? document.createElementNS(NAMESPACE, name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== null) node.textContent = text;
    return parent.appendChild(node);
  }

  function begin(element, label) {
    if (!styled) {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
      styled = true;
    }
    return add(element, "figure", { class: "plotted", "aria-label": label });
  }

  function canvas(parent, width, height, label) {
    return add(parent, "svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  }

  // A text of at most so many letters; a longer one is shortened and has its whole in a title.
  function label(parent, attributes, text, most) {
    const letters = [...text];
    if (letters.length <= most) return add(parent, "text", attributes, text);
    const node = add(parent, "text", attributes, `${letters.slice(0, most - 1).join("")}…`);
    add(node, "title", {}, text);
    return node;
  }

  function note(parent, text) {
    add(parent, "p", { class: "plotted-note" }, text);
  }

  // ---- numbers

  const signed = (text) => text.replace(/-/g, "−").replace("e+", "e");
  const absent = (value) => value === null || value === undefined;

  function number(value) {
    if (absent(value)) return "–";
    const size = Math.abs(value);
    if (size >= 1e9 || (size > 0 && size < 1e-4)) return signed(value.toExponential(2));
    return signed(value.toLocaleString("en", { maximumSignificantDigits: 4, useGrouping: size >= 1e4 }));
  }

  const percent = (share) => (absent(share) ? "–" : `${number(100 * share)}\u00a0%`);

  function tick(value) {
    const size = Math.abs(value);
    for (const [unit, letter] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
      if (size >= Math.max(unit, 1e4) && size < 1e12) return signed(`${Number((value / unit).toPrecision(4))}${letter}`);
    }
    return signed(size >= 1e12 || (size > 0 && size < 1e-3) ? value.toExponential() : `${value}`);
  }

  const tickPercent = (share) => (share === 0 ? "0" : `${tick(Number((100 * share).toPrecision(6)))}\u00a0%`);

  // Round values inside an interval, 1, 2 or 5 times a power of ten apart, at most so many of them.
  function ticks(low, high, most) {
    if (!(high > low)) return [low];
    const power = 10 ** Math.floor(Math.log10((high - low) / most));
    const fits = (step) => Math.floor(high / step) - Math.ceil(low / step) < most;
    const step = [1, 2, 5, 10, 20, 50].map((times) => times * power).find(fits);
    const found = [];
    for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k += 1) {
      found.push(Number((k * step).toPrecision(10)));
    }
    return found;
  }

  const linear = (low, high, start, end) => (value) => start + ((value - low) / (high - low || 1)) * (end - start);

  // ---- axes, legends, tables

  function bottomAxis(picture, values, place, y, from, to, write = tick) {
    add(picture, "line", { class: "axis", x1: from, x2: to, y1: y, y2: y });
    for (const value of values) {
      add(picture, "line", { class: "axis", x1: place(value), x2: place(value), y1: y, y2: y + 3 });
      add(picture, "text", { x: place(value), y: y + 15, "text-anchor": "middle" }, write(value));
    }
  }

  function leftAxis(picture, values, place, x, to, write = tick) {
    for (const value of values) {
      add(picture, "line", { class: "rule", x1: x, x2: to, y1: place(value), y2: place(value) });
      add(picture, "text", { x: x - 5, y: place(value) + 4, "text-anchor": "end" }, write(value));
    }
  }

  // Entries are [function that draws into an svg of 22 by 12, text].
  function keys(parent, entries) {
    const list = add(parent, "ul", { class: "plotted-keys" });
    for (const [draw, text] of entries) {
      const item = add(list, "li");
      draw(add(item, "svg", { width: 22, height: 12, "aria-hidden": "true" }));
      add(item, "span", {}, text);
    }
  }

  function table(parent, caption, heads, rows) {
    const whole = add(parent, "table");
    add(whole, "caption", {}, caption);
    const head = add(add(whole, "thead"), "tr");
    for (const text of heads) add(head, "th", { scope: "col" }, text);
    const body = add(whole, "tbody");
    for (const [first, ...rest] of rows) {
      const row = add(body, "tr");
      add(row, "th", { scope: "row" }, first);
      for (const text of rest) add(row, "td", {}, text);
    }
  }

  // Where the tables behind a picture go; its data say of which cell they are.
  function numbers(figure, data) {
    const details = add(figure, "details");
    add(details, "summary", {}, `Numbers of this picture (split seed ${data.split_seed}, seed ${data.seed})`);
    return add(details, "div", { class: "plotted-scroll" });
  }

  // Bars without gaps: the outline of shares between edges, down to the base at both ends.
  function outline(edges, shares, x, y) {
    const parts = [`M${x(edges[0]).toFixed(1)},${y(0).toFixed(1)}`];
    shares.forEach((share, i) => parts.push(`V${y(share).toFixed(1)}H${x(edges[i + 1]).toFixed(1)}`));
    return `${parts.join("")}V${y(0).toFixed(1)}`;
  }

  window.drawing = {
    add, begin, canvas, label, note, number, percent, tick, tickPercent, ticks, linear,
    bottomAxis, leftAxis, keys, table, numbers, outline,
  };
})();
