#!/usr/bin/env bash
# conformance_test.sh <mica> <exceptions> <folder>... [--device d]: runs the cases; exit code 77, "skipped", without the
# folders.
set -euo pipefail
mica=$1 exceptions=$2
shift 2
for folder in "$@"; do
  [[ $folder == --* ]] && break
  [[ -d $folder ]] || { echo "skipped: no $folder"; exit 77; }
done
exec "$mica" conformance "$@" --exceptions "$exceptions"
