#!/usr/bin/env bash
# No source file is over 600 lines, and the median is under 200. Usage: file_sizes_test.sh <project folder>
set -euo pipefail
cd "$1"

folders=()
for folder in graph kernels backends runtime tools tests bench; do [[ -d $folder ]] && folders+=("$folder"); done
sizes=$(find "${folders[@]}" -name '*.h' -o -name '*.cpp' -o -name '*.cu' -o -name '*.cuh' |
  xargs wc -l | grep -v ' total$' | sort -n)
median=$(awk '{ lines[NR] = $1 } END { print lines[int((NR + 1) / 2)] }' <<< "$sizes")
echo "median $median lines"
awk '$1 > 600 { print $2 " has " $1 " lines"; bad = 1 } END { exit bad }' <<< "$sizes"
[[ $median -lt 200 ]]
