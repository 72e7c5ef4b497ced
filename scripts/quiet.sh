#!/usr/bin/env bash
# quiet.sh LABEL COMMAND…: one line for a step; its output only where it fails, all of it or its last TAIL lines.
# LOUD=1 shows everything.
set -uo pipefail
label=$1
shift
if [ -n "${LOUD:-}" ]; then
  echo "== $label"
  exec "$@"
fi
mkdir -p build/log
log="build/log/$(echo "$label" | tr -c 'a-zA-Z0-9\n' '-').log"
start=$SECONDS
printf '%s … ' "$label"
if "$@" >"$log" 2>&1 </dev/null; then
  echo "done ($((SECONDS - start)) s)"
else
  status=$?
  echo "failed ($((SECONDS - start)) s), all of it is in $log"
  tail -n "${TAIL:-+1}" "$log" >&2
  exit "$status"
fi
