// Show what strangers wrote as text that cannot mislead: controls and direction overrides are spelled out.
// Joiners (U+200C, U+200D) stay: scripts and emoji need them, and every value is isolated where it is shown.

const MISLEADING = new RegExp(
  [
    "[\\u0000-\\u001f\\u007f-\\u009f]", // controls
    "[\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]", // direction
    "[\\u00ad\\u180e\\u200b\\u2028\\u2029\\u2060-\\u2065\\u206a-\\u206f\\ufeff\\ufff9-\\ufffb]", // not to be seen
    "[\\ud800-\\udbff](?![\\udc00-\\udfff])|(?<![\\ud800-\\udbff])[\\udc00-\\udfff]", // half a character
  ].join("|"),
  "g",
);

const LONGEST = 300; // characters of one value in the table; the whole stands in the detail

/** The text with each misleading character as a JSON escape, such as \u202e. */
function spelled(text) {
  return text.replace(MISLEADING, (found) => "\\u" + found.charCodeAt(0).toString(16).padStart(4, "0"));
}

/** A value of any kind as text; "" for null. */
function shown(value) {
  if (value === null || value === undefined) return "";
  return spelled(typeof value === "string" ? value : JSON.stringify(value));
}

/** As `shown`, at most LONGEST characters. */
function cut(value) {
  const text = shown(value);
  return text.length <= LONGEST ? text : [...text.slice(0, LONGEST)].slice(0, -1).join("") + "…";
}
