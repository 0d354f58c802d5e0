// Stacked columns of what was owed by bucket. Colours come from the page's own scale; labels come written out.
"use strict";
(() => {
  const color = (css) => getComputedStyle(document.documentElement).getPropertyValue(`--${css}`).trim();
  const charts = new Map();

  const axisLabel = (places, lang) => (minor) => {
    const value = minor / 10 ** places;
    return new Intl.NumberFormat(lang, { notation: "compact", maximumFractionDigits: 1 }).format(value);
  };

  const optionOf = (data, lang) => ({
    animation: false,
    aria: { enabled: true, decal: { show: true, decals: [
      { symbol: "none" }, { dashArrayX: [1, 0], dashArrayY: [2, 6], rotation: 0.8, color: "rgba(255,255,255,.28)" },
      { symbol: "circle", dashArrayX: [[8, 8], [0, 8, 8, 0]], dashArrayY: [6, 0], symbolSize: 0.7, color: "rgba(255,255,255,.32)" },
      { dashArrayX: [1, 0], dashArrayY: [3, 5], rotation: -0.8, color: "rgba(255,255,255,.25)" }, { symbol: "none" } ] } },
    backgroundColor: color("surface"),
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: color("ink") },
    title: { text: data.currency, right: 12, top: 0, textStyle: { fontSize: 12, fontWeight: "normal", color: color("ink-2") } },
    grid: { left: 8, right: 12, top: innerWidth < 600 ? 52 : 34, bottom: 8, containLabel: true },
    legend: { top: 0, left: 0, right: 48, itemWidth: 14, itemHeight: 10, icon: "rect", textStyle: { color: color("ink") } },
    tooltip: {
      trigger: "axis", renderMode: "richText", axisPointer: { type: "shadow" }, confine: true,
      backgroundColor: color("surface"), borderColor: color("line"), textStyle: { color: color("ink"), fontSize: 12 },
      formatter: (points) => {
        const at = points[0].dataIndex;
        const lines = data.series.map((series) => `${series.name}   ${series.labels[at]}`);
        return [`${data.months[at]}   ${data.currency}`, ...lines.reverse(), `${data.total_word}   ${data.totals[at]}`].join("\n");
      },
    },
    xAxis: { type: "category", data: data.months, axisTick: { show: false }, axisLine: { lineStyle: { color: color("line-strong") } }, axisLabel: { color: color("ink-2") } },
    yAxis: { type: "value", min: (range) => Math.min(0, range.min), axisLabel: { color: color("ink-2"), formatter: axisLabel(data.places, lang) }, splitLine: { lineStyle: { color: color("line") } } },
    series: data.series.map((series) => ({ type: "bar", stack: "open", name: series.name, data: series.minor, barMaxWidth: 46, itemStyle: { color: color(series.css) } })),
  });

  const draw = (place) => {
    const all = JSON.parse(document.getElementById(place.dataset.source).textContent);
    const pressed = document.querySelector("[data-chart-currency][aria-pressed=true]");
    const data = all[pressed?.dataset.chartCurrency] ?? Object.values(all)[0];
    if (!data) return;
    const chart = charts.get(place) ?? echarts.init(place, null, { renderer: "canvas" });
    charts.set(place, chart);
    chart.setOption(optionOf(data, document.documentElement.lang), true);
  };
  const drawAll = () => document.querySelectorAll("[data-chart=stack]").forEach(draw);

  document.addEventListener("click", (event) => {
    const pick = event.target.closest("[data-chart-currency]");
    if (pick) {
      document.querySelectorAll("[data-chart-currency]").forEach((chip) => {
        const on = chip === pick;
        chip.setAttribute("aria-pressed", String(on));
        chip.classList.toggle("set", on);
      });
      document.querySelectorAll("table[data-currency]").forEach((table) => { table.hidden = table.dataset.currency !== pick.dataset.chartCurrency; });
      drawAll();
    }
    const save = event.target.closest("[data-chart-save]");
    if (save) {
      const chart = charts.get(document.getElementById(save.dataset.chartSave));
      const link = document.createElement("a");
      link.href = chart.getDataURL({ pixelRatio: 2, backgroundColor: color("surface") });
      link.download = `${save.dataset.chartSave}.png`;
      link.click();
    }
  });
  document.addEventListener("huikuan:theme", () => setTimeout(drawAll));
  addEventListener("resize", () => charts.forEach((chart) => chart.resize()));
  addEventListener("beforeprint", () => charts.forEach((chart) => chart.resize()));
  drawAll();
})();
