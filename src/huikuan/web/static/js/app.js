// The frame: menus, keys, the drawer, rows. Pages work without it; with it they are quicker.
"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const FRAME = ["entity", "as_of", "known_on"];

  const setCookie = (name, value) => {
    document.cookie = `${name}=${value};path=/;max-age=31536000;samesite=lax${location.protocol === "https:" ? ";secure" : ""}`;
  };

  // -- menus ---------------------------------------------------------------------------------------------------
  const closeMenus = (except) => $$("details.menu[open]").forEach((menu) => menu !== except && menu.removeAttribute("open"));
  document.addEventListener("click", (event) => {
    closeMenus(event.target.closest("details.menu"));
    if (!event.target.closest(".search")) $("#suggest")?.replaceChildren();
  });

  // A list's order and filters live in the address; links and forms of the frame made before carry them on.
  const carryOn = (url) => {
    const now = new URLSearchParams(location.search);
    for (const [name, value] of now) if (!FRAME.includes(name) && name !== "page" && !url.searchParams.has(name)) url.searchParams.set(name, value);
    return url;
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".tools .panel a[href], .past-note a[href]");
    if (!link || link.origin !== location.origin || link.pathname !== location.pathname) return;
    link.href = carryOn(new URL(link.href)).href;
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches(".as-of form")) {
      event.preventDefault();
      const url = carryOn(new URL(location.pathname, location.origin));
      for (const name of FRAME) url.searchParams.delete(name);
      for (const [name, value] of new FormData(form)) if (value) url.searchParams.set(name, value);
      if (url.searchParams.get("as_of") === form.dataset.today) url.searchParams.delete("as_of");
      location.assign(url);
    }
    if (form.matches("[data-once]")) {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
      $$("button[type=submit]", form).forEach((button) => button.setAttribute("aria-busy", "true"));
    }
  });
  addEventListener("pageshow", () => $$("[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    $$("[aria-busy]", form).forEach((button) => button.removeAttribute("aria-busy"));
  }));

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-set-theme]");
    if (!button) return;
    setCookie("theme", button.dataset.setTheme);
    document.documentElement.dataset.theme = button.dataset.setTheme;
    window.huikuanApplyTheme();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-toggle]");
    if (!button) return;
    const part = document.getElementById(button.dataset.toggle);
    part.hidden = !part.hidden;
    button.setAttribute("aria-expanded", String(!part.hidden));
  });

  // -- rows and the drawer -------------------------------------------------------------------------------------
  const drawer = $("#drawer");
  let chosen = null;
  const rows = () => $$("table[data-rows] tbody tr[data-href]").filter((row) => !row.closest("#drawer"));
  const choose = (row) => {
    chosen?.classList.remove("chosen");
    chosen = row;
    if (!row) return;
    row.classList.add("chosen");
    row.scrollIntoView({ block: "nearest" });
  };
  const openDrawer = (href) => {
    drawer.hidden = false;
    drawer.dataset.href = href;
    document.body.classList.add("with-drawer");
    return htmx.ajax("GET", href, { target: "#drawer-body", swap: "innerHTML show:none" });
  };
  const closeDrawer = () => {
    if (!drawer || drawer.hidden) return false;
    drawer.hidden = true;
    document.body.classList.remove("with-drawer");
    $("#drawer-body").replaceChildren();
    return true;
  };
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close-drawer]")) return void closeDrawer();
    const row = event.target.closest("tr[data-href]");
    if (!row || event.target.closest("a, button, input, select, label") || String(getSelection())) return;
    if (event.ctrlKey || event.metaKey) return void open(row.dataset.href, "_blank");
    if (row.closest("#drawer") || "full" in row.dataset) return void location.assign(row.dataset.href);
    choose(row);
    openDrawer(row.dataset.href);
  });

  const step = (by) => {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(chosen);
    choose(all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)]);
    if (!drawer.hidden && !("full" in chosen.dataset)) openDrawer(chosen.dataset.href);
  };
  const keys = {
    "/": () => $("#search")?.focus(),
    d: () => {
      const menu = $("details.as-of");
      menu?.setAttribute("open", "");
      $("input[name=as_of]", menu)?.focus();
    },
    j: () => step(1),
    k: () => step(-1),
    x: () => chosen?.querySelector("input.pick")?.click(),
    " ": () => chosen && openDrawer(chosen.dataset.href),
    Enter: () => {
      if (!drawer.hidden) location.assign(drawer.dataset.href);
      else if (chosen) location.assign(chosen.dataset.href);
      else return false;
    },
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !document.querySelector("dialog[open]")) {
      const menu = $("details.menu[open]");
      if (menu) { closeMenus(); $("summary", menu)?.focus(); } else if (!closeDrawer()) choose(null);
      $("#suggest")?.replaceChildren();
      if (document.activeElement?.id === "search") document.activeElement.blur();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || !drawer) return;
    if (event.target.closest("input, select, textarea, button, a, summary, [contenteditable]")) {
      if (event.target.id === "search" && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
        const links = $$("#suggest a");
        if (links.length) { event.preventDefault(); links[event.key === "ArrowDown" ? 0 : links.length - 1].focus(); }
      } else if (event.target.closest("#suggest") && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
        const links = $$("#suggest a");
        const next = links[links.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1)] ?? $("#search");
        event.preventDefault();
        next.focus();
      }
      return;
    }
    const action = keys[event.key];
    if (!action || (event.key === " " && !chosen)) return;
    if (action() !== false) event.preventDefault();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id === "drawer-body" || !chosen || chosen.isConnected) return;
    // The list was drawn anew; what else comes late leaves the chosen row and its drawer alone.
    chosen = null;
    closeDrawer();
  });
  // What was typed before the scripts had come is looked for when they are there.
  document.addEventListener("DOMContentLoaded", () => {
    const field = document.activeElement;
    if (field?.matches("input[hx-get]") && field.value !== field.defaultValue) htmx.trigger(field, "typed");
  });
  document.addEventListener("htmx:responseError", (event) => {
    // A refused or expired request is shown as the page it is.
    const { xhr, pathInfo } = event.detail;
    if ((event.detail.requestConfig?.verb || "get") === "get") location.assign(pathInfo?.finalRequestPath || xhr.responseURL);
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-check-all]")) $$("tbody input[type=checkbox]", event.target.closest("table")).forEach((box) => { box.checked = event.target.checked; });
  });

  // -- files -----------------------------------------------------------------------------------------------------
  const nameFile = (input) => {
    const place = $("[data-file-name]", input.closest("[data-drop]"));
    const file = input.files[0];
    if (place) place.textContent = file ? `${file.name} · ${(file.size / 1024).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 0 })} KB` : "";
  };
  document.addEventListener("change", (event) => event.target.matches("[data-drop] input[type=file]") && nameFile(event.target));
  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      const zone = event.target.closest?.("[data-drop]");
      if (!zone) return;
      event.preventDefault();
      zone.classList.toggle("over", kind === "dragover");
      if (kind !== "drop" || !event.dataTransfer.files.length) return;
      const input = $("input[type=file]", zone);
      input.files = event.dataTransfer.files;
      nameFile(input);
    });
  }
})();
