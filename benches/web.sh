#!/usr/bin/env bash
# The page's answers over a record of a million lines, beside a control in Python that reads its whole record for each
# request, as the page of the Python home_soc did.
#
#   cargo build --release && ./benches/web.sh
#
# LINES is the length of the record (default 1000000). Needs wrk, curl, python3 and about 900 MB in SCRATCH (default a
# new folder below /tmp), which is removed at the end.
set -euo pipefail
cd "$(dirname "$0")/.."

lines=${LINES:-1000000}
program=${HOME_SOC:-${CARGO_TARGET_DIR:-target}/release/home-soc}
scratch=${SCRATCH:-$(mktemp -d)}
started=()
finish() {
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  [ -n "${SCRATCH:-}" ] || rm -rf "$scratch"
}
trap finish EXIT
for tool in wrk curl python3; do command -v $tool >/dev/null || { echo "$tool is missing" >&2; exit 1; }; done
[ -x "$program" ] || { echo "$program is missing: cargo build --release" >&2; exit 1; }

# A record as the Python program wrote it, one line every ten seconds, to now.
python3 - "$lines" > "$scratch/monitor_metrics.jsonl" <<'PY'
import datetime, json, math, sys
lines = int(sys.argv[1])
now = datetime.datetime.now().replace(microsecond=0)
row = lambda name, value: {"level": "info", "metric": name, "value": value, "message": name}
for n in range(lines):
    at = now - datetime.timedelta(seconds=10 * (lines - n))
    print(json.dumps({"timestamp": at.strftime("%Y-%m-%d %H:%M:%S"), "security_score": 90 + n % 7, "entries": [
        row("cpu_load", round(1 + math.sin(n / 500), 2)), row("memory_used_pct", 40 + n % 13),
        row("established_connections", 20 + n % 9), row("failed_logins", n % 50)]}))
PY

# The control: the whole file for each request, the last fifty for the chart.
cat > "$scratch/control.py" <<'PY'
import http.server, json, sys
class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"
    def do_GET(self):
        rows = []
        with open(sys.argv[1]) as file:
            for line in file:
                try: rows.append(json.loads(line))
                except ValueError: pass
        body = json.dumps(rows[-50:]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
print(server.server_port, flush=True)
server.serve_forever()
PY
tail -50 "$scratch/monitor_metrics.jsonl" > "$scratch/short.jsonl"

data=$scratch/data
"$program" --data-dir "$data" import "$scratch/monitor_metrics.jsonl" >/dev/null
"$program" --data-dir "$data" --headless --interval 1 --web=127.0.0.1:0 > "$scratch/said" & started+=($!)
for _ in $(seq 100); do grep -q '#t=' "$scratch/said" && break; sleep 0.1; done
token=$(sed -n 's/.*#t=//p' "$scratch/said")
page=$(sed -n 's,.*\(http://[^/]*\)/#t=.*,\1,p' "$scratch/said")
auth="Authorization: Bearer $token"
sleep 3

# Milliseconds of the middle of eleven requests; every request asks for another number of points, so that no answer
# is one that was kept.
middle() {
  for n in $(seq 11); do curl -s -o /dev/null -w '%{time_total}\n' -H "$auth" "${1//POINTS/$((380 + n))}"; done | sort -n | sed -n 6p | awk '{ printf "%.2f ms", $1 * 1000 }'
}
rate() { wrk -t1 -c16 -d5s -H "$auth" "$1" | awk '/Requests\/sec/ { printf "%.0f requests/s", $2 }'; }
from=$(date -u -d "-$(( lines * 10 )) seconds" +%Y-%m-%dT%H:%M:%SZ)

printf '%-52s %s\n' "a record of lines" "$lines"
printf '%-52s %s\n' "/api/snapshot" "$(middle $page/api/snapshot)"
printf '%-52s %s\n' "/api/history, the last beats" "$(middle "$page/api/history?metric=cpu_load&points=POINTS")"
printf '%-52s %s\n' "/api/history, all of the record" "$(middle "$page/api/history?metric=cpu_load&from=$from&points=POINTS")"
printf '%-52s %s\n' "/api/history, 30 days" "$(middle "$page/api/history?metric=cpu_load&from=-30d&points=POINTS")"
printf '%-52s %s\n' "/api/history, 7 days" "$(middle "$page/api/history?metric=cpu_load&from=-7d&points=POINTS")"
printf '%-52s %s\n' "/api/history, 24 hours" "$(middle "$page/api/history?metric=cpu_load&from=-24h&points=POINTS")"
printf '%-52s %s\n' "/api/history, 1 hour" "$(middle "$page/api/history?metric=cpu_load&from=-1h&points=POINTS")"
printf '%-52s %s\n' "/api/snapshot with wrk, 16 clients" "$(rate $page/api/snapshot)"
printf '%-52s %s\n' "/healthz with wrk, 16 clients" "$(rate $page/healthz)"
for n in $(seq 16); do curl -sN -o /dev/null -H "$auth" $page/api/live & started+=($!); done
for n in $(seq 16); do (sleep 4 | timeout 4 curl -s "telnet://${page#http://}" >/dev/null 2>&1 || true) & done
sleep 2
worker=$(pgrep -P "${started[0]}" -f web-process)
printf '%-52s %s\n' "memory of the page's process, 32 clients" "$(awk '/VmRSS/ { printf "%.1f MB", $2 / 1024 }' "/proc/$worker/status")"
printf '%-52s %s\n' "the whole page on the wire" "$(for path in / app.js style.css chart.js icon.svg; do
  curl -s -o /dev/null -w '%{size_download} %{size_header}\n' -H "$auth" -H 'Accept-Encoding: gzip' "$page/${path#/}"; done | awk '{ sum += $1 + $2 } END { printf "%.1f KB", sum / 1000 }')"

# The page alone over the file as the other program wrote it: a plain one, without minutes and hours.
mkdir "$scratch/foreign" && cp "$scratch/monitor_metrics.jsonl" "$scratch/foreign/"
"$program" --data-dir "$scratch/foreign" web --web=127.0.0.1:0 > "$scratch/said" & started+=($!)
for _ in $(seq 100); do grep -q '#t=' "$scratch/said" && break; sleep 0.1; done
auth="Authorization: Bearer $(sed -n 's/.*#t=//p' "$scratch/said")"
page=$(sed -n 's,.*\(http://[^/]*\)/#t=.*,\1,p' "$scratch/said")
sleep 10
for range in -30d -7d -24h -1h "$from"; do
  printf '%-52s %s\n' "the plain file alone, from $range" "$(middle "$page/api/history?metric=cpu_load&from=$range&points=POINTS")"
done

python3 "$scratch/control.py" "$scratch/monitor_metrics.jsonl" > "$scratch/port" & started+=($!)
sleep 1
printf '%-52s %s\n' "control in Python, the last beats" "$(curl -s -o /dev/null -w '%{time_total}' "http://127.0.0.1:$(cat "$scratch/port")/" | awk '{ printf "%.0f ms", $1 * 1000 }')"
kill "${started[-1]}"; sleep 0.5
python3 "$scratch/control.py" "$scratch/short.jsonl" > "$scratch/port" & started+=($!)
sleep 1
printf '%-52s %s\n' "control in Python, a record of 50 lines, with wrk" "$(wrk -t1 -c16 -d5s "http://127.0.0.1:$(cat "$scratch/port")/" | awk '/Requests\/sec/ { printf "%.0f requests/s", $2 }')"
