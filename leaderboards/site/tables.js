"use strict";
// Sorting and filtering of the tables of generators. Sentinels stand in a part of their own and stay below.
window.tables = (() => {
  const number = (row, place) => {
    const cell = row.cells[place];
    return cell.dataset.s === undefined ? NaN : Number(cell.dataset.s);
  };

  // Texts by the alphabet, numbers by value; what has no value comes last either way.
  const compare = (place, sign) => (first, second) => {
    if (place === 0) {
      const names = [first, second].map((row) => row.cells[0].textContent.trim());
      return sign * names[0].localeCompare(names[1], "en", { numeric: true });
    }
    const [one, other] = [number(first, place), number(second, place)];
    if (Number.isNaN(one) || Number.isNaN(other)) return Number.isNaN(one) - Number.isNaN(other);
    return sign * (one - other);
  };

  const order = (table, head, direction) => {
    for (const other of table.tHead.querySelectorAll("[aria-sort]")) other.removeAttribute("aria-sort");
    const body = table.querySelector(".competitors");
    const rows = [...body.rows];
    if (direction) {
      head.setAttribute("aria-sort", direction);
      rows.sort(compare(head.cellIndex, direction === "ascending" ? 1 : -1));
    } else {
      rows.sort((first, second) => first.dataset.rank - second.dataset.rank);
    }
    body.append(...rows);
  };

  // The first press puts the best on top, the second the worst, the third restores the order of ranks.
  const press = (table, head) => {
    const first = head.textContent.includes("↑") ? "descending" : "ascending";
    const second = first === "ascending" ? "descending" : "ascending";
    const now = head.getAttribute("aria-sort");
    order(table, head, now === null ? first : now === first ? second : null);
  };

  const makeSortable = (table) => {
    const body = table.querySelector(".competitors");
    if (body === null) return;
    [...body.rows].forEach((row, rank) => { row.dataset.rank = rank; });
    for (const head of table.querySelectorAll(".heads th")) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      button.addEventListener("click", () => press(table, head));
      head.append(button);
    }
  };

  // Hides the columns of other families, and says how many of how many are left.
  const showFamily = (table, family) => {
    const heads = [...table.querySelectorAll(".heads th")];
    const hidden = heads.map((head, place) => place > 0 && family !== "" && head.dataset.family !== family);
    for (const row of table.querySelectorAll(".heads, tbody tr")) {
      hidden.forEach((hide, place) => { row.cells[place].hidden = hide; });
    }
    for (const head of table.querySelectorAll(".families th")) {
      head.hidden = family !== "" && head.dataset.family !== family;
    }
    return [hidden.filter((hide) => !hide).length - 1, heads.length - 1];
  };

  const filter = () => {
    const [words, place, family] = ["generator", "dataset", "family"].map(
      (name) => document.getElementById(`filter-${name}`).value);
    const wanted = words.trim().toLowerCase();
    const sections = [...document.querySelectorAll("#start .dataset")];
    let [shown, rows, datasets, columns, heads] = [0, 0, 0, 0, 0];
    for (const section of sections) {
      section.hidden = place !== "" && section.dataset.place !== place;
      datasets += !section.hidden;
      const [left, all] = showFamily(section.querySelector(".board"), family);
      if (!section.hidden) [columns, heads] = [columns + left, heads + all];
      for (const row of section.querySelectorAll(".competitors tr")) {
        row.hidden = !row.cells[0].textContent.toLowerCase().includes(wanted);
        if (!section.hidden) [shown, rows] = [shown + !row.hidden, rows + 1];
      }
    }
    for (const group of document.querySelectorAll("#start .group")) {
      const own = [...group.querySelectorAll(".dataset")];
      group.hidden = own.every((section) => section.hidden);
    }
    document.getElementById("count").value =
      `${shown} of ${rows} rows, ${columns} of ${heads} columns, ${datasets} of ${sections.length} datasets`;
  };

  const start = () => {
    document.querySelectorAll(".board").forEach(makeSortable);
    const form = document.querySelector(".filters");
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    filter();
  };
  return { start };
})();
