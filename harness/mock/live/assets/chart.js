// Rates of the last two minutes against a limit: columns a second wide, the limit as a line.

const SVG = "http://www.w3.org/2000/svg";
const SECONDS = 120;
const HIGH = 1000; // units of the drawing; CSS gives it its size

const chart = {
  at: null, // the second under the pointer, counted from the left
  series: null,
  drawn: "", // what the drawing is of

  /** Draw what was measured: the rates, against one limit or none. */
  draw(rates, limit, nowSecond) {
    const asked = JSON.stringify([rates, limit, nowSecond, this.at]);
    if (asked === this.drawn) return;
    this.drawn = asked;
    this.series = measured(rates, limit, nowSecond);
    const { counts, throttled, line, span_s: span, unit } = this.series;
    const top = niceAbove(Math.max(...counts.map((count) => count ?? 0), line ?? 0, 4));
    const svg = byId("plot").querySelector("svg");
    svg.setAttribute("viewBox", `0 0 ${SECONDS} ${HIGH}`);
    const admitted = counts.map((count, x) => (count ?? 0) - throttled[x]);
    svg.replaceChildren(
      path("sent", admitted.map((count, x) => column(x, 0, count, top)).join("")),
      path("throttled", admitted.map((count, x) => column(x, count, count + throttled[x], top)).join("")),
      ...(line === null ? [] : [path("limit", `M0 ${height(line, top)}H${SECONDS}`)]),
    );
    this.label(top, line);
    byId("plot").setAttribute("aria-label", inWords(this.series, limit));
    this.read(unit, span, limit);
  },

  label(top, line) {
    const mark = (className, textContent, share) => placed(make("span", { className, textContent }), share);
    const ground = (share) => placed(make("i"), share);
    const near = (share) => line !== null && Math.abs(line / top - share) < 0.09;
    byId("marks").replaceChildren(
      ground(0), ground(0.5), ground(1),
      ...[0, 0.5, 1].filter((share) => !near(share)).map((share) => mark("y", short(top * share), 1 - share)),
      ...(line === null ? [] : [mark("y of-limit", short(line), 1 - line / top)]),
      make("span", { className: "x first", textContent: "2 min ago" }),
      make("span", { className: "x last", textContent: "now" }),
    );
    if (this.at !== null) {
      const cursor = make("b", { className: "cursor" });
      cursor.style.left = `${(100 * (this.at + 0.5)) / SECONDS}%`;
      byId("marks").append(cursor);
    }
  },

  /** The sentence under the drawing: of the second under the pointer, or of all. */
  read(unit, span, limit) {
    const { counts, throttled, seconds } = this.series;
    if (this.at === null) {
      put(byId("readout"), inWords(this.series, null) + compared(limit));
      return;
    }
    const when = new Date(seconds[this.at] * 1000).toISOString().slice(11, 19);
    const count = counts[this.at];
    const what = count === null ? "not known" : worded(count, unit.slice(0, -1), unit);
    const over = throttled[this.at] > 0 ? `, ${counted(throttled[this.at])} throttled` : "";
    put(byId("readout"), `${when}: ${what}${span > 1 ? ` in the ${counted(span)} s before` : ""}${over}`);
  },

  listen(redraw) {
    const plot = byId("plot");
    plot.addEventListener("pointermove", (happening) => {
      const { left, width } = plot.getBoundingClientRect();
      this.at = Math.min(SECONDS - 1, Math.max(0, Math.floor(((happening.clientX - left) / width) * SECONDS)));
      redraw();
    });
    plot.addEventListener("pointerleave", () => {
      this.at = null;
      redraw();
    });
  },
};

/** Counts of the last seconds, in the limit's unit and window; null where a window is not known whole. */
function measured(rates, limit, nowSecond) {
  const bySecond = new Map(rates.map((row) => [row[0], row]));
  const last = Math.max(nowSecond, rates.length > 0 ? rates[rates.length - 1][0] : 0);
  const seconds = Array.from({ length: SECONDS }, (_, x) => last - SECONDS + 1 + x);
  const unit = limit !== null && limit.unit !== "requests" ? "messages" : "requests";
  const each = seconds.map((second) => bySecond.get(second)?.[unit === "messages" ? 2 : 1] ?? 0);
  const refused = seconds.map((second) => bySecond.get(second)?.[3] ?? 0);
  const span_s = limit === null ? 1 : Math.min(SECONDS, Math.max(1, Math.ceil(limit.window_s)));
  const over = (list) => list.map((_, x) => (x + 1 < span_s ? null : sum(list.slice(x + 1 - span_s, x + 1))));
  const counts = over(each);
  const line = limit === null ? null : limit.window_s < 1 ? limit.count / limit.window_s : limit.count;
  // What was throttled is told in requests, so it is drawn where requests are.
  const told = unit === "requests" ? over(refused) : [];
  const throttled = counts.map((count, x) => Math.min(told[x] ?? 0, count ?? 0));
  return { seconds, counts, throttled, line, span_s, unit, throttledInAll: sum(refused) };
}

const sum = (list) => list.reduce((total, each) => total + each, 0);
const height = (count, top) => HIGH - (HIGH * count) / top;

/** One column from a count up to another; a little is never nothing. */
function column(x, from, to, top) {
  if (to <= from) return "";
  const low = height(from, top);
  const high = Math.min(height(to, top), low - HIGH / 75);
  return `M${x + 0.1} ${low.toFixed(1)}V${high.toFixed(1)}h.8V${low.toFixed(1)}z`;
}

function path(name, shape) {
  const element = document.createElementNS(SVG, "path");
  element.setAttribute("class", name);
  element.setAttribute("d", shape);
  return element;
}

function placed(element, share) {
  element.style.top = `${100 * share}%`;
  return element;
}

/** A round number somewhat above. */
function niceAbove(count) {
  const wanted = count * 1.08;
  const ten = 10 ** Math.floor(Math.log10(wanted));
  return ten * [1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10].find((step) => step * ten >= wanted);
}

/** What the columns are beside the line: they are of a whole API, and a limit may be for less. */
function compared(limit) {
  if (!limit?.scope) return "";
  const where = limit.endpoint ? ` on ${shown(limit.endpoint)}` : "";
  return ` The columns are all of ${shown(limit.api)}, the limit is for each ${shown(limit.scope)}${where}.`;
}

function limitWords(limit) {
  const window = { 1: "a second", 60: "a minute" }[limit.window_s] ?? `in ${counted(limit.window_s)} s`;
  return `${counted(limit.count)} ${limit.unit === "requests" ? "requests" : "messages"} ${window}`;
}

/** The drawing as a sentence, for whoever does not see it. */
function inWords({ counts, line, span_s: span, unit, throttledInAll }, limit) {
  const known = counts.filter((count) => count !== null);
  if (known.every((count) => count === 0)) return `No ${unit} in the last two minutes.`;
  const per = span > 1 ? `in ${counted(span)} s` : "in a second";
  const now = counts[SECONDS - 2] ?? 0; // the last second that is over
  const most = counted(Math.max(...known));
  const words = [`Now ${worded(now, unit.slice(0, -1), unit)} ${per}, at most ${most} in the last two minutes`];
  if (limit !== null) {
    const reached = known.filter((count) => count >= line).length;
    words.push(`the limit is ${limitWords(limit)}, reached in ${worded(reached, "second")}`);
  }
  if (throttledInAll > 0) words.push(`${counted(throttledInAll)} throttled`);
  return words.join("; ") + ".";
}
