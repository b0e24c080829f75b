// Ask the mock twice a second what is new, and show it; slower when nobody looks, or when it does not answer.

const EVERY_MS = 500;
const HIDDEN_MS = 5000;
const GONE_MS = [1000, 2000, 4000, 8000];
const PATIENCE_MS = 5000;
const AT_ONCE = 200; // events in one answer; the first one may fill the table

const view = {
  instance: null, // of the ledger that the rows are of
  seq: 0, // the last call the mock told of
  after: 0, // the last call the rows know of
  fresh: true, // the rows are to be filled anew
  paused: false,
  told: null, // the last answer
  answered: null, // when it came
  failures: 0, // since then
  epoch: 0, // of polls; only the newest counts
  timer: 0,
  token: "", // in memory alone
  limit: 0, // which of the limits is drawn
};

function request(path, signal) {
  const headers = view.token === "" ? {} : { Authorization: `Bearer ${view.token}` };
  return fetch(path, { headers, signal, cache: "no-store", credentials: "same-origin", redirect: "error" });
}

async function poll() {
  clearTimeout(view.timer);
  const epoch = (view.epoch += 1);
  const { classes, search, writeKey } = rows.filter;
  const limit = view.paused && !view.fresh ? 0 : view.fresh ? ROWS_MOST : AT_ONCE;
  const query = new URLSearchParams({ after: view.fresh ? 0 : view.after, limit });
  if (search !== "") query.set("search", search);
  if (writeKey !== "") query.set("write_key", writeKey);
  for (const name of classes) query.append("class", name);
  let told = null;
  let trouble = "";
  try {
    const answer = await request(`/__admin/live?${query}`, AbortSignal.timeout(PATIENCE_MS));
    if (answer.status === 401 || answer.status === 403) trouble = "token";
    else if (answer.ok) told = await answer.json();
    else trouble = `The mock answered ${answer.status}`;
  } catch (error) {
    trouble = error instanceof SyntaxError ? "The mock answered something else than JSON" : "";
  }
  if (epoch !== view.epoch) return; // overtaken: the filter changed, or somebody could not wait
  try {
    if (told === null) failed(trouble);
    else takeIn(told);
  } catch (error) {
    console.error(error);
    failed("The mock answered what this page does not understand");
  }
  view.timer = setTimeout(poll, waitMs());
}

function waitMs() {
  if (view.failures > 0) return GONE_MS[Math.min(view.failures, GONE_MS.length) - 1];
  return document.hidden ? HIDDEN_MS : EVERY_MS;
}

function takeIn(told) {
  if (!Number.isInteger(told.seq)) throw new TypeError("the answer has no seq");
  const anew = view.instance !== null && (told.instance !== view.instance || told.seq < view.seq);
  view.instance = told.instance;
  view.seq = told.seq;
  if (anew) {
    // It was reset or started again: what stands here is of another ledger, and so was what we asked after.
    detail.close();
    rows.clear();
    Object.assign(view, { fresh: true, paused: false, after: 0 });
  } else if (view.fresh || !view.paused) {
    if (view.fresh) rows.clear();
    rows.add(told.events, told.skipped);
    if (detail.event !== null) rows.select(detail.event.seq);
    view.after = told.seq;
    view.fresh = false;
  }
  view.told = told;
  panels.draw(told);
  drawRates();
  offerKeys(told.sources);
  byId("key").hidden = true;
  view.failures = 0;
  view.answered = new Date();
  say(told);
}

function failed(trouble) {
  view.failures += 1;
  if (trouble === "token") {
    state("gone", "Locked");
    if (byId("key").hidden) {
      byId("key").hidden = false;
      byId("token").focus();
    }
    return;
  }
  if (view.failures < 2 && view.answered !== null) return; // one lost answer is no news
  const since = view.answered === null ? "" : ` since ${view.answered.toTimeString().slice(0, 8)}`;
  state("gone", trouble || `The mock is gone: no answer${since}`);
}

function state(name, words) {
  byId("state").className = name;
  put(byId("state").lastElementChild, words);
}

function say(told) {
  const waiting = view.seq - view.after;
  state(view.paused ? "paused" : "live", view.paused ? "Paused" : "Live");
  byId("pause").setAttribute("aria-pressed", String(view.paused));
  put(byId("pause"), view.paused ? `Resume${waiting > 0 ? ` (${counted(waiting)} new)` : ""}` : "Pause");
  const { frozen, scale } = told.clock;
  const now = `${timeOfDay(told.now, 8)} UTC`;
  const fast = scale === 1 ? "" : `clock × ${counted(scale)}, `;
  put(byId("clock"), frozen ? `clock frozen at ${now}` : fast + now);
  byId("clock").classList.toggle("odd", frozen || scale !== 1);
  byId("clock").title = `Instance ${shown(told.instance)}`;
  put(byId("evicted"), told.evicted > 0 ? `${worded(told.evicted, "body", "bodies")} evicted.` : "");
  document.title = `${counted(told.totals.received)} received · Segment in a box`;
  sayNothing(told);
}

