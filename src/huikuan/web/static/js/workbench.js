// The workbench: one line after the other by keyboard. Everything is posted and worked out on the server.
"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const bench = () => $("#bench");
  const rows = () => $$("#bench-lines li[data-line]");
  const chosen = () => $("#bench-lines li.chosen");
  const pane = () => $("#bench-pane .pane");
  const numberOf = () => pane()?.dataset.pane;

  const mark = (line) => {
    rows().forEach((row) => row.classList.toggle("chosen", row.dataset.line === line));
    const list = $("#bench-lines");
    if (list && list.scrollHeight > list.clientHeight) chosen()?.scrollIntoView({ block: "nearest" });
  };
  // The line in the address is the one shown: back or reloaded, the page opens it again.
  const noted = () => {
    const url = new URL(location.href);
    url.searchParams.delete("page");
    url.searchParams.set("line", numberOf());
    history.replaceState(history.state, "", url);
  };
  // Which line comes next the server says. The one that most likely does is asked for in advance: what is out of date
  // there is worked out before it is needed.
  const ready = () => {
    const all = rows();
    const at = all.findIndex((row) => row.dataset.line === numberOf());
    const link = all.length > 1 && $("a", all[(at + 1) % all.length]);
    if (!link || link.dataset.asked === "yes") return;
    link.dataset.asked = "yes";
    fetch(link.getAttribute("hx-get"), { headers: { "HX-Request": "true" }, credentials: "same-origin" }).then((answer) => answer.text()).catch(() => {});
  };
  const open = (row) => {
    mark(row.dataset.line);
    bench().classList.add("with-line");
    htmx.ajax("GET", $("a", row).getAttribute("hx-get"), { target: "#bench-pane", swap: "innerHTML show:none" });
  };
  // Brings the page of the list on which a line stands, or the one so many places after it; gives which line that is.
  // Nothing where it did not come; only the last one asked for counts.
  let lists = 0;
  const bring = async (line, by = 0) => {
    const mine = ++lists;
    const url = new URL(location.href);
    url.searchParams.delete("page");
    url.searchParams.set("line", line);
    if (by) url.searchParams.set("by", by);
    $("#bench-left").setAttribute("aria-busy", "true");
    const headers = { "HX-Request": "true", "HX-Target": "bench-left" };
    const text = await fetch(url, { headers, credentials: "same-origin" }).then((answer) => answer.text()).catch(() => "");
    if (mine !== lists) return "";
    $("#bench-left").removeAttribute("aria-busy");
    if (!text.includes('id="bench-left"')) return "";
    $("#bench-left").outerHTML = text;
    htmx.process($("#bench-left"));
    mark(numberOf());
    ready();
    return $("#bench-left").dataset.chosen;
  };
  const rowOf = (line) => rows().find((row) => row.dataset.line === line);
  // With what is decided the server is told what stands below on the page: that comes next, in this order.
  const below = () => {
    const all = rows();
    return all.slice(all.indexOf(chosen()) + 1).map((row) => row.dataset.line).join(" ");
  };
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb === "post" && event.detail.target?.id === "bench-pane") event.detail.parameters.below = below();
  });
  // Past the ends of the page the list goes on.
  const step = (by) => {
    if (!pane()) return;
    const all = rows();
    const at = all.indexOf(chosen());
    if (at >= 0 && all[at + by]) return void open(all[at + by]);
    const coming = {};
    setBusy(coming);
    bring(numberOf(), by).then((line) => {
      if (busy !== coming) return;
      const row = line && line !== numberOf() && rowOf(line);
      if (row) open(row);
      else finish(true);
    });
  };
  const chooseCard = (number) => {
    const cards = $$("#bench-pane .why");
    const card = cards[number - 1];
    if (!card) return;
    cards.forEach((one) => {
      one.classList.toggle("on", one === card);
      $("button[type=submit]", one)?.classList.toggle("btn-primary", one === card);
    });
    pane().dataset.rank = card.dataset.rank;
    $$("[data-rank-field]", pane()).forEach((field) => { field.value = card.dataset.rank; });
    card.scrollIntoView({ block: "nearest" });
  };
  const press = (key) => {
    const button = $(`#bench-pane [data-key-of="${key}"]`);
    if (!button) return false;
    button.click();
    const part = button.dataset.toggle && document.getElementById(button.dataset.toggle);
    if (part && !part.hidden) {
      const field = $("input[name=reason], input[name=question], select", part);
      field?.focus();
      if (field?.select) field.select();
    }
    return true;
  };
  // The form by hand; what is typed before it is there is meant for it.
  let early = null;
  const byHand = (key) => { early = press(key) ? early ?? { text: "", send: false } : null; };
  const typedEarly = (event) => {
    const isHeld = event.ctrlKey || event.metaKey;
    if (event.key === "Enter") early.send ||= isHeld;
    else if (event.key === "Backspace") early.text = early.text.slice(0, -1);
    else if (!isHeld && /^[\d.,-]$/.test(event.key)) early.text += event.key;
    else return ["Control", "Meta", "Shift"].includes(event.key) || (isHeld && event.key === "a");
    return true;
  };
  const formCame = () => {
    const typed = early;
    early = null;
    const field = $("#edit-form input.amount") ?? $("#edit-form input[type=search]");
    field?.focus();
    field?.select();
    if (field && typed?.text) {
      field.value = typed.text;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    if (typed?.send) $("#edit-form").requestSubmit();
  };
  const accept = () => {
    const form = $("#bench-pane .why.on");
    if (!form || form.dataset.sent || $("#edit-form")) return;  // a form that is open is sent by Ctrl+Enter
    form.dataset.sent = "yes";
    form.requestSubmit();
  };
  // With nothing left to do there is no list to bring the line back to: the page is made anew.
  const undo = () => $("#bench-pane") ? htmx.ajax("POST", bench().dataset.undo, {
    target: "#bench-pane", swap: "innerHTML show:none",
    values: { book: bench().dataset.book, csrfmiddlewaretoken: $("[name=csrfmiddlewaretoken]").value },
  }) : $("#bench-undo")?.requestSubmit();

  const keys = {
    Enter: accept, j: () => step(1), k: () => step(-1), ArrowDown: () => step(1), ArrowUp: () => step(-1), z: undo,
    t: () => location.assign(bench().dataset.today), "?": () => $("#bench-keys").showModal(),
    s: () => byHand("s"), p: () => byHand("p"), u: () => press("u"), o: () => press("o"), n: () => press("n"),
    w: () => press("w"), a: () => press("a"), m: () => press("m"),
  };
  // Before the frame's own keys: here j, k and Enter are the workbench's.
  document.addEventListener("keydown", (event) => {
    if (!bench() || event.altKey || event.isComposing || $("dialog[open]")) return;
    if (early && !event.target.closest("input, select, textarea")) {
      if (typedEarly(event)) {
        event.preventDefault();
        event.stopImmediatePropagation();
        return;
      }
      early = null;
    }
    // A choice is sent as a typed reason is; a browser would open the list instead.
    const held = event.ctrlKey || event.metaKey;
    const aside = event.key === "Enter" && event.target.closest(held ? ".aside" : ".aside select");
    if (aside) {
      event.preventDefault();
      if (!event.repeat) aside.closest("form").requestSubmit();
      return;
    }
    if (held) {
      // From anywhere but the amounts, which do this themselves, and other forms.
      if (event.key !== "Enter" || event.repeat || !$("#edit-form") || event.target.closest("form:not(#edit-form), input.amount")) return;
      event.preventDefault();
      $("#edit-form").requestSubmit();
      return;
    }
    if (event.target.closest("input, select, textarea, [contenteditable]")) {
      if (event.key === "Escape" && event.target.closest("#bench-pane")) {
        event.target.blur();
        $("#bench-edit")?.replaceChildren();
        $$("#bench-pane .aside").forEach((form) => { form.hidden = true; });
      }
      return;
    }
    if (event.key === "Enter" && event.target.closest("button, a, summary")) return;
    const action = /^[1-5]$/.test(event.key) ? () => chooseCard(Number(event.key)) : keys[event.key];
    if (!action || event.repeat) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    // While another line is on its way nothing is decided about the one still shown; what only looks waits for it, and
    // so does taking back what was decided last.
    if (busy) {
      queued = "spjkwan12345z".includes(event.key) ? action : null;
      if ("sp".includes(event.key)) early = { text: "", send: false };
    } else action();
  }, true);
  // The request that brings the next thing to decide about; null when what is shown is what is there.
  let busy = null;
  let queued = null;
  const setBusy = (xhr) => {
    busy = xhr;
    if (xhr) bench()?.setAttribute("aria-busy", "true");
    else bench()?.removeAttribute("aria-busy");
  };
  document.addEventListener("htmx:beforeRequest", (event) => { if (event.detail.target?.id === "bench-pane") setBusy(event.detail.xhr); });
  const finish = (successful) => {
    const action = successful ? queued : null;
    if (!action) early = null;
    setBusy(null);
    queued = null;
    action?.();
  };
  // What was swapped in has its handlers only when it has settled; where nothing was swapped in, the request's end is all
  // that comes. It comes once for each request, however that ended.
  let swapped = null;
  document.addEventListener("htmx:afterSwap", (event) => { if (busy && event.detail.xhr === busy) swapped = busy; });
  document.addEventListener("htmx:afterRequest", (event) => { if (busy && event.detail.xhr === busy && swapped !== busy) finish(false); });
  document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.target?.id === "bench-edit" && !event.detail.successful) early = null; });
  // A click on what is about to go waits as the keys do: it counts if what was clicked is still there then.
  document.addEventListener("click", (event) => {
    const part = busy && event.isTrusted && event.target.closest?.("#bench-lines li[data-line], #bench-pane :is(button, a[hx-get])");
    if (!part || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const line = part.dataset.line;
    if (line) queued = () => { const row = rowOf(line); if (row) open(row); };
    else queued = part.dataset.key === "z" ? undo : () => part.isConnected && part.click();
  }, true);
  document.addEventListener("submit", (event) => {
    if (!busy || !event.target.closest("#bench-pane")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
  document.addEventListener("click", (event) => {
    if (!bench()) return;
    const row = event.target.closest("#bench-lines li[data-line]");
    if (row) { mark(row.dataset.line); bench().classList.add("with-line"); }
    if (event.target.closest("[data-key='z']")) undo();
    if (event.target.closest("[data-close-edit]")) $("#bench-edit").replaceChildren();
    const card = event.target.closest("#bench-pane .why");
    if (card && !event.target.closest("a, button")) chooseCard($$("#bench-pane .why").indexOf(card) + 1);
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    // A refusal is shown where the line stands.
    if (bench() && [400, 409].includes(event.detail.xhr.status) && event.detail.xhr.responseText.includes("bench-")) event.detail.shouldSwap = true;
    else if (bench() && [400, 409].includes(event.detail.xhr.status) && event.detail.target?.id.startsWith("bench-")) event.detail.shouldSwap = true;
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (!bench() || !event.detail.target?.id?.startsWith("bench-")) return;
    if (event.detail.target.id === "bench-pane") {
      $$("#bench-pane form[data-sent]").forEach((form) => delete form.dataset.sent);
      mark(numberOf());
      if (numberOf()) noted();
      if ($("#bench-pane").getBoundingClientRect().top < 0) $("#bench-pane").scrollIntoView();
      if (document.activeElement === document.body || !document.activeElement?.closest("input, select")) $("#bench-pane").focus({ preventScroll: true });
    }
    ready();
    if (event.detail.target.id === "bench-edit") formCame();
    if (busy && event.detail.xhr === busy) finish(event.detail.successful);
  });
  document.addEventListener("bench-went-on", (event) => {
    const { line, stays, next } = event.detail;
    if (!stays) rowOf(line)?.remove();
    if (rowOf(next)) return void mark(next);
    // The next lines of the list come from the server; so does what is to be said when there are none.
    if (next) return void bring(next);
    const here = new URL(location.href);
    ["line", "page"].forEach((name) => here.searchParams.delete(name));
    location.replace(here);
  });
  document.addEventListener("bench-came-back", (event) => { bring(event.detail.line); });
  if (bench()) ready();
})();
