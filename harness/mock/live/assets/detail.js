// One message opened: what became of it, as it came, in its final form.

const TABS = { raw: byId("tab-raw"), final: byId("tab-final"), verdict: byId("tab-verdict") };
const MISSING = {
  raw: "This call carried no body that the mock kept.",
  final: "There is no final form: only a message that is stored has one.",
  verdict: "There is no more to say than stands above.",
};
const GONE = "The body has been evicted: the mock keeps the newest, within a bound. The counts keep all.";

const BESIDE = matchMedia("(min-width: 68rem)"); // room for it beside the table; else it covers the page

const detail = {
  box: byId("detail"),
  event: null,
  tab: "raw",
  texts: {},
  why: null, // the sentence that stands where a body would
  asking: null,
  fetchText: null, // (path, signal) → Response

  /** Open an event, or show it in the open panel. `takeFocus` moves into it. */
  async open(event, takeFocus = false) {
    this.event = event;
    this.texts = {};
    this.why = "";
    this.head(event);
    this.draw();
    rows.select(event.seq);
    const opened = this.show();
    // Opening moves the focus; beside the table it stays there, unless the keyboard asked for more.
    if (takeFocus || this.box.matches(":modal")) byId("detail-title").focus();
    else if (opened) rows.rowOf(event.seq)?.focus();
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    const why = await this.load(event, asking.signal);
    if (asking.signal.aborted) return;
    this.why = why;
    this.draw();
  },

  /** Fetch the body; the sentence to show in its stead, or null. */
  async load(event, signal) {
    if (!event.has_body) return event.message_id === null && event.type === null ? MISSING.raw : GONE;
    try {
      const answer = await this.fetchText(`/__admin/live/body?seq=${event.seq}`, signal);
      if (answer.status === 404) return GONE;
      if (!answer.ok) return `The mock answered ${answer.status} instead of the body.`;
      this.texts = members(await answer.text());
      return null;
    } catch {
      return "The mock did not answer.";
    }
  },

  /** Show the panel; true when it was not open yet. */
  show() {
    if (this.box.open) return false;
    if (BESIDE.matches) this.box.show();
    else this.box.showModal();
    document.body.classList.add("opened");
    return true;
  },

  close() {
    if (!this.box.open) return;
    this.box.close();
    this.left();
  },

  left() {
    this.asking?.abort();
    document.body.classList.remove("opened");
    const row = rows.rowOf(this.event?.seq ?? null);
    this.event = null;
    rows.select(null);
    if (row && !row.hidden) row.focus();
  },

  head(event) {
    badge(event, byId("detail-badge"));
    byId("detail-title").replaceChildren(whole(event.name || event.type || event.endpoint));
    put(byId("meaning"), CLASSES[event.class]?.[1] ?? "A call that carries no messages.");
    const facts = {
      Reason: event.reason,
      Call: `${event.endpoint ?? ""}, answered ${event.status ?? "nothing"}`,
      Received: `${String(event.received_at).replace("T", " ").replace("Z", "")} UTC`,
      Type: event.type,
      User: event.user,
      "Message id": event.message_id,
      "Write key": event.write_key,
    };
    byId("facts").replaceChildren(
      ...Object.entries(facts)
        .filter(([, value]) => value !== null && value !== undefined)
        .flatMap(([name, value]) => [make("dt", { textContent: name }), make("dd", {}, whole(value))]),
    );
  },

  draw() {
    for (const [name, tab] of Object.entries(TABS)) {
      const chosen = name === this.tab;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
    }
    const panel = byId("body");
    panel.setAttribute("aria-labelledby", TABS[this.tab].id);
    const text = this.texts[this.tab];
    const there = text !== undefined && text !== "null";
    byId("copy").disabled = !there;
    const pre = panel.querySelector("pre");
    panel.classList.toggle("words", !there);
    if (there) drawJson(pre, text);
    else pre.textContent = this.why ?? MISSING[this.tab];
  },

  async copy() {
    const pre = byId("body").querySelector("pre");
    let done = true;
    try {
      await navigator.clipboard.writeText(pre.textContent);
    } catch {
      // Not a secure context, or not allowed: the old way needs a selection.
      getSelection().selectAllChildren(pre);
      done = document.execCommand("copy");
    }
    put(byId("copy"), done ? "Copied" : "Press Ctrl+C");
    setTimeout(() => put(byId("copy"), "Copy"), 1500);
  },

  listen() {
    byId("close").addEventListener("click", () => this.close());
    BESIDE.addEventListener("change", () => this.close());
    byId("copy").addEventListener("click", () => this.copy());
    // The browser may close it by itself; its word of that comes late, when another may be open already.
    this.box.addEventListener("close", () => {
      if (!this.box.open && this.event !== null) this.left();
    });
    const names = Object.keys(TABS);
    for (const [name, tab] of Object.entries(TABS)) {
      tab.addEventListener("click", () => {
        this.tab = name;
        this.draw();
      });
      tab.addEventListener("keydown", (happening) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[happening.key];
        if (step === undefined) return;
        this.tab = names[(names.indexOf(name) + step + names.length) % names.length];
        this.draw();
        TABS[this.tab].focus();
      });
    }
  },
};
