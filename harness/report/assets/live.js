"use strict";
const NOTHING = "–";
const SECONDS = 60;
const SVG = "http://www.w3.org/2000/svg";
const HOLDS = new Map([[true, ["yes", "pass"]], [false, ["no", "fail"]], [null, ["not yet known", "quiet"]]]);
const at = (id) => document.getElementById(id);
const count = (value) => value === null ? NOTHING : Math.round(value).toLocaleString("en");
const milliseconds = (value) => value === null ? NOTHING : value >= 10000 ? length(value / 1000) : `${value < 10 ? value.toFixed(1) : count(value)} ms`;
// Never all or nothing of what is not.
const share = (part, whole) => part === whole ? "100 %" : `${Math.min(99.9, Math.max(.1, 100 * part / whole)).toFixed(1)} %`;
const shown = new Map();

function length(seconds) {
  if (seconds === null) return NOTHING;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const parts = whole < 3600 ? [[Math.floor(whole / 60), "min"], [whole % 60, "s"]] : [[Math.floor(whole / 3600), "h"], [Math.floor(whole % 3600 / 60), "min"]];
  return parts.filter(([number]) => number).map(([number, unit]) => `${number} ${unit}`).join(" ");
}

// What did not change is left alone, so that nothing is read out twice and a selection stays.
function put(id, told, draw) {
  const key = JSON.stringify(told);
  if (shown.get(id) === key) return;
  shown.set(id, key);
  draw(at(id));
}
const write = (id, text, className = "") => put(id, [text, className], (element) => {
  element.textContent = text;
  element.className = className;
});

function made(name, content, className) {
  const element = document.createElement(name);
  element.append(...[content].flat());
  if (className) element.className = className;
  return element;
}

