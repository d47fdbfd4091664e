// The page's life: what is asked when, and what is shown then.

import { NoToken, Stream, enter, hasToken, json } from "./api.js";
import { METRICS, TimeChart, repaint } from "./charts.js";
import { put, replace, span, time, zone } from "./words.js";
import * as view from "./view.js";

const POINTS = 400;
const HIDDEN_FOR = 30000;
const get = id => document.getElementById(id);

const page = { range: "live", livePoints: 50, events: [], alerts: null, newest: "", snapshot: null, beatAt: 0, interval: 10, loadedAt: 0 };
const charts = METRICS.map((metric, place) => new TimeChart(metric, place));
const stream = new Stream(heard, lost);

function heard(event, data) {
  if (event === "hello") {
    page.livePoints = data.live_points;
    page.waits = data.nothing_yet !== null;
    complain(data.nothing_yet || "");
    if (!page.waits) show();
  } else if (event === "beat") {
    beat(data);
  } else if (event === "still") {
    age(data);
  }
}

function beat(data) {
  page.interval = data.interval_s || page.interval;
  page.beatAt = Date.parse(data.time);
  for (const chart of charts) chart.hear(data);
  if (page.range === "live" && page.loaded) {
    for (const chart of charts) chart.add(data, page.livePoints);
    say();
  }
  page.newest = data.picture;
  if (data.picture && data.picture !== page.snapshot?.time) show();
  const every = page.range === "live" ? Infinity : Math.max(30, hours() * 9) * 1000;
  if (typeof page.range === "number" && Date.now() - page.loadedAt > every) load().then(events);
}

// Says how fresh the page is, by the machine's own clock.
function age({ age_s: seconds, trouble }) {
  if (trouble) return state("stale", trouble);
  if (seconds === null) return state("stale", "no beat yet");
  if (seconds > Math.max(30, 3 * page.interval)) {
    const since = time(Date.now() - seconds * 1000);
    return state("stale", `not live since ${since}: nothing is being recorded; start it with home-soc --headless`);
  }
  state("live", `live every ${span(page.interval)}, ${time(page.beatAt)}`);
}

function lost(error) {
  if (error instanceof NoToken) return door();
  if (!page.snapshot) show();
  const since = page.beatAt ? ` since ${time(page.beatAt)}` : "";
  state("stale", `not live${since}: the page's server does not answer`);
}

function state(look, words) {
  get("state").className = `state ${look}`;
  get("state").textContent = words;
}

function complain(words) {
  get("trouble").hidden = !words;
  get("trouble").textContent = words;
}

// Without the token there is nothing but the door; what was shown before stays.
function door() {
  stream.stop();
  if (!page.snapshot) delete document.documentElement.dataset.open;
  get("door").hidden = false;
  state("stale", "locked");
}

async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    if (error instanceof NoToken) door();
    else if (error.name !== "AbortError") complain(error.message);
    return false;
  }
}

// The newest picture in words. What asks while one is on its way waits for it, and is told the next where it is older.
const picture = () => attempt(async () => {
  page.again = page.asking;
  if (page.asking) return false;
  page.asking = true;
  try {
    do {
      page.again = false;
      page.snapshot = await json("/api/snapshot");
    } while (page.again && page.newest !== page.snapshot.time);
  } finally {
    page.asking = false;
  }
  if (page.waits) complain("");
  page.waits = false;
  const { snapshot } = page;
  view.verdict(snapshot);
  view.bill(snapshot);
  view.blind(snapshot);
  for (const chart of charts) chart.hinder(snapshot.sensors);
  announce(snapshot);
  await settled;
  view.doors(snapshot);
  view.people(snapshot);
  return true;
});

const show = () => picture().then(shown => shown && events());

// Tells those who hear the page of new alerts, and of nothing else.
function announce(snapshot) {
  const alerts = snapshot.findings.filter(finding => finding.level === "alert" && finding.status === "open");
  const fresh = page.alerts ? alerts.filter(finding => !page.alerts.has(finding.id)) : [];
  page.alerts = new Set(alerts.map(finding => finding.id));
  if (fresh.length) replace("news", ...fresh.map(finding => put("p", "", `New alert: ${finding.title}`)));
}

const events = () => attempt(async () => {
  const { from, to } = stretch(24);
  page.events = await json(`/api/events?from=${from}&to=${to}`);
  showEvents();
  mark();
});

function mark() {
  for (const chart of charts) chart.mark(page.events.filter(event => event.level === "alert"));
}

function showEvents() {
  view.events(page.events, get("level").value, get("words").value);
}

const hours = () => (typeof page.range === "number" ? page.range : 1);

