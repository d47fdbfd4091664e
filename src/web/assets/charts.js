// The five charts: drawn by Chart.js, with gaps where nothing ran, the whole spread of what was thinned, and the same in
// words and as a table. It asks nothing.

import { put, table, time, zone } from "./words.js";

const percent = value => `${value.toFixed(1)} %`;
const whole = value => Math.round(value).toLocaleString();

export const METRICS = [
  { name: "score", title: "Score", unit: "of 100", say: whole, max: 100, stepped: true },
  { name: "cpu_load", title: "CPU load", unit: "average of 1 min", say: value => value.toFixed(2) },
  { name: "memory_used_pct", title: "Memory", unit: "% used", say: percent, max: 100 },
  { name: "established_connections", title: "Connections", unit: "established TCP", say: whole },
  { name: "failed_logins", title: "Failed logins", unit: "of the last 24 h", say: whole, sensor: "auth" },
];

const DASHES = [[], [6, 3], [2, 2], [8, 3, 2, 3], [12, 3]];
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800]
  .map(seconds => seconds * 1000);

// One cursor over all charts: a moment, or nothing.
let cursor = null;
const charts = [];

const cursorLine = {
  id: "cursor",
  afterDraw(chart) {
    if (cursor === null) return;
    const { left, right, top, bottom } = chart.chartArea;
    const x = chart.scales.x.getPixelForValue(cursor);
    if (x < left || x > right) return;
    chart.ctx.save();
    chart.ctx.strokeStyle = color("--muted");
    chart.ctx.beginPath();
    chart.ctx.moveTo(x, top);
    chart.ctx.lineTo(x, bottom);
    chart.ctx.stroke();
    chart.ctx.restore();
  },
};

// The colours of the theme, asked for once: each question makes the browser work out the look of the whole page.
let theme = new Map();
function color(name) {
  if (!theme.has(name)) theme.set(name, getComputedStyle(document.documentElement).getPropertyValue(name).trim());
  return theme.get(name);
}

// Takes the colours of another theme.
export function repaint() {
  theme = new Map();
  for (const chart of charts) chart.paint();
}

function ticks(scale) {
  const width = scale.max - scale.min;
  const step = STEPS.find(one => width / one <= Math.max(2, Math.round(scale.width / 80))) || STEPS.at(-1);
  const offset = new Date(scale.max).getTimezoneOffset() * 60000;
  const first = Math.ceil((scale.min - offset) / step) * step + offset;
  scale.ticks = [];
  for (let at = first; at <= scale.max; at += step) scale.ticks.push({ value: at });
  scale.step = step;
}

const DAYS = { day: "numeric", month: "short" };
const MINUTES = { hour: "2-digit", minute: "2-digit", hour12: false };
const SECONDS = { ...MINUTES, second: "2-digit" };
const formats = new Map();

function tick(value) {
  const options = this.step >= 86400000 ? DAYS : this.step >= 60000 ? MINUTES : SECONDS;
  if (!formats.has(options)) formats.set(options, new Intl.DateTimeFormat(undefined, options));
  return formats.get(options).format(value);
}

export class TimeChart {
  constructor(metric, place) {
    this.metric = metric;
    this.color = `--line-${place + 1}`;
    this.points = [];
    this.canvas = put("canvas");
    this.canvas.setAttribute("role", "img");
    this.last = put("strong", "now");
    this.summary = put("p", "summary");
    this.rows = put("div", "rows");
    this.details = put("details", "as-table", put("summary", "", "as table"), this.rows);
    this.details.addEventListener("toggle", () => this.fillTable());
    this.figure = put("figure", `card chart ${metric.name}`,
      put("figcaption", "", put("span", "", metric.title, put("span", "muted", ` ${metric.unit}`)),
        put("span", "", put("span", "muted", "last "), this.last)),
      put("div", "canvas", this.canvas), this.summary, this.details);
    this.dash = DASHES[place];
    charts.push(this);
  }