function shape(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function row(head, ...cells) {
  const element = made("tr", [made("th", head), ...cells.map((cell) => made("td", ...[cell].flat()))]);
  element.firstChild.scope = "row";
  return element;
}

function rows(id, found, cells) {
  at(`${id}-section`).hidden = found.length === 0;
  put(id, found, (body) => body.replaceChildren(...found.map(cells)));
}

// One bar a second, the newest at the right; `series` are drawn over each other.
function chart(series, words, limit) {
  const top = Math.max(1, limit ?? 0, ...series[0].values) * 1.06;
  const shapes = series.flatMap(({ values, name }) => values.map((value, place) => value ? shape("rect", {
    class: name(value), x: SECONDS - values.length + place, width: .85, y: 100 - 100 * value / top, height: 100 * value / top,
  }) : null)).filter(Boolean);
  if (limit) shapes.push(shape("line", { x1: 0, x2: SECONDS, y1: 100 - 100 * limit / top, y2: 100 - 100 * limit / top }));
  const drawn = shape("svg", { role: "img", "aria-label": words, viewBox: `0 0 ${SECONDS} 100`, preserveAspectRatio: "none" });
  drawn.append(...shapes);
  return drawn;
}

function drawLoad(sent, throttled) {
  put("load", [sent, throttled], (box) => {
    const most = Math.max(0, ...sent);
    const refused = throttled.reduce((sum, value) => sum + value, 0);
    const words = `At most ${count(most)} in one second; ${refused ? `${count(refused)} answered 429, in amber` : "none answered 429"}.`;
    box.replaceChildren(
      chart([{ values: sent, name: () => "sent" }, { values: throttled, name: () => "throttled" }], words),
      made("div", [made("span", "a minute ago"), made("span", "now")], "ends"),
      made("p", words, "quiet"),
    );
  });
}

function drawLimit(limit) {
  const over = limit.past.filter((used) => used > limit.most).length;
  const figure = `${count(limit.used)} of ${count(limit.most)}${limit.unit === "messages" ? " messages" : ""} in ${limit.window_s} s`;
  const more = [over ? `over it in ${over} of the last 60 s` : "", limit.throttled ? `${count(limit.throttled)} answered 429` : ""].filter(Boolean);
  const name = [limit.name, ...(limit.label ? [" (", made("bdi", limit.label), ")"] : [])];
  const used = made("span", figure, "used");
  if (more.length) used.append("; ", made("span", more.join("; "), over ? "over" : ""));
  const box = made("div", chart(
    [{ values: limit.past, name: (value) => value > limit.most ? "over" : "used" }],
    `${limit.name}: ${figure}, at most ${count(Math.max(0, ...limit.past))} in the last minute`,
    limit.most,
  ), "chart");
  return made("figure", [made("figcaption", [made("b", name), used]), box]);
}

function drawFigures(found) {
  const ended = found.state === "ended";
  const figures = [
    ended ? ["took", length(found.elapsed_s), ""] : ["time left", length(found.left_s), found.at_least ? "at least" : ""],
    ["waiting", found.waiting_items === null ? NOTHING : count(found.waiting_items), "items due, not sent"],
    ended ? ["answers", count(Object.values(found.statuses).reduce((sum, number) => sum + number, 0)), "to requests"] : ["sent", found.rate_per_s === null ? NOTHING : `${count(found.rate_per_s)}/s`, "requests, last second"],
    ["in flight", count(found.in_flight), "requests"],
    ["accepted", count(found.accepted), "items"],
    ["throttled", count(found.throttled), "answered 429"],
    ["schedule lag p99", milliseconds(found.lag_ms), "the harness's own"],
    ["longest wait", found.longest_wait ? milliseconds(found.longest_wait.ms) : NOTHING, found.longest_wait ? found.longest_wait.for : "last minute"],
  ];
  put("figures", figures, (list) => list.replaceChildren(...figures.map(([name, value, note]) => {
    const dd = made("dd", value);
    if (note) dd.append(made("small", note));
    return made("div", [made("dt", name), dd]);
  })));
}

function draw(found) {
  write("state", found.state);
  write("said", found.said ?? "", found.verdict ?? (found.state === "refused" ? "fail" : ""));
  at("report").hidden = !found.report;
  write("path", found.report ?? "", "quiet");
  at("done").hidden = found.share === null || found.state !== "running";
  if (found.share !== null) {
    at("share").value = found.share;
    const left = found.left_s === null ? "" : `, ${found.at_least ? "at least " : ""}${length(found.left_s)} left`;
    write("share-words", `${Math.floor(100 * found.share)} % done in ${length(found.elapsed_s)}${left}`);
  }
  at("figures").hidden = found.accepted === null;
  at("load-section").hidden = found.load.length === 0;
  drawFigures(found);
  drawLoad(found.load, found.load_throttled);
  at("limits-section").hidden = found.limits.length === 0;
  put("limits", found.limits, (box) => box.replaceChildren(...found.limits.map(drawLimit)));
  const answers = Object.values(found.statuses).reduce((sum, number) => sum + number, 0);
  const statuses = Object.entries(found.statuses).sort((a, b) => b[1] - a[1]).slice(0, 12);
  rows("statuses", statuses, ([name, number]) => row(name === "none" ? "no answer" : name, count(number), share(number, answers)));
  rows("waiting", Object.entries(found.waiting).filter(([, number]) => number), ([name, number]) => row(found.words[name] ?? name, count(number)));
  write("next", found.next ? `Next: ${found.next}.` : "", "quiet");
  rows("expected", found.expected, (one) => {
    const [holds, className] = HOLDS.get(one.holds);
    return row(one.expression, one.measured, [holds, className]);
  });
}

async function look() {
  try {
    const answer = await fetch("./replay/data", { cache: "no-store" });
    if (!answer.ok) throw new Error(`it answered ${answer.status}`);
    draw(await answer.json());
  } catch (error) {
    write("state", "not reachable");
    write("said", `Locust does not answer: ${error.message}.`, "fail");
  }
  setTimeout(look, 1000);
}
look();
