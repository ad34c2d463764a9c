"use strict";
// Pages inside the file by what stands behind # in the address, the theme, and the menus.
(() => {
  const pages = [...document.querySelectorAll(".page")];
  const title = document.title;
  const seen = new Set();
  const left = new Map();
  let [shown, followed] = [null, false];

  const target = () => {
    let name = location.hash.slice(1);
    try { name = decodeURIComponent(name); } catch { /* as it stands */ }
    return document.getElementById(name);
  };

  const KINDS = [
    ["columns", "Columns, real against synthetic"],
    ["associations", "Associations between columns"],
    ["projection", "Records in two dimensions"],
    ["dcr", "Distance to the closest training record"],
  ];

  // The pictures of one generator at a time, drawn when the page of the dataset is first shown.
  const draw = (section) => {
    if (section === null) return;
    const data = JSON.parse(document.getElementById("figures").textContent)[section.dataset.place];
    const choice = section.querySelector("select");
    const drawn = section.querySelector(".drawn");
    const redraw = () => {
      drawn.replaceChildren();
      for (const [kind, title] of KINDS.filter(([name]) => data[choice.value][name])) {
        const heading = document.createElement("h4");
        heading.textContent = title;
        const place = document.createElement("div");
        drawn.append(heading, place);
        window.figures[kind](place, data[choice.value][kind]);
      }
    };
    choice.addEventListener("change", redraw);
    redraw();
  };

  const show = (moved) => {
    const element = target();
    // a link to a place that is in no page, such as the skip link's, leaves the page as it is
    if (element && !element.closest(".page") && moved) return;
    const page = element?.closest(".page") ?? document.getElementById("start");
    for (const other of pages) other.hidden = other !== page;
    if (!seen.has(page)) {
      seen.add(page);
      window.provenance.upgrade(page);
      draw(page.querySelector(".figures"));
    }
    const heading = page.querySelector("h2");
    shown = page;
    document.title = page.id === "start" ? title : `${heading.textContent.trim()} · ${title}`;
    for (const link of document.querySelectorAll("nav a")) {
      if (link.hash === `#${page.id}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    if (!moved) return;
    // a link starts at the top of its page; going back returns to where the page was left
    if (element && element !== page) {
      element.scrollIntoView();
    } else {
      window.scrollTo(0, followed ? 0 : left.get(page) ?? 0);
      heading.focus({ preventScroll: true });
    }
  };

  const theme = () => {
    const button = document.getElementById("theme");
    const root = document.documentElement;
    const system = matchMedia("(prefers-color-scheme: dark)");
    const read = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
    const keep = (name) => { try { localStorage.setItem("theme", name); } catch { /* for this visit only */ } };
    const now = () => root.dataset.theme ?? (system.matches ? "dark" : "light");
    const label = () => { button.textContent = now() === "dark" ? "Light theme" : "Dark theme"; };
    if (["light", "dark"].includes(read())) root.dataset.theme = read();
    button.addEventListener("click", () => {
      root.dataset.theme = now() === "dark" ? "light" : "dark";
      keep(root.dataset.theme);
      label();
    });
    system.addEventListener("change", label);
    label();
    button.hidden = false;
  };

  const menus = () => {
    const all = [...document.querySelectorAll(".menu")];
    const close = (kept) => all.forEach((menu) => { if (menu !== kept) menu.open = false; });
    document.addEventListener("click", (event) => {
      const link = event.target.closest(".menu a");
      close(link ? null : event.target.closest(".menu"));
    });
    document.addEventListener("keydown", (event) => {
      const menu = all.find((one) => one.open);
      if (event.key !== "Escape" || !menu) return;
      close(null);
      menu.querySelector("summary").focus();
    });
  };

  for (const element of document.querySelectorAll(".with-script")) element.hidden = false;
  theme();
  menus();
  window.tables.start();
  window.provenance.start();
  document.addEventListener("click", (event) => {
    if (!event.target.closest('a[href^="#"]')) return;
    left.set(shown, window.scrollY);
    followed = true;
  }, true);
  window.addEventListener("hashchange", () => {
    show(true);
    followed = false;
  });
  show(false);
})();