  // Makes the chart with what it shows first: Chart.js measures, lays out and draws once, not once for each change.
  open() {
    const quiet = { radius: 0, hoverRadius: 4, borderWidth: 0, pointHitRadius: 0 };
    const line = { ...quiet, borderWidth: 2, stepped: this.metric.stepped ? "after" : false };
    const config = {
      type: "line",
      data: { datasets: [
        { ...line, label: this.metric.title },
        { ...quiet, label: "most", fill: "+1", stepped: line.stepped },
        { ...quiet, label: "least", stepped: line.stepped },
        { ...quiet, label: "alerts", showLine: false, radius: 6, pointStyle: "triangle", backgroundColor: () => color("--alert") },
      ] },
      options: {
        animation: false, parsing: false, normalized: true, maintainAspectRatio: false, spanGaps: false,
        interaction: { mode: "index", intersect: false, axis: "x" },
        onHover: event => moveCursor(event.native?.type === "mouseout" ? null : this.chart.scales.x.getValueForPixel(event.x)),
        scales: {
          x: { type: "linear", afterBuildTicks: ticks, ticks: { callback: tick, maxRotation: 0, autoSkip: false }, border: { display: false } },
          y: { min: 0, max: this.metric.max, grace: this.metric.max ? 0 : "10%", ticks: { maxTicksLimit: 5, precision: this.metric.name === "cpu_load" ? undefined : 0 }, border: { display: false } },
        },
        plugins: {
          legend: { display: false },
          tooltip: {
            filter: item => item.datasetIndex === 0 || item.datasetIndex === 3,
            callbacks: { title: items => (items.length ? time(items[0].parsed.x) : ""), label: item => this.label(item) },
          },
        },
      },
      plugins: [cursorLine],
    };
    this.fill(config);
    this.dye(config);
    this.chart = new Chart(this.canvas, config);
    this.canvas.addEventListener("mouseleave", () => moveCursor(null));
  }

  label(item) {
    if (item.datasetIndex === 3) return item.raw.text;
    const point = this.points[item.dataIndex];
    const spread = point && point.min !== point.max ? ` (${this.metric.say(point.min)} to ${this.metric.say(point.max)})` : "";
    return this.metric.say(item.parsed.y) + spread;
  }

  // Takes the points of an answer of /api/history. Where the step is broken a gap is drawn, never a line or a zero. While
  // it follows the newest beats, so many at most, those before a long rest would squeeze them into a corner.
  take(history, most) {
    this.points = [];
    const step = (history.step_s || 0) * 1000;
    for (const point of history.points) this.push(read(point, this.metric.stepped), step);
    this.from = Date.parse(history.from);
    this.to = Date.parse(history.to);
    if (most) this.forget(most, step);
    this.draw();
  }

  // Keeps so many of the newest points, and none from before a time in which three times as many would have come.
  forget(most, step) {
    const since = step ? this.points.at(-1)?.x - 3 * most * step : -Infinity;
    while (this.points.length > most || this.points[0]?.x < since) this.points.shift();
    this.from = this.points[0]?.x ?? this.from;
  }

  // Takes the numbers of the newest beat, whatever stretch is drawn.
  hear(beat) {
    this.newest = beat[this.metric.name] ?? null;
    this.tell();
  }

  tell() {
    const value = this.newest ?? this.points.findLast(point => point.value !== null)?.value;
    this.last.textContent = value === undefined || this.newest === null ? "–" : this.metric.say(value);
  }

  push(point, step) {
    const last = this.points.at(-1);
    if (step > 0 && last && point.x - last.x > 2.5 * step) {
      this.points.push({ x: last.x + step, value: null, min: null, max: null });
    }
    this.points.push(point);
  }

  // Adds the numbers of a beat, and forgets the oldest.
  add(beat, most) {
    const value = beat[this.metric.name] ?? null;
    const point = { x: Date.parse(beat.time), value, min: value, max: value };
    if (this.points.length && point.x <= this.points.at(-1).x) return;
    const step = (beat.interval_s || 0) * 1000;
    this.push(point, step);
    this.forget(most, step);
    this.to = point.x;
    this.draw();
  }

  // Takes over why its number cannot be seen.
  hinder(sensors) {
    const sensor = sensors.find(one => one.id === this.metric.sensor && one.state === "blind");
    const why = sensor && (sensor.says || sensor.reason);
    if (why === this.hindered) return;
    this.hindered = why;
    this.describe();
  }

