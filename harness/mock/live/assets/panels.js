// The figures beside the messages: totals by class, limits, write keys, reasons, stages, faults.

const FIGURES = ["received", "stored", "duplicates", "discarded", "refused", "throttled", "faulted"];
const EXPLAINED = {
  received: "Messages that arrived, whatever became of them",
  duplicates: CLASSES.duplicates[1],
  unreadable_requests: "Calls whose messages nobody can name",
};

const panels = {
  choose: () => {}, // (class or null): what to show only
  chooseKey: () => {}, // (write key)

  /** Make the figures, which are also the filter by class. */
  prepare() {
    const figures = FIGURES.map((name) => figure("button", name, name, { type: "button" }));
    const unreadable = figure("p", "unreadable_requests", "unreadable calls", { hidden: true });
    byId("figures").replaceChildren(...figures, unreadable);
    this.chosen(new Set());
    byId("figures").addEventListener("click", (happening) => {
      const figure = happening.target.closest("button");
      if (figure) this.choose(figure.dataset.name === "received" ? null : figure.dataset.name);
    });
    byId("sources").addEventListener("click", (happening) => {
      const key = happening.target.closest("button")?.dataset.key;
      if (key !== undefined) this.chooseKey(key);
    });
  },

  chosen(classes) {
    for (const figure of byId("figures").querySelectorAll("button")) {
      const { name } = figure.dataset;
      figure.setAttribute("aria-pressed", String(name === "received" ? classes.size === 0 : classes.has(name)));
    }
  },

  draw(told) {
    this.totals(told.totals);
    this.limits(told.rates.limits);
    this.sources(told.sources);
    const reasons = [...told.reasons].sort((one, other) => other.count - one.count);
    list("reasons", ["Class", "Reason", "Count"], reasons, (row) => [
      badge(row), code(row.reason), counted(row.count),
    ]);
    list("stages", ["Stage", "Destination", "Reason", "Messages"], told.stages, (row) => [
      foreign(row.stage), foreign(row.destination), code(row.reason), counted(row.count),
    ]);
    list("faults", ["Fault", "Matched", "Played"], told.faults, (row) => [
      foreign(row.name), counted(row.matched), counted(row.used),
    ]);
  },

  totals(totals) {
    for (const figure of byId("figures").children) {
      const count = totals[figure.dataset.name] ?? 0;
      put(figure.firstChild, count >= 1e7 ? short(count) : counted(count));
      figure.classList.toggle("nil", count === 0);
      if (figure.dataset.name === "unreadable_requests") figure.hidden = count === 0;
    }
    drawShares(byId("share"), totals);
  },

  limits(limits) {
    const said = JSON.stringify(limits);
    if (byId("limits").dataset.said === said) return;
    byId("limits").dataset.said = said;
    byId("limits").replaceChildren(...limits.map(meter));
    if (limits.length > 0) return;
    byId("limits").append(make("li", { className: "quiet", textContent: "No limit is in force." }));
  },

  sources(sources) {
    list("sources", ["Write key", "Received", "Of it"], sources, (source) => [
      source.write_key === null ? "none" : keyButton(source.write_key),
      counted(source.received),
      drawShares(make("div", { className: "share", role: "img" }), source),
    ]);
  },
};

function figure(tag, name, words, traits) {
  const title = EXPLAINED[name] ?? CLASSES[name]?.[1] ?? "";
  const element = make(tag, { className: `figure ${name}`, title, data: { name }, ...traits });
  element.append(make("b", { textContent: "–" }), make("span", { textContent: words }));
  return element;
}

/** A limit, how much of it is used now, and the most that ever was. */
function meter(limit) {
  const share = (count) => `${Math.min(100, (100 * count) / Math.max(1, limit.count))}%`;
  const full = limit.peak_in_window >= limit.count;
  const bar = make("div", { className: full ? "meter full" : "meter", aria: { hidden: "true" } }, make("i"), make("b"));
  bar.firstChild.style.width = share(limit.now);
  bar.lastChild.style.left = share(limit.peak_in_window);
  const used = `now ${counted(limit.now)}, peak ${counted(limit.peak_in_window)}`;
  const throttled = `${counted(limit.throttled)} throttled`;
  return make("li", {},
    make("p", {}, make("strong", {}, foreign(limit.name)), make("span", { textContent: limitWords(limit) })),
    bar,
    make("p", {},
      make("span", { className: "quiet", textContent: used }),
      make("span", { className: limit.throttled > 0 ? "over" : "quiet", textContent: throttled })),
  );
}

function keyButton(key) {
  const title = "Show only this write key";
  return make("button", { type: "button", className: "link", title, data: { key } }, foreign(key));
}

/** Fill a bar with a part for each class that there is, and say the same in words. */
function drawShares(bar, counts) {
  const parts = Object.keys(CLASSES).map((name) => [name, counts[name] ?? 0]).filter(([, count]) => count > 0);
  const words = parts.map(([name, count]) => `${counted(count)} ${name}`).join(", ") || "Nothing received yet";
  if (bar.title === words) return bar;
  bar.title = words;
  bar.setAttribute("aria-label", words);
  bar.replaceChildren(...parts.map(([className, count]) => {
    const part = make("i", { className });
    part.style.flexGrow = String(count);
    return part;
  }));
  return bar;
}

/** Fill a panel's table; one with no rows is not shown. Rebuilt only when what it says changed. */
function list(id, heads, rowsOfIt, cells) {
  const section = byId(id);
  const said = JSON.stringify([heads, rowsOfIt]);
  section.hidden = rowsOfIt.length === 0;
  if (section.dataset.said === said) return;
  section.dataset.said = said;
  const focused = section.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  const head = heads.map((textContent) => make("th", { scope: "col", textContent }));
  const body = rowsOfIt.map((row) => make("tr", {}, ...cells(row).map((cell) => make("td", {}, cell))));
  const table = section.querySelector("table");
  table.replaceChildren(make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...body));
  [...table.querySelectorAll("button")].find((button) => button.dataset.key === focused)?.focus();
}