function sayNothing(told) {
  const nothing = rows.seen().length === 0;
  const ever = told.seq > 0 || told.totals.received > 0;
  byId("nothing").hidden = !nothing;
  byId("list").classList.toggle("empty", nothing);
  byId("first-call").hidden = ever;
  const words = ever ? "None of the messages at hand matches." : "Nothing has come yet.";
  put(byId("nothing").querySelector("strong"), words);
}

function drawRates() {
  if (view.told === null) return;
  const { rates, now } = view.told;
  const { limits } = rates;
  const select = byId("against");
  const names = limits.map((limit) => `${shown(limit.api)}: ${limitWords(limit)}${limit.endpoint ? ` on ${shown(limit.endpoint)}` : ""}`);
  if (limits.length === 0) names.push("all requests");
  if (JSON.stringify(names) !== select.dataset.said) {
    select.dataset.said = JSON.stringify(names);
    select.replaceChildren(...names.map((name, value) => make("option", { value, textContent: name })));
    view.limit = Math.min(view.limit, names.length - 1);
    select.value = String(view.limit);
  }
  const limit = limits[view.limit] ?? null;
  const own = limit === null ? undefined : rates.by_api?.[limit.api];
  chart.draw(own ?? rates.per_s, limit, Math.floor(Date.parse(now) / 1000));
}

function offerKeys(sources) {
  const select = byId("write-key");
  const keys = [...new Set(sources.map((source) => source.write_key).filter((key) => key !== null))];
  if (JSON.stringify(keys) === select.dataset.said) return;
  select.dataset.said = JSON.stringify(keys);
  const { writeKey } = rows.filter;
  if (writeKey !== "" && !keys.includes(writeKey)) keys.push(writeKey);
  const option = (value, textContent) => make("option", { value, textContent });
  select.replaceChildren(option("", "All write keys"), ...keys.map((key) => option(key, shown(key))));
  select.value = writeKey;
}

/** Show at once what is at hand, then ask the mock for all that passes. */
function refilter() {
  rows.refilter();
  panels.chosen(rows.filter.classes);
  view.epoch += 1;
  view.fresh = true;
  if (view.told !== null) sayNothing(view.told);
  clearTimeout(view.timer);
  view.timer = setTimeout(poll, 200);
}

function listen() {
  byId("search").addEventListener("input", () => {
    rows.filter.search = byId("search").value.trim();
    refilter();
  });
  byId("write-key").addEventListener("change", () => panels.chooseKey(byId("write-key").value));
  panels.chooseKey = (key) => {
    rows.filter.writeKey = rows.filter.writeKey === key ? "" : key;
    byId("write-key").value = rows.filter.writeKey;
    refilter();
  };
  panels.choose = (name) => {
    const { classes } = rows.filter;
    if (name === null) classes.clear();
    else if (!classes.delete(name)) classes.add(name);
    refilter();
  };
  byId("pause").addEventListener("click", () => {
    view.paused = !view.paused;
    if (view.told !== null) say(view.told);
    poll();
  });
  byId("against").addEventListener("change", () => {
    view.limit = Number(byId("against").value);
    drawRates();
  });
  byId("key").addEventListener("submit", (happening) => {
    happening.preventDefault();
    view.token = byId("token").value;
    byId("token").value = "";
    poll();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) poll();
  });
  document.addEventListener("keydown", (happening) => {
    const typing = happening.target.closest("input, select");
    if (happening.key === "Escape" && detail.box.open) detail.close();
    else if (happening.key === "/" && !typing && !detail.box.matches(":modal")) {
      happening.preventDefault();
      byId("search").focus();
    }
  });
  rows.onOpen = (event, takeFocus) => detail.open(event, takeFocus);
  rows.onMove = (event) => {
    if (detail.box.open) detail.open(event);
  };
  detail.fetchText = request;
  rows.listen();
  detail.listen();
  chart.listen(drawRates);
}

function start() {
  // A token may come in the fragment, which no server is told; it leaves the address bar at once.
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    view.token = given;
    history.replaceState(null, "", location.pathname);
  }
  byId("first-call").querySelector("code").textContent = [
    `curl -u any-write-key: ${location.origin}/v1/track`,
    "-H 'Content-Type: application/json'",
    `-d '{"userId":"u1","event":"Hello"}'`,
  ].join(" \\\n  ");
  panels.prepare();
  listen();
  poll();
}

start();
