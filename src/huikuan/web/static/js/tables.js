// Tables: what is ticked, the order of columns, how close the rows stand. The server does the rest.
"use strict";
(() => {
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

  // The number of ticked rows beside the button that does something with them.
  document.addEventListener("change", (event) => {
    const list = event.target.closest?.(".list");
    const place = list?.querySelector("[data-picked]");
    if (place) place.textContent = $$("tbody input.pick:checked", list).length;
  });

  document.addEventListener("click", (event) => {
    const move = event.target.closest("[data-move]");
    if (move) {
      const line = move.closest("li");
      const other = move.dataset.move === "1" ? line.nextElementSibling : line.previousElementSibling;
      if (other) move.dataset.move === "1" ? other.after(line) : other.before(line);
      move.focus();
    }
    const density = event.target.closest("[data-set-density]");
    if (density) {
      document.cookie = `density=${density.dataset.setDensity};path=/;max-age=31536000;samesite=lax${location.protocol === "https:" ? ";secure" : ""}`;
      document.documentElement.dataset.density = density.dataset.setDensity;
    }
  });

  // Empty fields stay out of the address.
  document.addEventListener("htmx:configRequest", (event) => {
    if (!event.detail.elt.matches?.("form[data-lean]")) return;
    const given = event.detail.formData ?? event.detail.parameters;
    for (const [name, value] of [...given.entries()]) if (value === "" && name !== "view") given.delete(name);
  });
})();
