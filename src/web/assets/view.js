// The picture in words: verdict, bill with its findings, what cannot be seen, doors, people. It asks nothing.

import { ago, command, copyable, level, plural, prose, put, replace, span, table, time, zone } from "./words.js";

const BANDS = { normal: "all normal", minor: "minor", something_off: "something is off", serious: "act now" };
const REACH = { this_machine: "this machine", lan: "its own network", everyone: "every network" };

// So many rows of a list are shown at once.
const ROWS = 6;

// Findings that a person has opened stay open when the picture changes.
const opened = new Set();

export function verdict(snapshot) {
  const { score, counts, sensors } = snapshot;
  const bound = score.is_upper_bound;
  const word = bound && score.band === "normal" ? "normal as far as can be seen" : BANDS[score.band];
  replace("host", snapshot.host.name);
  replace("score", bound ? put("small", "", "at most ") : "", String(score.value), put("small", "", " of 100"));
  replace("verdict", word);
  document.documentElement.dataset.band = bound && score.band === "normal" ? "unsure" : score.band;
  const seeing = sensors.filter(sensor => sensor.state === "ok").length;
  const parts = [
    put("span", counts.alert ? "level alert" : "muted", `■ ${plural(counts.alert, "alert")}`),
    put("span", counts.warning ? "level warning" : "muted", `▲ ${plural(counts.warning, "warning")}`),
    put("span", seeing < sensors.length ? "level blind" : "muted", `? sees ${seeing} of ${sensors.length}`),
  ];
  if (score.previous !== null && score.previous !== undefined && score.previous !== score.value) {
    const by = score.value - score.previous;
    parts.push(put("span", "muted", `${by < 0 ? "▼" : "▲"} ${Math.abs(by)} since ${time(score.changed_at)}`));
  }
  replace("counts", ...parts);
  document.title = `${bound ? "≤" : ""}${score.value} ${snapshot.host.name} · home-soc`;
  const about = [snapshot.host.os, snapshot.host.kernel && `kernel ${snapshot.host.kernel}`, snapshot.host.cpu];
  replace("machine", about.filter(Boolean).join(", ") + (about.some(Boolean) ? "." : ""));
}

export function bill(snapshot) {
  const { deductions } = snapshot.score;
  const charged = new Set(deductions.filter(row => row.points > 0).map(row => row.finding));
  const find = id => snapshot.findings.find(finding => finding.id === id);
  const rows = deductions.filter(row => row.points > 0).map(row => story(find(row.finding), row));
  const rest = snapshot.findings.filter(finding => finding.status === "open" && !charged.has(finding.id));
  const accepted = snapshot.findings.filter(finding => finding.status === "accepted");
  document.getElementById("why-title").textContent = snapshot.score.value === 100 ? "Why it is 100" : "Why it is not 100";
  const parts = rows.length ? rows : [put("p", "good", "✓ Nothing that can be seen is wrong.")];
  if (rest.length) parts.push(put("h3", "", "Open, without points"), ...fold("rest", rest.map(finding => story(finding))));
  if (accepted.length) parts.push(put("h3", "", "Accepted"), ...accepted.map(finding => story(finding)));
  if (snapshot.checks_passed.length) parts.push(passed(snapshot.checks_passed));
  replaceKeepingFocus("bill", parts);
}

// A long list is begun, and the rest of it stands behind one row.
function fold(key, rows) {
  if (rows.length <= ROWS + 1) return rows;
  const more = rows.slice(ROWS);
  return [...rows.slice(0, ROWS), keep(key, put("details", "row", put("summary", "", put("span", "points", "…"), put("span", "", `${more.length} more`)), ...more))];
}

// New rows take the place of the old ones without moving the keyboard's place.
function replaceKeepingFocus(id, parts) {
  const held = document.activeElement?.closest?.(`#${id} [data-key]`)?.dataset.key;
  replace(id, ...parts);
  if (held) document.querySelector(`#${id} [data-key="${CSS.escape(held)}"] > summary`)?.focus();
}

function passed(checks) {
  const list = put("ul", "", ...checks.map(check => put("li", "", check)));
  return keep("passed", put("details", "row passed", put("summary", "", put("span", "points", "0"), put("span", "", `✓ ${plural(checks.length, "check")} passed`)), list));
}

function keep(key, details) {
  details.dataset.key = key;
  details.open = opened.has(key);
  details.addEventListener("toggle", () => (details.open ? opened.add(key) : opened.delete(key)));
  return details;
}

