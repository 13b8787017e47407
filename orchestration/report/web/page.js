// The page: which section is shown, in which language and theme; choices, tables, downloads.
"use strict";

const MOST_ROWS = 500;  // of a table in the page; the CSV file has all
const drawn = [];  // the ECharts of the section that is shown
const waiting = new Map();  // data scripts that were asked for and have not come yet

/** Make an element; texts go in as text, never as HTML. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Rows as objects; a row with lists of rates becomes one row per rate. */
function unfold(table) {
  const names = table.columns.map((column) => column.name);
  const rows = table.rows.map((cells) => Object.fromEntries(names.map((name, place) => [name, cells[place]])));
  if (!names.includes("rates")) return { columns: table.columns, rows };
  const kept = table.columns.filter(({ name }) => !["from_age", "rates", "flags"].includes(name));
  const columns = [...kept, { name: "age", kind: "count" }, { name: "rate", kind: "rate" },
    { name: "is_complete", kind: "flag" }, { name: "is_small", kind: "flag" }];
  const cells = rows.flatMap(({ from_age, rates, flags, ...row }) => rates.map((rate, place) => ({
    ...row, age: from_age + place, rate, is_complete: !(flags[place] & 1), is_small: Boolean(flags[place] & 2),
  })));
  return { columns, rows: cells };
}

class Chart {
  constructor(spec) {
    Object.assign(this, spec);
    this.sorted = ["age", "cohort_start", "period_start"].includes(spec.draw.x);
    this.chosen = { ...spec.choices };
    this.parts = new Map([[this.part(), unfold(spec.data)]]);
    this.take(this.parts.get(this.part()));
  }

  part() {
    return this.files.map((name) => this.chosen[name]).join("\u0000");
  }

  take({ columns, rows }) {
    this.columns = columns;
    this.all = rows;
  }

  inner() {
    return Object.keys(this.choices).filter((name) => !this.files.includes(name));
  }

  /** What can be chosen of a column, given the choices before it. */
  options(name) {
    const before = Object.keys(this.choices).slice(0, Object.keys(this.choices).indexOf(name));
    if (this.files.includes(name)) {
      const place = this.files.indexOf(name);
      const fits = (values) => this.files.slice(0, place).every((file, at) => values[at] === this.chosen[file]);
      return [...new Set(this.catalog.filter(fits).map((values) => values[place]))];
    }
    const inner = before.filter((other) => !this.files.includes(other));
    const rows = this.all.filter((row) => inner.every((other) => String(row[other]) === String(this.chosen[other])));
    return [...new Set(rows.map((row) => row[name]))];
  }

  /** The rows that are shown. */
  get rows() {
    return this.all.filter((row) => this.inner().every((name) => String(row[name]) === String(this.chosen[name])));
  }

  /** Choose a value; the choices after it move to what there is. */
  async choose(name, value) {
    this.chosen[name] = value;
    for (const file of this.files) {
      const options = this.options(file);
      if (!options.includes(this.chosen[file])) [this.chosen[file]] = options;
    }
    if (!this.parts.has(this.part())) this.parts.set(this.part(), await load(this));
    this.take(this.parts.get(this.part()));
    this.settle();
  }

