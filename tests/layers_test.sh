#!/usr/bin/env bash
# Checks that no layer includes one above it (ARCHITECTURE.md, "Layers"). Usage: layers_test.sh <project folder>
set -euo pipefail
cd "$1"

# layer: folders it may include, itself aside. runtime/base is the layer "base".
declare -A may=(
  [base]="" [graph]="base" [backends]="base" [kernels]="base graph backends"
  [runtime]="base graph backends kernels" [tools]="base graph backends kernels runtime")

layer_of() {
  case $1 in
    runtime/base/*) echo base ;;
    *) echo "${1%%/*}" ;;
  esac
}

bad=0
while IFS=: read -r file line text; do
  included=$(sed -E 's/.*"([^"]+)".*/\1/' <<< "$text")
  from=$(layer_of "$file")
  to=$(layer_of "$included")
  [[ $from == "$to" || -z ${may[$from]+known} ]] && continue
  if [[ " ${may[$from]} " != *" $to "* ]]; then
    echo "$file:$line: layer $from must not include $included (layer $to)"
    bad=1
  fi
done < <(grep -nE '^#include "' -r graph kernels backends runtime tools --include=*.h --include=*.cpp --include=*.cu --include=*.cuh)
exit $bad
