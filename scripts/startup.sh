#!/usr/bin/env bash
# Prints how long the published program takes from its start to its first 200, and how much memory it holds when idle:
# the median of RUNS starts (7), on an empty folder and on one that has been used. It asserts nothing: it is for people.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${RUNS:-7} idle=${IDLE_SECONDS:-5} port=${PORT:-18765}
program=$PWD/artifacts/startup/Cote.Server
dotnet publish src/Cote.Server -c Release -o artifacts/startup --nologo -v quiet
folder=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true; rm -rf "$folder"' EXIT

# The shell's own socket: a process for every try would be measured along.
answers() {
  local line=
  { exec 3<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null || return 1
  printf 'GET /health/ready HTTP/1.1\r\nHost: cote\r\nConnection: close\r\n\r\n' >&3
  read -r line <&3 || true
  exec 3>&-
  [[ $line == *' 200 '* ]]
}

median() { sort -n | awk '{ x[NR] = $1 } END { print x[int((NR + 1) / 2)] }'; }

measure() { # <what it is called> <1: a new folder each time>
  local times=() sizes=() began ended
  for ((i = 0; i < runs; i++)); do
    [ "$2" = 1 ] && rm -rf "$folder/data"
    began=${EPOCHREALTIME/./}
    (cd "$folder" && exec "$program" --urls="http://127.0.0.1:$port" >/dev/null) &
    pid=$!
    until answers; do kill -0 "$pid"; done
    ended=${EPOCHREALTIME/./}
    times+=($(((ended - began) / 1000)))
    sleep "$idle"
    sizes+=("$(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status")")
    kill "$pid" && wait "$pid"
    pid=
  done
  printf '%-22s first 200 after %s ms (median of %s: %s)   resident when idle %s MB\n' "$1" \
    "$(printf '%s\n' "${times[@]}" | median)" "$runs" "${times[*]}" "$(($(printf '%s\n' "${sizes[@]}" | median) / 1024))"
}

measure 'on an empty folder:' 1
measure 'on a used folder:' 0
