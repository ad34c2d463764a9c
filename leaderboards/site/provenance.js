"use strict";
// What stands behind a number: its cells, their stages, and the runs that computed them, in a dialog.
window.provenance = (() => {
  const data = JSON.parse(document.getElementById("evidence").textContent);
  const shared = (place) => (place === null ? null : data.pool[place]);
  const readRun = ([id, started, profile, command, host, versions, commit]) => ({
    id, started, profile: shared(profile), command: shared(command), host: shared(host), versions: shared(versions),
    commit: shared(commit),
  });
  const readStage = ([
    status, phase, error, finished, wall, cpu, memory, device, run, found, returned, attempts,
  ]) => ({
    status, phase: shared(phase), error: shared(error), finished, wall, cpu, memory, device: shared(device), run, found,
    returned, attempts,
  });
  const readCell = (place) => {
    const [id, splitSeed, seed, config, , stages] = data.cells[place];
    const read = Object.entries(stages).map(([name, stage]) => [name, readStage(stage)]);
    return { id, splitSeed, seed, config: shared(config), stages: new Map(read) };
  };

  const add = (parent, tag, text, className) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    parent.append(made);
    return made;
  };
  const written = (value, digits = 6) => {
    if (value === null || value === undefined) return "n/a";
    if (typeof value !== "number" || Number.isInteger(value)) return String(value);
    return String(Number(value.toPrecision(digits)));
  };
  const listed = (value) => {
    if (value === null || typeof value !== "object") return written(value);
    if (Array.isArray(value)) return value.map(listed).join(", ");
    return Object.entries(value).map(([name, own]) => `${name} ${listed(own)}`).join(", ");
  };

  // Columns are [heading, record -> text, whether it is words]; a column that is empty throughout is left out.
  const grid = (parent, caption, columns, records) => {
    const region = add(parent, "div", undefined, "wide");
    const table = add(region, "table", undefined, "plain");
    add(table, "caption", caption);
    region.tabIndex = 0;
    region.setAttribute("role", "region");
    region.setAttribute("aria-label", caption);
    const used = columns.filter(([, read]) => records.some((record) => read(record) !== ""));
    const head = add(add(table, "thead"), "tr");
    for (const [heading, , words] of used) add(head, "th", heading, words ? "words" : "").scope = "col";
    const body = add(table, "tbody");
    for (const record of records) {
      const row = add(body, "tr");
      used.forEach(([, read, words], place) => {
        const cell = add(row, place === 0 ? "th" : "td", read(record), words ? "words" : "");
        if (place === 0) cell.scope = "row";
      });
    }
  };

  const pairs = (parent, entries) => {
    const list = add(parent, "dl", undefined, "settings");
    for (const [name, value] of entries) {
      add(list, "dt", name);
      add(list, "dd", listed(value));
    }
  };

  const failure = (stage) => (stage.status === "failed" ? `failed (${stage.phase ?? "raised"}): ${stage.error ?? ""}` : "");
  const named = (stage) => data.runs[stage.run][0] + (stage.found ? ", which found it finished" : "");
  const runColumn = ["run", (record) => (record.stage ? named(record.stage) : ""), true];
  const cellColumns = [
    ["split seed", (record) => written(record.cell.splitSeed)],
    ["seed", (record) => written(record.cell.seed)],
  ];
  const stageColumns = [
    ["device", (record) => record.stage?.device ?? "", true],
    ["ended at (UTC)", (record) => record.stage?.finished ?? "", true],
    runColumn,
    ["cell", (record) => record.cell.id, true],
  ];

  const seconds = (name) => [`${name} s`, (record) => {
    const stage = record.cell.stages.get(name);
    return stage ? written(stage.wall, 4) : "";
  }];

  const FOUND = "It found finished what another run had computed, which is not in this store.";

  const failures = (cell) => [...cell.stages].filter(([, stage]) => stage.status === "failed")
    .map(([name, stage]) => `${name} ${failure(stage)}`).join("; ");

  const showScore = (body, table, row, column) => {
    const [, , protocol, version, evaluator] = table.columns[column];
    const records = row[2][column].map(([place, value, stderr, n, imputed]) => {
      const cell = readCell(place);
      return { cell, value, stderr, n, imputed, stage: cell.stages.get(evaluator) ?? [...cell.stages.values()].pop() };
    });
    pairs(body, [
      ["metric", table.columns[column][1]], ["protocol", `${protocol} v${version}`], ["evaluator", evaluator],
    ]);
    grid(body, "The cells behind it", [
      ...cellColumns,
      ["value", (record) => written(record.value)],
      ["± own error", (record) => (record.stderr === null ? "" : written(record.stderr))],
      ["n", (record) => (record.n === null ? "" : written(record.n))],
      ["", (record) => (record.imputed && record.value !== null ? "† counts as the floor" : ""), true],
      ["failed", (record) => (record.imputed ? failures(record.cell) : ""), true],
      ...["fit", "sample", evaluator].filter((name, at, all) => all.indexOf(name) === at).map(seconds),
      ...stageColumns,
    ], records);
    return records;
  };

  const showStage = (body, row, name) => {
    const records = row[1].map(readCell).map((cell) => ({ cell, stage: cell.stages.get(name) }))
      .filter((record) => record.stage && record.stage.phase !== "upstream");
    const read = (field, scale = 1) => (record) => (record.stage[field] === null ? "" : written(record.stage[field] / scale, 4));
    grid(body, `The stage ${name} of every cell`, [
      ...cellColumns,
      ["wall s", read("wall")], ["cpu s", read("cpu")], ["peak memory MiB", read("memory", 2 ** 20)],
      ["records", read("returned")], ["attempts", read("attempts")],
      ["failed", (record) => failure(record.stage), true],
      ...stageColumns,
    ], records);
    return records;
  };

  const showRuns = (body, records) => {
    for (const place of new Set(records.map((record) => record.stage.run))) {
      const run = readRun(data.runs[place]);
      add(body, "h3", `Run ${run.id}`);
      if (records.some((record) => record.stage.run === place && record.stage.found)) {
        add(body, "p", FOUND);
      }
      if (run.command === null) {
        add(body, "p", "The store says no more of it.");
        continue;
      }
      add(add(body, "pre"), "code", run.command);
      pairs(body, [
        ["started at", `${run.started} UTC`], ["git commit", run.commit ?? "none: not run from a checkout"],
        ["profile", run.profile], ["host", run.host], ["versions", run.versions],
      ]);
    }
    const config = records[0].cell.config;
    if (config !== null && Object.keys(config).length > 0) {
      add(body, "h3", "Settings of the generator");
      pairs(body, Object.entries(config));
    }
  };

  // Table, row, and a column or the name of a stage.
  const ADDRESS = /^(\d+)\.(\d+)\.(?:(\d+)|:(.*))$/s;

  const open = (button) => {
    const [, tablePlace, rowPlace, column, stage] = button.parentElement.dataset.v.match(ADDRESS);
    const table = data.tables[tablePlace];
    const row = table.rows[rowPlace];
    const body = document.getElementById("provenance-body");
    body.replaceChildren();
    const what = stage === undefined ? table.columns[column][0] : `stage ${stage}`;
    const [dataset, variant, profile, split] = table.title;
    document.getElementById("provenance-title").textContent = `${row[0]} on ${dataset}: ${what}`;
    const shown = add(body, "p");
    const records = stage === undefined ? showScore(body, table, row, column) : showStage(body, row, stage);
    const value = [...button.childNodes].filter((node) => node.className !== "unseen").map((node) => node.textContent);
    shown.textContent = `${value.join("").trim()}, over ${records.length} cell${records.length === 1 ? "" : "s"}`
      + ` · ${variant} data · profile ${profile} · ${split} split`;
    showRuns(body, records);
    const dialog = document.getElementById("provenance");
    dialog.showModal();
    dialog.scrollTop = 0;
  };

  // Numbers become buttons when their page is first shown.
  const upgrade = (page) => {
    for (const cell of page.querySelectorAll("td[data-v]")) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "value";
      button.setAttribute("aria-haspopup", "dialog");
      button.append(...cell.childNodes);
      cell.append(button);
    }
  };

  const start = () => {
    document.addEventListener("click", (event) => {
      const button = event.target.closest(".value");
      if (button) open(button);
    });
    const dialog = document.getElementById("provenance");
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
  };
  return { start, upgrade };
})();
