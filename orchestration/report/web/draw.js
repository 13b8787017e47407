// What ECharts is asked to draw, per kind of chart. Rows are objects, columns [{name, kind}].
"use strict";

const SIDEWAYS_CELL = 36;  // pixels a cell of a heat map needs at least

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** A striped fill: what is not complete yet. */
function hatch(of) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 8;
  const pen = canvas.getContext("2d");
  pen.strokeStyle = of;
  pen.lineWidth = 2;
  for (const shift of [-8, 0, 8]) {
    pen.moveTo(shift, 8);
    pen.lineTo(shift + 8, 0);
  }
  pen.stroke();
  return { image: canvas, repeat: "repeat" };
}

function look(row, of) {
  const style = { color: of, opacity: row.is_small ? 0.4 : 1 };
  if (row.is_complete === false) Object.assign(style, { color: hatch(of), borderColor: of, borderWidth: 1 });
  return style;
}

/** What all charts have in common; tooltips are drawn, so no text of the data becomes HTML. */
function frame(chart, title) {
  const text = { color: colour("ink"), fontFamily: getComputedStyle(document.body).fontFamily };
  return {
    animation: false,
    aria: { enabled: true, label: { description: title } },
    textStyle: text,
    color: [...Array(9).keys()].map((number) => colour(`c${number}`)),
    grid: { left: 8, right: 34, top: 34, bottom: 8, containLabel: true },
    tooltip: {
      renderMode: "richText", confine: true, backgroundColor: colour("card"), borderColor: colour("line"),
      textStyle: { ...text, fontSize: 12 }, trigger: "axis", axisPointer: { type: "shadow" },
    },
  };
}

const label = (extra = {}) => ({ color: colour("soft"), fontSize: 11, ...extra });

function categoryAxis(names, extra = {}) {
  return {
    type: "category", data: names, axisTick: { show: false },
    axisLine: { lineStyle: { color: colour("line") } },
    axisLabel: label({ hideOverlap: true, ...extra }),
  };
}

/** Labels beside bars that lie: cut where they would take the room of the bars. */
const lying = { width: innerWidth < 700 ? 130 : 280, overflow: "truncate", hideOverlap: false };

function valueAxis(kind, extra = {}) {
  return {
    type: "value", axisLabel: label({ formatter: (value) => show(kind, value, "", true), hideOverlap: true }),
    splitLine: { lineStyle: { color: colour("line") } }, ...extra,
  };
}

function columnKind(chart, name) {
  return chart.columns.find((column) => column.name === name)?.kind ?? "count";
}

const grainOf = (chart, row) => row.grain ?? chart.chosen.grain ?? "month";

function nameOf(chart, row) {
  const { x, and } = chart.draw;
  const first = show(columnKind(chart, x), row[x], grainOf(chart, row));
  return and ? `${first}: ${show(columnKind(chart, and), row[and])}` : first;
}

/** The distinct values of a column, in the order of the rows. */
const distinct = (rows, name) => [...new Set(rows.map((row) => row[name]))];

function seriesOf(chart, rows) {
  const { series, y } = chart.draw;
  if (!series) return y.map((name) => ({ title: word(`column.${name}`), name, rows }));
  const kind = columnKind(chart, series);
  return distinct(rows, series).map((value) => ({
    title: show(kind, value), name: y[0], rows: rows.filter((row) => row[series] === value),
  }));
}

function keyOf(chart, row) {
  return chart.draw.and ? `${row[chart.draw.x]}\u0000${row[chart.draw.and]}` : row[chart.draw.x];
}

/** The categories of a chart, their names, and the row of each in a series. */
function along(chart, rows) {
  const keys = [...new Set(rows.map((row) => keyOf(chart, row)))];
  if (!chart.draw.series || ["age", "cohort_start", "period_start"].includes(chart.draw.x)) {
    keys.sort((one, other) => (chart.sorted ? (one > other) - (one < other) : 0));
  }
  const named = new Map(rows.map((row) => [keyOf(chart, row), nameOf(chart, row)]));
  return { keys, names: keys.map((key) => named.get(key)) };
}

function tooltipOf(chart, option, kinds) {
  option.tooltip.formatter = (items) => {
    const list = (Array.isArray(items) ? items : [items]).filter((item) => item.data?.row);
    if (!list.length) return "";
    const lines = [nameOf(chart, list[0].data.row)];
    for (const item of list) {
      const { row, column } = item.data;
      let line = `${item.seriesName}: ${show(kinds[column], row[column])}`;
      const { low, high } = chart.draw;
      if (low && row[low] !== null) line += ` (${show(kinds[column], row[low])} – ${show(kinds[column], row[high])})`;
      if (row.is_complete === false) line += ` · ${word("incomplete")}`;
      if (row.is_small) line += ` · ${word("small")}`;
      lines.push(line);
    }
    return lines.slice(0, 14).join("\n");
  };
}

