// Runs before the first paint: light or dark, as the cookie says or else as the system does; and tells the server the
// reader's time zone, on whose clock moments are shown.
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
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.split("; ").includes(`zone=${zone}`)) {
    document.cookie = `zone=${zone}; path=/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
  }
})();
