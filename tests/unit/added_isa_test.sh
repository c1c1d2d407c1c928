#!/usr/bin/env bash
# An instruction set is added by adding its header: a copy of what the vector loops need gets a second scalar one, named
# "twin" and ranked highest, and a small program finds it and computes with it.
# Usage: added_isa_test.sh <project folder> <C++ compiler>
set -euo pipefail
project=$1 compiler=$2

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/kernels/activation "$tree"/tools/dev
cp -r "$project"/kernels/simd "$tree"/kernels/
cp "$project"/kernels/activation/*simd* "$tree"/kernels/activation/
cp -r "$project"/tools/dev/cmake "$tree"/tools/dev/
for folder in backends runtime; do cp -r "$project/$folder" "$tree/"; done
cp "$project"/tests/unit/added_isa/* "$tree"/

sed -e 's/^\/\/ isa:.*/\/\/ isa: twin/' -e 's/^\/\/ rank:.*/\/\/ rank: 1000/' -e 's/isa_scalar/isa_twin/g' \
  "$tree"/kernels/simd/vec_scalar.h > "$tree"/kernels/simd/vec_twin.h

cmake -S "$tree" -B "$tree/build" -G Ninja -DCMAKE_BUILD_TYPE= -DCMAKE_CXX_COMPILER="$compiler" > "$tree/log" 2>&1 &&
  cmake --build "$tree/build" > "$tree/log" 2>&1 || { cat "$tree/log"; exit 1; }
"$tree/build/added_isa"