  settle() {
    for (const inner of this.inner()) {
      const options = this.options(inner).map(String);
      if (options.length && !options.includes(String(this.chosen[inner]))) {
        this.chosen[inner] = ["all", ...options].find((one) => options.includes(one) && !/^\(/.test(one)) ?? options[0];
      }
    }
  }

  titleRow() {
    const { rows } = this;
    if (this.title === "first") return rows[0];
    const complete = this.title === "last" ? rows : rows.filter((row) => row.is_complete);
    return complete.at(-1);
  }

  /** E53: what stands on few people is hidden at first, where anything else would be left to see. */
  canHideSmall() {
    return this.kind === "heat" && this.rows.some((row) => row.is_small) && this.rows.some((row) => !row.is_small);
  }

  heading() {
    const row = this.titleRow();
    if (!row) return word(`chart.${this.name}.name`);
    const values = Object.fromEntries(this.columns.map(({ name, kind }) =>
      [name, show(row.unit && ["value", "previous"].includes(name) ? row.unit : kind, row[name], grainOf(this, row), kind === "money")]));
    values.rows = show("count", this.rows.length);
    return word(`chart.${this.name}.title`, values);
  }
}

/** Load a data script beside the page: a page opened from disk may not fetch files. */
function load(chart) {
  const values = chart.files.map((name) => chart.chosen[name]);
  const name = [chart.name, ...values].join("-").replace(/[^A-Za-z0-9_-]/g, "-");
  return new Promise((resolve, reject) => {
    waiting.set(JSON.stringify([chart.name, values]), resolve);
    const script = make("script", { src: `data/${name}.js` });
    script.onerror = () => reject(new Error(word("missing_data", { file: `data/${name}.js` })));
    document.head.append(script);
  });
}

holdfast.loaded = (name, values, table) => {
  const key = JSON.stringify([name, values]);
  waiting.get(key)?.(unfold(table));
  waiting.delete(key);
};

function choicesOf(chart, redraw) {
  const box = make("div", { class: "choices" });
  chart.settle();
  for (const name of Object.keys(chart.choices)) {
    const options = chart.options(name);
    if (options.length < 2) continue;
    const select = make("select", { "data-choice": name });
    for (const value of options) select.append(make("option", { value }, codeWord(value)));
    select.value = chart.chosen[name];
    select.addEventListener("change", async () => {
      ready(false);
      try {
        await chart.choose(name, select.value);
        redraw(name);
      } catch (error) {
        select.closest("section").querySelector(".plot, .table, .empty").replaceChildren(error.message);
        holdfast.problems.push(error.message);
      }
      ready(true);
    });
    box.append(make("label", {}, word(`column.${name}`), select));
  }
  if (chart.canHideSmall()) {
    const small = make("input", { type: "checkbox", "data-choice": "small" });
    small.checked = Boolean(chart.showsSmall);
    small.addEventListener("change", () => {
      chart.showsSmall = small.checked;
      redraw("small");
    });
    box.append(make("label", {}, word("show_small"), small));
  }
  return box.childElementCount ? [box] : [];
}

function notesOf(chart) {
  const notes = [];
  const note = (kind, key) => notes.push(make("p", { class: "note" }, ...(kind ? [make("i", { class: kind })] : []), word(key)));
  if (chart.kind !== "table" && chart.kind !== "cards") {
    if (chart.rows.some((row) => row.is_complete === false)) note("hatched", "note.incomplete");
    if (chart.canHideSmall() && !chart.showsSmall) note("framed", "note.small_hidden");
    else if (chart.rows.some((row) => row.is_small)) note("faded", "note.small");
    if (chart.isCut) note("", "note.cut");
  }
  return notes;
}

function tableOf(chart) {
  const { columns } = chart;
  const number = (kind) => (["count", "money", "number", "rate"].includes(kind) ? { class: "n" } : {});
  const head = make("tr", {}, ...columns.map(({ name, kind }) => make("th", { scope: "col", ...number(kind) }, word(`column.${name}`))));
  const rows = chart.rows.slice(0, MOST_ROWS).map((row) => make("tr", row.is_complete === false || row.is_small ? { class: "part" } : {},
    ...columns.map(({ name, kind }) => {
      const shown = row.unit && ["value", "previous"].includes(name) ? row.unit : kind;
      return make("td", number(shown), show(shown, row[name], grainOf(chart, row)));
    })));
  const caption = chart.rows.length > MOST_ROWS
    ? word("table.first", { shown: show("count", MOST_ROWS), rows: show("count", chart.rows.length) })
    : word("table.rows", { rows: show("count", chart.rows.length) });
  return make("div", { class: "table", tabindex: "0", role: "group", "aria-label": chart.heading() },
    make("table", {}, make("caption", {}, caption), make("thead", {}, head), make("tbody", {}, ...rows)));
}

function cardsOf(chart) {
  const better = { lost: -1, churn_rate: -1, lost_revenue_orders: -1, lost_revenue_subscriptions: -1 };
  return make("ul", { class: "cards" }, ...chart.rows.map((row) => {
    const item = make("li", {}, make("span", {}, codeWord(row.metric)), make("b", {}, show(row.unit, row.value, "month", true)));
    if (row.previous !== null && row.value !== null) {
      const change = row.unit === "rate" ? row.value - row.previous : row.value / row.previous - 1;
      const sign = Math.sign(change) * (better[row.metric] ?? 1);
      const shown = row.unit === "rate"
        ? word("points", { change: new Intl.NumberFormat(holdfast.language, { signDisplay: "exceptZero", maximumFractionDigits: 1 }).format(change * 100) })
        : new Intl.NumberFormat(holdfast.language, { style: "percent", signDisplay: "exceptZero", maximumFractionDigits: 1 }).format(change);
      if (Number.isFinite(change)) {
        item.append(make("span", { class: sign > 0 ? "up" : sign < 0 ? "down" : "" }, word("against", { change: shown, before: show(row.unit, row.previous, "month", true) })));
      }
    }
    item.append(make("span", {}, showDate("period", row.period_start, "month")));
    return item;
  }));
}

function toolsOf(chart, section) {
  const said = make("details", {}, make("summary", {}, word("definition")));
  for (const [mart, text, columns] of chart.definitions) {
    said.append(make("h3", {}, mart), make("p", { lang: "en" }, text));
    if (columns.length) {
      said.append(make("dl", { lang: "en" }, ...columns.flatMap(([name, about]) => [make("dt", {}, name), make("dd", {}, about)])));
    }
  }
  const tools = make("div", { class: "tools" }, said);
  if (!chart.rows.length) return tools;
  if (chart.kind !== "table") {
    const toggle = make("button", { type: "button", "aria-expanded": "false", "data-tool": "table" }, word("table"));
    toggle.addEventListener("click", () => {
      const shown = section.querySelector(":scope > .table");
      if (shown) shown.remove();
      else tools.before(tableOf(chart));
      toggle.setAttribute("aria-expanded", String(!shown));
    });
    tools.append(toggle);
  }
  const download = make("button", { type: "button", "data-tool": "csv" }, word("csv"));
  download.addEventListener("click", () => {
    const file = new Blob(["\ufeff", holdfast.csv(chart.columns, chart.rows)], { type: "text/csv" });
    const link = make("a", { href: URL.createObjectURL(file), download: `${chart.name}.csv` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
  tools.append(download);
  return tools;
}

/** Fill the section of a chart; it has to be in the page already, as ECharts asks for its width. */
function fill(chart, section, focus) {
  forget(section);
  section.replaceChildren(make("h2", { id: `title-${chart.name}` }, chart.heading()));
  section.append(...choicesOf(chart, (name) => fill(chart, section, name)));
  if (chart.warning && chart.titleRow()?.[chart.warning]) {
    section.append(make("p", { class: "warning", role: "note" }, word(`chart.${chart.name}.warning`)));
  }
  if (!chart.rows.length) section.append(make("p", { class: "empty" }, word("empty")));
  else if (chart.kind === "cards") section.append(cardsOf(chart));
  else if (chart.kind === "table") section.append(tableOf(chart));
  else plot(chart, section);
  section.append(...notesOf(chart), toolsOf(chart, section));
  if (focus) section.querySelector(`[data-choice="${focus}"]`)?.focus();
}

function plot(chart, section) {
  const option = draws[chart.kind](chart, chart.rows, chart.heading());
  const box = make("div", { class: "plot", role: "img", "aria-label": chart.heading() });
  section.append(make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": chart.heading() }, box));
  if (chart.leastWidth) box.style.minWidth = `${chart.leastWidth}px`;
  if (chart.draw.across) chart.height = Math.max(170, 70 + 27 * new Set(chart.rows.filter((row) => chart.draw.y.some((name) => row[name] !== null)).map((row) => keyOf(chart, row))).size);
  if (chart.height) box.style.height = `${chart.height}px`;
  const plotted = echarts.init(box, null, { renderer: "canvas" });
  plotted.setOption(option);
  box.setAttribute("aria-label", chart.heading());
  drawn.push({ section, box, plotted });
}

function forget(section) {
  for (let at = drawn.length - 1; at >= 0; at -= 1) {
    if (section === null || drawn[at].section === section) drawn.splice(at, 1)[0].plotted.dispose();
  }
}

function ready(is) {
  document.documentElement.dataset.ready = is ? "1" : "0";
}

const pageOf = () => (holdfast.pages.includes(location.hash.slice(1)) ? location.hash.slice(1) : holdfast.pages[0]);

/** Draw everything anew: section, language and theme are what they are now. */
function render() {
  ready(false);
  const root = document.documentElement;
  const theme = document.getElementById("theme").value;
  root.toggleAttribute("data-dark", theme === "dark" || (theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches));
  root.lang = holdfast.language;
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
  const page = pageOf();
  document.title = `${word(`page.${page}`)} · holdfast`;
  const { cutoff_day: day } = holdfast.about;
  document.getElementById("about").textContent = day
    ? word("about", { day: showDate("day", day), published: showDate("instant", holdfast.about.published_at) })
    : word("about.empty");
  const nav = document.getElementById("pages");
  nav.setAttribute("aria-label", word(nav.dataset.label));
  nav.replaceChildren(...holdfast.pages.map((name) =>
    make("a", { href: `#${name}`, ...(name === page ? { "aria-current": "page" } : {}) }, word(`page.${name}`))));
  forget(null);
  const grid = make("div", { class: "grid" });
  document.getElementById("main").replaceChildren(
    make("h1", {}, word(`page.${page}`)), make("p", { class: "lead" }, word(`page.${page}.lead`)), grid);
  let isHalf = false;  // whether the last section stands alone in its row
  const widenLast = () => {
    if (isHalf) grid.lastElementChild.classList.add("wide");
    isHalf = false;
  };
  for (const chart of Object.values(holdfast.charts).filter((one) => one.page === page)) {
    const isWide = ["cards", "table", "heat"].includes(chart.kind);
    if (isWide) widenLast();
    const section = make("section", { class: isWide ? "chart wide" : "chart", id: `chart-${chart.name}`, "aria-labelledby": `title-${chart.name}` });
    grid.append(section);
    isHalf = !isWide && !isHalf;
  }
  widenLast();
  for (const section of grid.children) fill(holdfast.charts[section.id.slice("chart-".length)], section);
  requestAnimationFrame(() => ready(true));
}

/** Remember a choice of the reader where the browser lets a page from disk do so. */
function remembered(name, value) {
  try {
    if (value !== undefined) localStorage.setItem(`holdfast.${name}`, value);
    return localStorage.getItem(`holdfast.${name}`);
  } catch {
    return null;
  }
}

function start() {
  holdfast.charts = Object.fromEntries(holdfast.charts.map((spec) => [spec.name, new Chart(spec)]));
  const asked = new URLSearchParams(location.search);
  const languages = Object.keys(holdfast.words);
  const wanted = [asked.get("lang"), remembered("language"), navigator.language?.slice(0, 2), "en"];
  holdfast.language = wanted.find((one) => languages.includes(one));
  const language = document.getElementById("language");
  const theme = document.getElementById("theme");
  language.value = holdfast.language;
  theme.value = [asked.get("theme"), remembered("theme")].find((one) => ["light", "dark", "system"].includes(one)) ?? "system";
  language.addEventListener("change", () => {
    holdfast.language = remembered("language", language.value) ?? language.value;
    render();
  });
  theme.addEventListener("change", () => {
    remembered("theme", theme.value);
    render();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", render);
  addEventListener("hashchange", () => {
    if (location.hash === "#main") return;
    render();
    document.getElementById("main").focus();
    scrollTo(0, 0);
  });
  let width = innerWidth;
  addEventListener("resize", () => {
    for (const { plotted } of drawn) plotted.resize();
    if ((width < 700) !== (innerWidth < 700)) render();
    width = innerWidth;
  });
  render();
}

start();
