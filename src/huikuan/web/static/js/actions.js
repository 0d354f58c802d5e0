// Filling in a table of amounts with the keyboard. Amounts are text here; sums are made on the server.
"use strict";
(() => {
  const amounts = (form) => [...form.querySelectorAll("input.amount")];
  document.addEventListener("keydown", (event) => {
    const input = event.target.closest?.("[data-grid] input.amount");
    if (!input || event.isComposing) return;
    const by = { Enter: event.shiftKey ? -1 : 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return void input.form.requestSubmit();
    const all = amounts(input.form);
    const next = all[all.indexOf(input) + by];
    if (next) { next.focus(); next.select(); } else if (by > 0) input.form.querySelector("button[type=submit]")?.focus();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-take]");
    if (!button) return;
    const input = button.form?.elements.namedItem(button.dataset.take);
    if (!input) return;
    input.value = button.dataset.text;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.focus();
  });
})();
