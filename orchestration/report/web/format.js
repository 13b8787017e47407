// Words, numbers, money and dates in the reader's language; CSV. Everything hangs on `holdfast`.
"use strict";
const holdfast = JSON.parse(document.getElementById("content").textContent);
holdfast.language = "en";
holdfast.problems = [];
addEventListener("error", (event) => holdfast.problems.push(String(event.message)));
addEventListener("unhandledrejection", (event) => holdfast.problems.push(String(event.reason)));
document.addEventListener("securitypolicyviolation", (event) =>
  holdfast.problems.push(`${event.violatedDirective} ${event.blockedURI}`));

/** The text of a key, with {name} replaced by values[name]; the key itself where it is missing. */
function word(key, values = {}) {
  const text = holdfast.words[holdfast.language][key] ?? holdfast.words.en[key];
  if (text === undefined) {
    holdfast.problems.push(`no word: ${key}`);
    return key;
  }
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** A code of the models as the language says it; what has no word (a country, a product) as it is. */
function codeWord(code) {
  const known = holdfast.words[holdfast.language][`value.${code}`];
  if (known === undefined && /[^+]\+[^+]/.test(code)) return code.split("+").map(codeWord).join(" + ");
  return known ?? String(code);
}

const numberFormats = {
  count: { maximumFractionDigits: 0 },
  rate: { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 },
  number: { maximumFractionDigits: 2 },
};

/** A cell of a kind as text. `compact` is for axes and headlines: fewer digits. */
function show(kind, value, grain = "month", compact = false) {
  if (value === null || value === undefined || value === "") return "–";
  if (kind === "code") return codeWord(value);
  if (kind === "text") return String(value);
  if (kind === "flag") return word(value ? "yes" : "no");
  if (kind === "day" || kind === "instant" || kind === "period") return showDate(kind, value, grain);
  if (kind === "money") return showMoney(value, compact);
  const options = { ...numberFormats[kind] };
  if (compact && Math.abs(value) >= 1e5) {
    Object.assign(options, { notation: "compact", maximumFractionDigits: 1 });
  }
  if (compact && kind === "rate") options.minimumFractionDigits = 0;
  return new Intl.NumberFormat(holdfast.language, options).format(value);
}

function showMoney(value, compact) {
  const options = { style: "currency", currency: holdfast.about.currency };
  if (compact && Math.abs(value) >= 1e4) {
    Object.assign(options, { notation: "compact", maximumFractionDigits: 1, minimumFractionDigits: 0 });
  } else if (compact) {
    const digits = Math.abs(value) < 100 && !Number.isInteger(value) ? 2 : 0;
    Object.assign(options, { maximumFractionDigits: digits, minimumFractionDigits: digits });
  }
  return new Intl.NumberFormat(holdfast.language, options).format(value);
}

function showDate(kind, value, grain) {
  const date = new Date(value.length === 10 ? `${value}T00:00:00Z` : value);
  const as = (options) => new Intl.DateTimeFormat(holdfast.language, { timeZone: "UTC", ...options }).format(date);
  if (kind === "instant") return as({ dateStyle: "medium", timeStyle: "short" });
  if (kind === "day" || grain === "week") return as({ dateStyle: "medium" });
  if (grain === "year") return as({ year: "numeric" });
  if (grain === "quarter") {
    return word("quarter", { q: Math.floor(date.getUTCMonth() / 3) + 1, year: date.getUTCFullYear() });
  }
  return as({ month: "short", year: "numeric" });
}

/** One cell of a CSV file. A spreadsheet would run a text that begins like a formula. */
holdfast.csvCell = (value) => {
  if (value === null || value === undefined) return "";
  let text = String(value);
  if (/^[=+\-@\t\r]/.test(text) && !/^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text)) text = `'${text}`;
  return /[",\r\n']/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** The rows of a chart as a CSV file, in the columns' own names. */
holdfast.csv = (columns, rows) =>
  [columns.map((column) => column.name), ...rows.map((row) => columns.map((column) => row[column.name]))]
    .map((cells) => cells.map(holdfast.csvCell).join(",")).join("\r\n") + "\r\n";
