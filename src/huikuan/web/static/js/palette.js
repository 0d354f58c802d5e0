// Ctrl-K: everything one can go to or switch, by typing. `?` shows the keys. What was opened last stands first.
"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const dialog = $("#palette");
  if (!dialog) return;
  const input = $("input", dialog);
  const list = $("[data-commands]", dialog);
  const hits = $("[data-hits]", dialog);
  const recents = $("[data-recents]", dialog);
  const FRAME = ["entity", "as_of", "known_on"];

  // -- what was opened last, kept in this browser until the person signs out --------------------------------------
  const key = `huikuan-recent-${document.body.dataset.user}`;
  const readRecent = () => { try { return JSON.parse(localStorage.getItem(key)) || []; } catch { return []; } };
  const title = $("main h1")?.firstChild?.textContent.trim();
  if (title && /^\/(customers|receivables\/(items|receipts|entries))\/\w+_\w+\/$/.test(location.pathname)) {
    const others = readRecent().filter((one) => one.path !== location.pathname);
    try { localStorage.setItem(key, JSON.stringify([{ path: location.pathname, title }, ...others].slice(0, 8))); } catch { /* full or forbidden */ }
  }
  document.addEventListener("submit", (event) => {
    if (event.target.matches("form[action*='logout']")) localStorage.removeItem(key);
  });

  // -- opening ---------------------------------------------------------------------------------------------------
  const withFrame = (path, change = {}) => {
    const url = new URL(path, location.origin);
    const now = new URLSearchParams(location.search);
    if (path === location.pathname) for (const [name, value] of now) if (name !== "page") url.searchParams.set(name, value);
    for (const name of FRAME) if (now.get(name)) url.searchParams.set(name, now.get(name));
    for (const [name, value] of Object.entries(change)) value ? url.searchParams.set(name, value) : url.searchParams.delete(name);
    return url.href;
  };
  // What is typed, and Enter, before the commands have come counts when they are there.
  let loading = false;
  let entered = false;
  const load = async () => {
    if (dialog.dataset.loaded) return;
    const url = new URL(dialog.dataset.from, location.origin);
    for (const name of FRAME) { const value = new URLSearchParams(location.search).get(name); if (value) url.searchParams.set(name, value); }
    const answer = await fetch(url, { headers: { "X-Requested-With": "palette" } });
    if (!answer.ok) return;
    list.innerHTML = await answer.text();
    dialog.dataset.loaded = "yes";
  };
  const showKeys = (on) => {
    const keys = $(".keys", list);
    if (keys) keys.hidden = !on;
    const commands = $(".commands", list);
    if (commands) commands.hidden = on;
    recents.hidden = on;
    hits.hidden = on;
    input.hidden = on;
  };
  const open = async (keys) => {
    if (!dialog.open) dialog.showModal();
    input.value = "";
    hits.replaceChildren();
    recents.replaceChildren(...readRecent().filter((one) => one.path !== location.pathname).map((one) => {
      const line = document.createElement("li");
      const link = document.createElement("a");
      link.href = withFrame(one.path);
      link.textContent = one.title;
      line.append(link);
      return line;
    }));
    if (!keys) input.focus();
    loading = true;
    entered = false;
    try { await load(); } finally { loading = false; }
    showKeys(keys);
    filter();
    keys ? dialog.focus() : input.focus();
    if (entered && dialog.open) shown()[0]?.click();
  };

  // -- choosing ----------------------------------------------------------------------------------------------------
  const shown = () => $$("a", dialog).filter((link) => link.offsetParent !== null);
  const mark = (link) => {
    $$("a.on", dialog).forEach((other) => other.classList.remove("on"));
    link?.classList.add("on");
    link?.scrollIntoView({ block: "nearest" });
  };
  const filter = () => {
    const words = input.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    for (const line of $$(".commands li", list)) {
      const link = $("a", line);
      const text = `${link.textContent} ${link.dataset.words || ""}`.toLowerCase();
      line.hidden = !words.every((word) => text.includes(word));
    }
    recents.hidden = words.length > 0;
    mark(shown()[0]);
  };
  let waiting = 0;
  let asked = 0;
  let hurried = "";
  const search = () => {
    clearTimeout(waiting);
    hurried = "";
    const q = input.value.trim();
    if (q.length < 2) return void hits.replaceChildren();
    waiting = setTimeout(async () => {
      const mine = ++asked;
      const answer = await fetch(withFrame(dialog.dataset.search, { q, part: "suggest" }), { headers: { "HX-Request": "true" } });
      const text = answer.ok ? await answer.text() : "";
      if (mine !== asked || input.value.trim() !== q) return;
      hits.innerHTML = text;
      if (!$("a.on", dialog)) mark(shown()[0]);
      if (hurried === q && dialog.open) $("a.on", dialog)?.click();
    }, 160);
  };
  const follow = (link, event) => {
    if (link.dataset.param !== undefined) location.assign(withFrame(location.pathname, { [link.dataset.param]: link.dataset.value }));
    else if (link.dataset.press) { dialog.close(); $(link.dataset.press)?.click(); }
    else if ("showKeys" in link.dataset) showKeys(true);
    else return;
    event.preventDefault();
  };
  input.addEventListener("input", () => { filter(); search(); });
  dialog.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (link) follow(link, event);
    else if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter" && loading && !event.isComposing) {
      event.preventDefault();
      entered = true;
      return;
    }
    const all = shown();
    const at = all.findIndex((link) => link.classList.contains("on"));
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      mark(all[(at + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length]);
    } else if (event.key === "Enter" && !event.isComposing && at >= 0) {
      event.preventDefault();
      all[at].click();
    } else if (event.key === "Enter" && !event.isComposing) hurried = input.value.trim();  // what is looked for is on its way
  });

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open(false);
    } else if (event.key === "?" && !event.target.closest("input, select, textarea, [contenteditable]")) {
      event.preventDefault();
      open(true);
    }
  });
  document.addEventListener("click", (event) => event.target.closest("[data-palette]") && open(false));
})();
