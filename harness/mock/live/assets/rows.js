// The table of messages: newest on top, a bounded number of rows, filtered, walked with the keyboard.

const ROWS_MOST = 500;
const SEARCHED = ["name", "user", "message_id", "type", "reason", "endpoint", "write_key"];

const rows = {
  body: byId("rows"),
  events: new WeakMap(), // row → event
  filter: { classes: new Set(), search: "", writeKey: "" },
  onOpen: () => {},
  onMove: () => {},

  /** Put events on top, given oldest first; `skipped` calls came before them and are not shown. */
  add(events, skipped) {
    const anew = this.body.firstChild === null;
    if (skipped > 0 && !anew) this.leaveGap(skipped);
    this.body.prepend(...events.map((event) => this.make(event)).reverse());
    if (skipped > 0 && anew) this.body.append(gap(`${worded(skipped, "older call")}, not looked through`));
    while (this.body.childElementCount > ROWS_MOST) this.drop(this.body.lastElementChild);
    this.keepOneTabStop();
  },

  /** Say that calls are missing here; a gap right below grows instead. */
  leaveGap(skipped) {
    const top = this.body.firstElementChild;
    const already = top.className === "gap" ? top : null;
    const row = already ?? gap();
    row.dataset.skipped = String(skipped + Number(row.dataset.skipped));
    put(row.firstElementChild, `${worded(Number(row.dataset.skipped), "more call")} here, not shown`);
    if (already === null) this.body.prepend(row);
  },

  clear() {
    this.body.replaceChildren();
  },

  make(event) {
    const cell = (className, ...children) => make("td", { className, role: "gridcell" }, ...children);
    const why = event.reason === null ? [] : [" ", make("span", { className: "reason" }, foreign(event.reason))];
    const status = make("span", { className: "status", textContent: event.status ?? "none" });
    const row = make("tr", { tabIndex: -1, role: "row", aria: { selected: "false" }, data: { seq: event.seq } },
      cell("time", timeOfDay(event.received_at)),
      cell("verdict", badge(event), ...why),
      cell("type", foreign(event.type ?? (event.api === "none" ? "unmatched" : event.api))),
      event.type === null ? cell("name bare", foreign(event.endpoint)) : cell("name", foreign(event.name)),
      cell("user", foreign(event.user)),
      cell("write-key", foreign(event.write_key)),
      cell("call", foreign(event.endpoint), " ", status),
    );
    this.events.set(row, event);
    row.hidden = !this.passes(event);
    return row;
  },

  drop(row) {
    if (row === document.activeElement) row.previousElementSibling?.focus();
    row.remove();
  },

  /** True when an event is to be shown. The mock looks for the same text in the same fields. */
  passes(event) {
    const { classes, search, writeKey } = this.filter;
    if (classes.size > 0 && !classes.has(event.class)) return false;
    if (writeKey !== "" && event.write_key !== writeKey) return false;
    if (search === "") return true;
    const wanted = search.toLowerCase();
    return SEARCHED.some((name) => event[name]?.toLowerCase().includes(wanted));
  },

  refilter() {
    for (const row of this.body.children) {
      const event = this.events.get(row);
      if (event) row.hidden = !this.passes(event);
    }
    this.keepOneTabStop();
  },

  /** The rows that are to be seen, without the gaps between them. */
  seen() {
    return [...this.body.children].filter((row) => !row.hidden && this.events.has(row));
  },

  /** Of all rows only one is reached with Tab; the arrows go on from there. */
  keepOneTabStop(wanted = null) {
    const now = this.body.querySelector('tr[tabindex="0"]');
    const row = wanted ?? (now && !now.hidden ? now : (this.seen()[0] ?? null));
    if (now && now !== row) now.tabIndex = -1;
    if (row) row.tabIndex = 0;
  },

  select(seq) {
    this.body.querySelector('[aria-selected="true"]')?.setAttribute("aria-selected", "false");
    this.rowOf(seq)?.setAttribute("aria-selected", "true");
  },

  rowOf(seq) {
    return seq === null ? null : this.body.querySelector(`tr[data-seq="${Number(seq)}"]`);
  },

  listen() {
    this.body.addEventListener("click", (happening) => {
      const row = happening.target.closest("tr");
      if (!this.events.has(row) || String(getSelection()) !== "") return; // text was being selected
      this.keepOneTabStop(row);
      row.focus();
      this.onOpen(this.events.get(row));
    });
    this.body.addEventListener("keydown", (happening) => {
      const row = happening.target.closest("tr");
      if (happening.key === "Enter" || happening.key === " ") this.onOpen(this.events.get(row), true);
      else if (!this.walk(row, happening.key)) return;
      happening.preventDefault();
    });
  },

  walk(row, key) {
    const seen = this.seen();
    const at = seen.indexOf(row);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: seen.length - 1 }[key];
    if (to === undefined) return false;
    const next = seen[to];
    if (next) {
      this.keepOneTabStop(next);
      next.focus();
      this.onMove(this.events.get(next));
    }
    return true;
  },
};

function gap(words = "") {
  // One cell that flows over: one that spans would bring back the columns that are hidden.
  return make("tr", { className: "gap", role: "row", data: { skipped: 0 } }, make("td", { role: "gridcell", textContent: words }));
}