// The stretch of time that is looked at; while live, as many hours as were asked for.
function stretch(live) {
  if (page.range instanceof Object) return page.range;
  const to = Date.now();
  const wide = page.range === "live" ? live : page.range;
  return { from: new Date(to - wide * 3600000).toISOString(), to: new Date(to).toISOString() };
}

// Reads the charts' stretch of the record, all of it by one question. The first chart is shown before the next is drawn.
const load = () => attempt(async () => {
  page.stopper?.abort();
  const stopper = page.stopper = new AbortController();
  page.loadedAt = Date.now();
  const { from, to } = stretch(1);
  const query = page.range === "live" ? "" : `&from=${from}&to=${to}&points=${POINTS}`;
  const asked = json(`/api/history?metric=${METRICS.map(metric => metric.name)}${query}`, stopper.signal);
  const [answers] = await Promise.all([asked, chartJs]);
  for (const [place, answer] of answers.entries()) {
    if (stopper.signal.aborted) return;
    charts[place].take(answer, page.range === "live" ? Math.max(page.livePoints, answer.points.length) : 0);
    if (page.drawn) continue;
    await frame();
    settle();
  }
  page.drawn = page.loaded = true;
  say();
  mark();
}).finally(settle);

// Until the first chart is on the screen, or will not be: what lies below it waits so long.
let settle;
const settled = new Promise(done => { settle = done; });

// Chart.js is read after this, while the first answers are on their way.
const chartJs = new Promise(done => (window.Chart ? done() : addEventListener("DOMContentLoaded", done)));

// Until what was drawn is on the screen; a hidden page has none.
const frame = () => new Promise(done => (document.hidden ? done() : requestAnimationFrame(() => setTimeout(done))));

function say() {
  const { from, to } = charts[0];
  const words = page.range === "live" ? `the last ${charts[0].points.length} beats, ` : "";
  replace("span", `${words}${time(from)} to ${time(to)}, times in ${zone}. Gaps: nothing was recorded. The pale band: least to most.`);
}

function choose(range) {
  page.range = range;
  page.loaded = false;
  for (const button of document.querySelectorAll("[data-range]")) {
    button.setAttribute("aria-pressed", String(button.dataset.range === String(range)));
  }
  load().then(events);
}

function look(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  repaint();
}

function save(name, kind, text) {
  const link = put("a");
  link.href = URL.createObjectURL(new Blob([text], { type: kind }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// The charts as CSV, a line for each moment, as least that is known.
function csv() {
  const rows = new Map();
  charts.forEach((chart, place) => {
    for (const point of chart.points) {
      if (!rows.has(point.x)) rows.set(point.x, METRICS.map(() => ""));
      rows.get(point.x)[place] = point.value ?? "";
    }
  });
  const lines = [...rows].sort(([a], [b]) => a - b).map(([at, values]) => [new Date(at).toISOString(), ...values].join(","));
  return [["time", ...METRICS.map(metric => metric.name)].join(","), ...lines, ""].join("\n");
}

let hiddenAt = null;
function seen() {
  if (document.hidden) {
    hiddenAt = setTimeout(() => {
      stream.stop();
      page.paused = true;
    }, HIDDEN_FOR);
  } else {
    clearTimeout(hiddenAt);
    if (page.paused) begin();
    page.paused = false;
  }
}

function begin() {
  if (!hasToken()) return door();
  document.documentElement.dataset.open = "";
  get("door").hidden = true;
  load().then(() => page.snapshot || events());
  // It says first whether there is a picture to ask for.
  stream.start();
}

function wire() {
  for (const button of document.querySelectorAll("[data-range]")) {
    const { range } = button.dataset;
    button.addEventListener("click", () => choose(range === "live" ? range : Number(range)));
  }
  get("between").addEventListener("click", () => {
    const [from, to] = [new Date(get("from").value), new Date(get("to").value)];
    if (!(from < to)) return complain("The first time must be before the second.");
    complain("");
    choose({ from: from.toISOString(), to: to.toISOString() });
  });
  get("level").addEventListener("change", showEvents);
  get("words").addEventListener("input", showEvents);
  get("theme").addEventListener("change", () => look(get("theme").value));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => look(get("theme").value));
  get("enter").addEventListener("submit", event => {
    event.preventDefault();
    enter(get("token").value);
    get("token").value = "";
    begin();
  });
  get("save-json").addEventListener("click", () => save("home-soc.json", "application/json", JSON.stringify(page.snapshot, null, 2)));
  get("save-csv").addEventListener("click", () => save("home-soc.csv", "text/csv", csv()));
  document.addEventListener("visibilitychange", seen);
}

replace("charts", ...charts.map(chart => chart.figure));
if (hasToken()) document.documentElement.dataset.open = "";
wire();
begin();