// A row of the bill, which opens to the whole story of its finding.
function story(finding, row) {
  const points = put("span", "points", row ? `−${row.points}` : "0");
  if (!finding) return put("div", "row", points, put("span", "", row.title));
  const back = row?.recovers ? put("span", "muted", ` ${row.recovers.points} back by ${time(row.recovers.at)}`) : null;
  const title = put("span", "", level(finding.level), " ", finding.title, back);
  const facts = put("dl", "");
  const fact = (name, ...content) => facts.append(put("dt", "", name), put("dd", "", ...content));
  if (finding.why) fact("why", finding.why);
  const often = finding.count > 1 ? `, ${finding.count.toLocaleString()} times` : "";
  fact("when", `since ${time(finding.first_seen)} (${ago(finding.first_seen)} ago)${often}, last ${time(finding.last_seen)}`);
  if (finding.evidence.length) {
    fact("proof", put("ul", "", ...finding.evidence.map(proof =>
      put("li", "", put("span", "muted", `${proof.source}${proof.at ? ` ${time(proof.at)}` : ""}: `), put("code", "", proof.text)))));
  }
  if (finding.fix.length) {
    fact("do", put("ol", "", ...finding.fix.map(fix => put("li", "",
      ...prose(fix.text), fix.risk ? put("span", "muted", " (", ...prose(fix.risk), ")") : null, fix.argv?.length ? copyable(command(fix.argv)) : null))));
  }
  if (finding.harmless_if) fact("harmless if", ...prose(finding.harmless_if));
  if (finding.accepted) {
    const until = finding.accepted.until ? `until ${time(finding.accepted.until)}` : "for good";
    fact("accepted", `“${finding.accepted.reason}”, ${until}`);
  } else {
    fact("known", "If you know why, accept it in a terminal and it costs no points:",
      copyable(command(["home-soc", "accept", finding.id, "--until", "+30d", "--reason", "..."])));
  }
  fact("learn", [...finding.attack.map(id => `ATT&CK ${id}`), `home-soc explain ${finding.rule}`].join(", "));
  return keep(finding.id, put("details", "row", put("summary", "", points, title), facts));
}

export function blind(snapshot) {
  const sensors = snapshot.sensors.filter(sensor => sensor.state !== "ok").sort((a, b) => (a.state < b.state ? -1 : 1));
  if (sensors.length === 0 && snapshot.errors.length === 0) return replace("blind");
  const rows = sensors.map(sensor => {
    const seen = sensor.total ? ` (${sensor.seen} of ${sensor.total} seen)` : "";
    const facts = put("div", "body", put("p", "", (sensor.says || sensor.reason || "") + seen));
    if (sensor.fix?.length) facts.append(put("p", "muted", "the smallest fix:"), copyable(command(sensor.fix)));
    for (const other of sensor.alternatives || []) {
      facts.append(put("p", "muted", `or: ${other.text}`));
      if (other.argv?.length) facts.append(copyable(command(other.argv)));
    }
    const word = sensor.state === "blind" ? "sees nothing" : "sees a part";
    return keep(`sensor ${sensor.id}`, put("details", "row",
      put("summary", "", put("span", "points level blind", "?"), put("span", "", sensor.id, put("span", "muted", ` ${word}`))), facts));
  });
  const errors = snapshot.errors.map(error => put("p", "level warning", `▲ ${error}`));
  replaceKeepingFocus("blind", [put("h3", "", "Cannot see"), ...errors, ...rows]);
}

export function doors(snapshot) {
  const rows = (snapshot.listeners || []).map(door => [
    put("span", door.reach === "everyone" ? "level warning" : "", REACH[door.reach] || door.reach),
    `${door.protocol} ${door.address.includes(":") ? `[${door.address}]` : door.address}:${door.port}`,
    door.owner ? `${door.owner.name} (${door.owner.pid})` : "unknown",
    door.user || String(door.uid),
    door.since ? ago(door.since) : "longer",
  ]);
  const empty = snapshot.listeners ? "No socket waits for anybody." : "Sockets cannot be seen.";
  replace("doors", table("Sockets that wait for others", ["reach", "socket", "program", "user", "seen for"], rows, empty));
}

export function people(snapshot) {
  const rows = (snapshot.sessions || []).map(session => [
    put("span", "", session.user, session.you ? put("strong", "", " (you)") : null),
    session.from || session.tty || "",
    session.how || "",
    session.since ? ago(session.since) : "",
    session.idle_s === null ? "" : span(session.idle_s),
    session.doing || "",
  ]);
  const empty = snapshot.sessions ? "Nobody is signed in." : "Sessions cannot be seen.";
  replace("here", table("Sessions that are open", ["user", "from", "how", "for", "idle", "doing"], rows, empty));
}

export function events(list, least, words) {
  const wanted = words.toLowerCase();
  const order = ["info", "warning", "alert"];
  const shown = list.filter(event => order.indexOf(event.level) >= order.indexOf(least))
    .filter(event => `${event.source} ${event.text}`.toLowerCase().includes(wanted)).slice(0, 200);
  const rows = shown.map(event => [time(event.time), level(event.level), event.source, event.text]);
  const made = table(`Events, newest first, times in ${zone}`, ["time", "level", "source", "what"], rows, "No event like that.");
  replace("events", made);
}

