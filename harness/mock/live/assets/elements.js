// Find and make elements, and word numbers: nothing here ever reads a string as markup.

const byId = (id) => document.getElementById(id);

const CLASSES = {
  stored: ["stored", "Answered 200, and kept."],
  duplicates: ["duplicate", "Answered 200, then dropped: this messageId was stored before."],
  discarded: ["discarded", "Answered 200, then thrown away, as Segment does with a message like this."],
  refused: ["refused", "Answered with an error: the client was told no."],
  throttled: ["throttled", "Answered 429: a limit was used up."],
  faulted: ["faulted", "A fault that was asked for was played on it."],
};

/** An element; `traits` are properties, `data` its data attributes, `aria` its ARIA ones. */
function make(tag, { role = null, data = {}, aria = {}, ...traits } = {}, ...children) {
  const element = Object.assign(document.createElement(tag), traits);
  Object.assign(element.dataset, data);
  if (role !== null) element.setAttribute("role", role);
  for (const [name, value] of Object.entries(aria)) element.setAttribute(`aria-${name}`, value);
  element.append(...children);
  return element;
}

/** A stranger's text, kept to itself: its direction does not reach its neighbours. */
const foreign = (value) => make("bdi", { textContent: cut(value) });
const whole = (value) => make("bdi", { textContent: shown(value) });

/** A code such as NO_MATCHING_MAPPING, which may break after each of its words. */
const code = (value) => make("bdi", {}, ...cut(value).split(/(?<=_)/).flatMap((word) => [word, make("wbr")]));

/** The class of a message, coloured and in words; a call without messages has its status alone. */
function badge(event, element = make("span")) {
  const known = Object.hasOwn(CLASSES, event.class ?? "");
  element.className = `badge ${known ? event.class : "other"}`;
  element.textContent = known ? CLASSES[event.class][0] : (event.status ?? "no answer");
  return element;
}

const NUMBERS = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 1 });
const counted = (number) => NUMBERS.format(number ?? 0);
const worded = (number, one, many = one + "s") => `${counted(number)} ${number === 1 ? one : many}`;
const short = new Intl.NumberFormat("en-GB", { notation: "compact", maximumSignificantDigits: 3 }).format;

/** The time of day of an ISO instant in UTC, to the millisecond or the second. */
const timeOfDay = (instant, digits = 12) => String(instant ?? "").slice(11, 11 + digits);

/** Replace what an element holds only when it changed, so that selections and readers are left alone. */
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
