#!/usr/bin/env bash
# How fast `home-soc scan` reads a log, beside grep, ripgrep and fail2ban-regex on the same bytes.
#
#   cargo build --release && ./benches/scan.sh [LOG]
#
# LOG is a sample of lines (default ../shared/data/OpenSSH_2k.log); it is repeated to SIZE_MB (default 1024). A
# second file of the same size has no two equal lines. fail2ban-regex reads 2 MB of each: its time is scaled.
# Needs about 2.2 GB in SCRATCH (default a new folder below /tmp), which is removed at the end.
set -euo pipefail
cd "$(dirname "$0")/.."

sample=${1:-../shared/data/OpenSSH_2k.log}
size_mb=${SIZE_MB:-1024}
program=${HOME_SOC:-${CARGO_TARGET_DIR:-target}/release/home-soc}
scratch=${SCRATCH:-$(mktemp -d)}
[ -n "${SCRATCH:-}" ] || trap 'rm -rf "$scratch"' EXIT
[ -x "$program" ] || { echo "$program is missing: cargo build --release" >&2; exit 1; }
[ -r "$sample" ] || { echo "$sample is missing: name a log with sshd lines" >&2; exit 1; }
five='Failed password|Accepted|Invalid user|authentication failure|session opened'

# The sample over and over; its last line gets its line break.
repeated=$scratch/repeated.log
awk 1 "$sample" > "$scratch/once"
once=$(stat -c %s "$scratch/once")
hundred=$(( 100 * 1000000 / once + 1 ))
for _ in $(seq "$hundred"); do cat "$scratch/once"; done > "$scratch/block"
for _ in $(seq $(( size_mb * 1048576 / (hundred * once) + 1 ))); do cat "$scratch/block"; done > "$repeated"
rm "$scratch/block"

# Lines of which no two are equal.
distinct=$scratch/distinct.log
awk -v want=$(( size_mb * 1048576 )) 'BEGIN {
  for (n = 0; size < want; n++) {
    p = int(n / 3); s = int(p / 40) % 86400
    a = "198." (p % 2 ? 18 : 51) "." (p * 7) % 251 "." (p * 13) % 241
    head = sprintf("Nov %2d %02d:%02d:%02d nas sshd[%d]: ", 1 + int(p / 3456000) % 20, s / 3600, s / 60 % 60, s % 60, 1000 + p % 30000)
    if (n % 3 == 0) line = head "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=" a "  user=u" p % 5000
    else if (n % 3 == 1) line = head "Failed password for u" p % 5000 " from " a " port " 1024 + p % 60000 " ssh2"
    else line = head "Received disconnect from " a " port " 1024 + p % 60000 ":11: Bye Bye [preauth]"
    print line; size += length(line) + 1
  }
}' > "$distinct"

# Seconds, gigabytes a second and the most memory of the best of three runs; `scale` is how many times the
# command would have to read what it reads.
measure() {
  local name=$1 file=$2 scale=$3 best="" rss=0 line seconds
  shift 3
  for _ in 1 2 3; do
    /usr/bin/time -o "$scratch/time" -f '%e %M' "$@" > /dev/null 2>&1 || true
    line=$(tail -1 "$scratch/time")
    seconds=${line% *}; rss=${line#* }
    best=$(awk -v a="${best:-1e9}" -v b="$seconds" 'BEGIN { print (b < a) ? b : a }')
  done
  awk -v name="$name" -v s="$best" -v scale="$scale" -v bytes="$(stat -c %s "$file")" -v rss="$rss" 'BEGIN {
    s = (s > 0.005 ? s : 0.005) * scale
    printf "%-34s %9.2f s %9.4f GB/s %8.1f MB\n", name, s, bytes / s / 1e9, rss / 1024 }'
}

for file in "$repeated" "$distinct"; do
  cat "$file" > /dev/null
  echo "$(basename "$file"): $(stat -c %s "$file") bytes, $(wc -l < "$file") lines, $(nproc) processors"
  measure "home-soc scan (full summary)" "$file" 1 "$program" scan "$file"
  measure "rg -c (five words)" "$file" 1 rg -c "$five" "$file"
  measure "grep -cE (five words)" "$file" 1 grep -cE "$five" "$file"
  measure "cat (reading alone)" "$file" 1 cat "$file"
  head -c 2000000 "$file" > "$scratch/slice"
  measure "fail2ban-regex sshd (2 MB, scaled)" "$file" "$(awk -v b="$(stat -c %s "$file")" 'BEGIN { print b / 2000000 }')" \
    fail2ban-regex "$scratch/slice" sshd
  echo
done