function kindsOf(chart) {
  return Object.fromEntries(chart.columns.map((column) => [column.name, column.kind]));
}

/** Lines from the low to the high end of an interval, over the bars. */
function whiskers(chart, keys, rows, across) {
  const { low, high } = chart.draw;
  const data = rows.filter((row) => row[low] !== null).map((row) => [keys.indexOf(keyOf(chart, row)), row[low], row[high]]);
  return {
    type: "custom", name: "", silent: true, z: 5, data, encode: across ? { x: [1, 2], y: 0 } : { x: 0, y: [1, 2] },
    tooltip: { show: false },
    renderItem: (_, api) => {
      const at = (value) => api.coord(across ? [value, api.value(0)] : [api.value(0), value]);
      const [from, to] = [at(api.value(1)), at(api.value(2))];
      const cap = across ? [0, 5] : [5, 0];
      const line = (x1, y1, x2, y2) => ({
        type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: colour("ink"), lineWidth: 1.4 },
      });
      return {
        type: "group",
        children: [
          line(...from, ...to),
          ...[from, to].map(([x, y]) => line(x - cap[0], y - cap[1], x + cap[0], y + cap[1])),
        ],
      };
    },
  };
}

const draws = {
  lines(chart, rows, title) {
    const { keys, names } = along(chart, rows);
    const option = frame(chart, title);
    const kinds = kindsOf(chart);
    const many = seriesOf(chart, rows);
    const ramp = many.length > 9;  // many cohorts: from faint (old) to strong (new)
    option.xAxis = categoryAxis(names);
    option.xAxis.boundaryGap = false;
    option.yAxis = valueAxis(kinds[chart.draw.y[0]], { scale: chart.draw.scale ?? kinds[chart.draw.y[0]] !== "rate" });
    option.series = many.map((one, number) => {
      const of = ramp ? colour("c0") : option.color[number % 9];
      const by = new Map(one.rows.map((row) => [keyOf(chart, row), row]));
      return {
        type: "line", name: one.title, connectNulls: false, symbolSize: ramp ? 3 : 6,
        symbol: ["circle", "rect", "triangle", "diamond"][number % 4],
        lineStyle: {
          color: of, width: 2, opacity: ramp ? 0.2 + (0.8 * number) / many.length : 1,
          type: one.name.includes("benchmark") || one.name.includes("annualised") ? "dashed" : "solid",
        },
        itemStyle: { color: of },
        data: keys.map((key) => {
          const row = by.get(key);
          if (!row || row[one.name] === null) return { value: null };
          const style = row.is_small ? { color: colour("card"), borderColor: of, borderWidth: 1.5 } : undefined;
          return { value: row[one.name], row, column: one.name, itemStyle: style };
        }),
      };
    });
    const heights = rows.flatMap((row) => chart.draw.y.map((name) => row[name])).filter((height) => height !== null);
    chart.isCut = option.yAxis.scale && Math.min(...heights) > Math.max(...heights) / 3;
    // of many cohorts the oldest, whose line is the longest; the tip and the table have each
    if (chart.draw.low) band(chart, option, keys, many[0]?.rows ?? []);
    if (!ramp && many.length > 1) option.legend = legend();
    if (option.legend) option.grid.top = 62;
    tooltipOf(chart, option, kinds);
    return option;
  },

  bars(chart, rows, title) {
    const { across, stack, negative = [] } = chart.draw;
    if (across) rows = rows.filter((row) => chart.draw.y.some((name) => row[name] !== null));
    const { keys, names } = along(chart, rows);
    const option = frame(chart, title);
    const kinds = kindsOf(chart);
    const many = seriesOf(chart, rows);
    const category = categoryAxis(names, across ? { ...lying, interval: 0 } : {});
    if (across) Object.assign(category, { inverse: true });
    const value = valueAxis(kinds[chart.draw.y[0]]);
    Object.assign(option, across ? { yAxis: category, xAxis: value } : { xAxis: category, yAxis: value });
    option.series = many.map((one, number) => {
      const by = new Map(one.rows.map((row) => [keyOf(chart, row), row]));
      const sign = negative.includes(one.name) ? -1 : 1;
      return {
        type: "bar", name: one.title, stack: stack ? "all" : undefined, barMaxWidth: 28,
        itemStyle: { color: option.color[number % 9] },
        label: {
          show: Boolean(across && !stack && !chart.draw.low), position: "right", color: colour("ink"), fontSize: 11,
          formatter: ({ data }) => show(kinds[data.column], data.row?.[data.column], "", true),
        },
        data: keys.map((key) => {
          const row = by.get(key);
          if (!row || row[one.name] === null) return { value: null };
          return { value: sign * row[one.name], row, column: one.name, itemStyle: look(row, option.color[number % 9]) };
        }),
      };
    });
    if (across && !stack) option.grid.right = 64;
    if (chart.draw.low) option.series.push(whiskers(chart, keys, rows, across));
    if (many.length > 1) Object.assign(option, { legend: legend(), grid: { ...option.grid, top: 62 } });
    tooltipOf(chart, option, kinds);
    return option;
  },

  waterfall(chart, rows, title) {
    const option = frame(chart, title);
    const kinds = kindsOf(chart);
    const [column] = chart.draw.y;
    const shown = rows.filter((row) => row[chart.draw.total] || row[column]);
    let level = 0;
    const steps = shown.map((row) => {
      const from = row[chart.draw.total] ? 0 : level;
      const to = row[chart.draw.total] ? row[column] : level + row[column];
      level = to;
      return { row, from, to };
    });
    const ends = steps.flatMap((step) => (step.row[chart.draw.total] ? [step.to] : [step.from, step.to]));
    const [least, most] = [Math.min(...ends), Math.max(...ends)];
    // an axis from nought would hide the steps; the note below the chart says that it is cut
    chart.isCut = least > 0 && least > most / 3;
    const floor = chart.isCut ? Math.max(0, least - (most - least) * 0.35) : Math.min(0, least);
    const category = categoryAxis(shown.map((row) => nameOf(chart, row)), { ...lying, interval: 0 });
    const value = valueAxis(kinds[column], { min: floor, max: most + (most - floor) * 0.08 });
    category.inverse = true;
    Object.assign(option, { yAxis: category, xAxis: value });
    Object.assign(option.grid, { right: 70, top: 10 });
    option.series = [{
      type: "custom", name: word(`column.${column}`), encode: { x: [1, 2], y: 0 },
      data: steps.map(({ row, from, to }, number) => ({ value: [number, Math.max(from, floor), to], row, column })),
      renderItem: ({ dataIndex }, api) => {
        const [one, other] = [1, 2].map((end) => api.coord([api.value(end), api.value(0)]));
        const thick = Math.min(30, api.size([0, 1])[1] * 0.66);
        const { row } = steps[dataIndex];
        const of = row[chart.draw.total] ? colour("c7") : colour(row[column] >= 0 ? "c0" : "c5");
        const shape = {
          x: Math.min(one[0], other[0]), y: one[1] - thick / 2, width: Math.max(1, Math.abs(other[0] - one[0])), height: thick,
        };
        const text = show(kinds[column], row[column], "", true);
        const place = { x: shape.x + shape.width + 4, y: one[1], align: "left", verticalAlign: "middle" };
        return {
          type: "group",
          children: [
            { type: "rect", shape, style: { fill: of } },
            { type: "text", style: { text, fill: colour("ink"), font: "11px sans-serif", ...place } },
          ],
        };
      },
    }];
    option.tooltip.trigger = "item";
    tooltipOf(chart, option, kinds);
    return option;
  },

  heat(chart, rows, title) {
    const { x, y: [y], value } = chart.draw;
    const option = frame(chart, title);
    const kinds = kindsOf(chart);
    const across = distinct(rows, x).sort((one, other) => (typeof one === "number" ? one - other : 0));
    const down = distinct(rows, y);
    const sizes = new Map(rows.map((row) => [row[y], row.cohort_size ?? row.from_customers]));
    const name = (kind, key) => show(kind, key, grainOf(chart, rows[0]));
    option.grid = { left: 8, right: 12, top: 8, bottom: 52, containLabel: true };
    option.xAxis = categoryAxis(across.map((key) => name(kinds[x], key)),
      typeof across[0] === "number" ? {} : { interval: 0, rotate: 35, hideOverlap: false });
    option.xAxis.splitArea = { show: false };
    option.yAxis = categoryAxis(down.map((key) => `${name(kinds[y], key)}  (${show("count", sizes.get(key))})`), { interval: 0, hideOverlap: false });
    option.yAxis.inverse = true;
    const hides = chart.canHideSmall() && !chart.showsSmall;
    const cells = rows.map((row) => ({
      value: [across.indexOf(row[x]), down.indexOf(row[y]), row[value] ?? 0], row, column: value,
      isOpen: row.is_complete === false || row[value] === null, isHidden: hides && Boolean(row.is_small),
    }));
    const known = cells.filter((cell) => !cell.isOpen && !cell.isHidden);
    // the first age is everybody: it would leave the others one colour
    const scale = known.filter((cell) => !(x === "age" && cell.row.age === 0)).map((cell) => cell.row[value]);
    const most = Math.max(0.01, ...scale);
    option.visualMap = {
      type: "continuous", dimension: 2, seriesIndex: 0, min: 0, max: most, calculable: false, orient: "horizontal", left: "center", bottom: 0,
      inRange: { color: [colour("ramp-0"), colour("ramp-1"), colour("ramp-2")] }, itemHeight: 160, itemWidth: 12,
      text: [show(kinds[value], most), show(kinds[value], 0)], textStyle: label(),
    };
    const isDark = "dark" in document.documentElement.dataset;
    const cellLabel = ({ data }) => {
      const part = Math.min(1, data.row[value] / most);
      const style = data.row.is_small ? "faded" : isDark ? (part > 0.72 ? "dark" : "light") : part > 0.42 ? "light" : "dark";
      return `{${style}|${new Intl.NumberFormat(holdfast.language, { style: "percent" }).format(data.row[value])}}`;
    };
    option.series = [
      {
        type: "heatmap", name: word(`column.${value}`),
        data: known.map((cell) => ({ ...cell, itemStyle: { opacity: cell.row.is_small ? 0.4 : 1 } })),
        itemStyle: { borderColor: colour("card"), borderWidth: 1 },
        label: {
          show: true, formatter: cellLabel, fontSize: 10, opacity: 1,
          rich: {
            light: { color: "#ffffff", fontSize: 10 },
            dark: { color: "#101820", fontSize: 10 },
            faded: { color: colour("ink"), fontSize: 10, opacity: 1 },
          },
        },
        emphasis: { disabled: true },
      },
      {
        type: "heatmap", name: word(`column.${value}`), emphasis: { disabled: true },
        data: cells.filter((cell) => cell.isOpen).map((cell) => ({
          ...cell, itemStyle: { color: hatch(colour("line")), borderColor: colour("line"), borderWidth: 0.5 },
        })),
      },
      {
        type: "heatmap", name: word(`column.${value}`), emphasis: { disabled: true },
        data: cells.filter((cell) => cell.isHidden && !cell.isOpen).map((cell) => ({
          ...cell, itemStyle: { color: colour("card"), borderColor: colour("line"), borderWidth: 1 },
        })),
      },
    ];
    option.tooltip.trigger = "item";
    option.tooltip.formatter = ({ data: { row, isHidden } }) => [
      `${name(kinds[y], row[y])} → ${word(`column.${x}`)} ${name(kinds[x], row[x])}`,
      ...(isHidden ? [] : [`${word(`column.${value}`)}: ${show(kinds[value], row[value])}`]),
      ...(row.is_complete === false ? [word("incomplete")] : []), ...(row.is_small ? [word("small")] : []),
    ].join("\n");
    chart.leastWidth = 150 + across.length * SIDEWAYS_CELL;
    chart.height = Math.max(240, 90 + down.length * 22);
    return option;
  },
};

function legend() {
  return { top: 0, left: 0, right: 0, type: "plain", textStyle: label({ fontSize: 12 }), itemWidth: 18, itemHeight: 10, itemGap: 12 };
}

/** The interval behind a line: an invisible line at its low end and the area up to its high end. */
function band(chart, option, keys, rows) {
  const { low, high } = chart.draw;
  const by = new Map(rows.map((row) => [keyOf(chart, row), row]));
  const line = (name, value, area) => ({
    type: "line", name, stack: "interval", stackStrategy: "all", symbol: "none", silent: true, tooltip: { show: false },
    lineStyle: { opacity: 0 }, areaStyle: area ? { color: colour("c0"), opacity: 0.2 } : undefined,
    data: keys.map((key) => ({ value: value(by.get(key)) })),
  });
  option.series.push(line("", (row) => row?.[low] ?? null, false));
  option.series.push(line("", (row) => (row?.[low] ?? null) === null ? null : row[high] - row[low], true));
}