  mark(alerts) {
    if (!this.metric.stepped) return;
    const before = JSON.stringify(this.alerts);
    this.alerts = alerts.map(alert => ({ x: Date.parse(alert.time), y: this.at(Date.parse(alert.time)), text: alert.text }))
      .filter(alert => alert.y !== null && alert.x >= this.from && alert.x <= this.to);
    if (JSON.stringify(this.alerts) !== before) this.draw();
  }

  at(x) {
    let value = null;
    for (const point of this.points) {
      if (point.x > x) break;
      value = point.value ?? value;
    }
    return value ?? this.points.find(point => point.value !== null)?.value ?? null;
  }

  draw() {
    this.describe();
    if (!this.chart) return this.open();
    this.fill(this.chart);
    this.chart.update("none");
  }

  // Says in words what the chart shows.
  describe() {
    const seen = this.points.filter(point => point.value !== null);
    this.tell();
    this.summary.textContent = this.words(seen);
    this.canvas.setAttribute("aria-label", `${this.metric.title}: ${this.summary.textContent}`);
    this.fillTable();
  }

  fill({ data: { datasets }, options: { scales } }) {
    const line = key => this.points.map(point => ({ x: point.x, y: point[key] }));
    const thinned = this.points.some(point => point.min !== point.max);
    datasets[0].data = line("value");
    // Between very many points dashes are only a blur.
    datasets[0].borderDash = this.points.length > 120 ? [] : this.dash;
    datasets[1].data = thinned ? line("max") : [];
    datasets[2].data = thinned ? line("min") : [];
    datasets[3].data = this.alerts || [];
    scales.x.min = this.from;
    scales.x.max = Math.max(this.to, this.from + 1000);
  }

  words(seen) {
    if (seen.length === 0) return `Nothing was seen in this time${this.hindered ? `: ${this.hindered}` : "."}`;
    const { say, stepped } = this.metric;
    const least = seen.reduce((a, b) => (b.min < a.min ? b : a));
    const most = seen.reduce((a, b) => (b.max > a.max ? b : a));
    const spread = `least ${say(least.min)}, most ${say(most.max)} at ${time(most.x)}`;
    if (!stepped) return spread;
    let change = null;
    for (let at = 1; at < seen.length; at += 1) {
      if (seen[at].value !== seen[at - 1].value) change = [seen[at - 1], seen[at]];
    }
    if (!change) return `${say(seen[0].value)} all the time`;
    const [before, after] = change;
    const verb = after.value < before.value ? "fell" : "rose";
    return `${verb} from ${say(before.value)} to ${say(after.value)} at ${time(after.x)}; least ${say(least.min)}, most ${say(most.max)}`;
  }

  fillTable() {
    if (!this.details.open) return;
    const { say } = this.metric;
    const rows = this.points.filter(point => point.value !== null).slice(-500).reverse()
      .map(point => [time(point.x), say(point.value), say(point.min), say(point.max)]);
    this.rows.replaceChildren(table(`${this.metric.title}, times in ${zone}`, ["time", "value", "least", "most"], rows, "Nothing was seen."));
  }

  paint() {
    if (!this.chart) return;
    this.dye(this.chart);
    this.chart.update("none");
  }

  dye({ data: { datasets: [line, band] }, options: { scales } }) {
    line.borderColor = line.backgroundColor = color(this.color);
    band.backgroundColor = color(`${this.color}-spread`);
    for (const scale of [scales.x, scales.y]) {
      scale.ticks.color = color("--muted");
      scale.ticks.padding = 6;
      scale.grid = { color: color("--rule"), tickLength: 0, drawTicks: false };
    }
  }
}

// A beat has one value; a column has its least, its most and its mean. A score's mean hides what matters: its least.
function read(point, isScore) {
  const x = Date.parse(point.time);
  if ("value" in point) return { x, value: point.value, min: point.value, max: point.value };
  return { x, value: isScore ? point.min : point.mean, min: point.min, max: point.max };
}

function moveCursor(at) {
  if (at === cursor) return;
  cursor = at;
  for (const { chart } of charts) chart?.draw();
}
