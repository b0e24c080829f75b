// Lay JSON out without parsing its values: a 64-bit id, a doubled key and 1.0 stay as they were written.

const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;
const CLOSES = { "{": "}", "[": "]" };
const COLOURED_MOST = 20000; // tokens; beyond it the rest is plain, so that a huge body opens at once

/** The text of each member of the object that this text is, by name; no name of it is anybody's prototype. */
function members(text) {
  const found = Object.create(null);
  let depth = 0;
  let name = null;
  let start = 0;
  let last = null;
  const end = (index) => {
    if (name !== null) found[name] = text.slice(start, index).trim();
    name = null;
  };
  for (const { 0: token, index } of text.matchAll(TOKENS)) {
    if (token === "{" || token === "[") depth += 1;
    else if (token === "}" || token === "]") {
      depth -= 1;
      if (depth === 0) end(index);
    } else if (depth === 1 && token === ":" && name === null) {
      name = JSON.parse(last);
      start = index + 1;
    } else if (depth === 1 && token === ",") end(index);
    last = token;
  }
  return found;
}

/** Pieces of JSON laid out over lines, each with its kind: key, text, number, word or mark. */
function laidOut(text) {
  const tokens = text.match(TOKENS) ?? [];
  const pieces = [];
  let indent = "\n";
  tokens.forEach((token, at) => {
    const next = tokens[at + 1];
    if (token === "{" || token === "[") {
      const empty = next === CLOSES[token];
      if (!empty) indent += "  ";
      pieces.push(["mark", empty ? token : token + indent]);
    } else if (token === "}" || token === "]") {
      const empty = CLOSES[tokens[at - 1]] === token;
      if (!empty) indent = indent.slice(0, -2);
      pieces.push(["mark", empty ? token : indent + token]);
    } else if (token === ",") pieces.push(["mark", token + indent]);
    else if (token === ":") pieces.push(["mark", ": "]);
    else if (token[0] === '"') pieces.push([next === ":" ? "key" : "text", spelled(token)]);
    else pieces.push([/^-?\d/.test(token) ? "number" : "word", spelled(token)]);
  });
  return pieces;
}

/** Fill an element with JSON, laid out and coloured. */
function drawJson(element, text) {
  const pieces = laidOut(text);
  const coloured = pieces
    .slice(0, COLOURED_MOST)
    .map(([kind, piece]) => (kind === "mark" ? piece : make("span", { className: kind, textContent: piece })));
  const plain = pieces.slice(COLOURED_MOST).map(([, piece]) => piece);
  element.replaceChildren(...coloured, plain.join(""));
}
