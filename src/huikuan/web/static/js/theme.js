// Runs before the first paint: light or dark, as the cookie says or else as the system does.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const wish = root.dataset.theme;
    root.dataset.bsTheme = wish === "light" || wish === "dark" ? wish : system.matches ? "dark" : "light";
    document.dispatchEvent(new CustomEvent("huikuan:theme"));
  };
  system.addEventListener("change", apply);
  window.huikuanApplyTheme = apply;
  apply();
})();
