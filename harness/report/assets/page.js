"use strict";
// Opens a definition beside the word that asked for it. Without this it opens in the middle of the page.
(() => {
  let asked = null;
  document.addEventListener("click", (event) => {
    const term = event.target.closest("button[popovertarget]");
    if (term) asked = term;
  }, true);
  for (const definition of document.querySelectorAll("[popover]")) {
    definition.addEventListener("toggle", (event) => {
      if (event.newState !== "open" || !asked) return;
      const word = asked.getBoundingClientRect();
      const own = definition.getBoundingClientRect();
      const wide = document.documentElement.clientWidth;
      const below = word.bottom + 6 + own.height < window.innerHeight;
      definition.style.inset = "auto";
      definition.style.margin = "0";
      definition.style.left = `${Math.max(8, Math.min(word.left, wide - own.width - 8))}px`;
      definition.style.top = `${Math.max(8, below ? word.bottom + 6 : word.top - own.height - 6)}px`;
    });
  }
  addEventListener("scroll", () => document.querySelector("[popover]:popover-open")?.hidePopover(), {passive: true});
})();
