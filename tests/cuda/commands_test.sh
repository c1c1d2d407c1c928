#!/usr/bin/env bash
# commands_test.sh PROGRAM MODEL: what commands say about a device, on the emulated one. Structure only: its times mean nothing.
set -uo pipefail
program=$1 model=$2
failed=0

# expect WORDS COMMAND...: the command succeeds and all the words, one a line, are in what it prints.
expect() {
  local words=$1 output word
  shift
  if ! output=$("$program" "$@" 2>&1); then
    echo "mica $* failed:"; echo "$output"; failed=1
    return
  fi
  while IFS= read -r word; do
    grep -qF -- "$word" <<< "$output" || { echo "mica $* does not say: $word"; echo "$output"; failed=1; }
  done <<< "$words"
}

expect '"device": "emulated:0"
"pick": true
"wrong": false
"copy_gb_s"
"cuBLASLt": "is not emulated"' kernels gemm 16x16x16 --device emulated:0 --duration 0 --json
expect 'emulated:0: peak
pick' kernels softmax 8x8 --device emulated:0 --duration 0 --cold
expect 'pick' kernels attention 1x2x5x8,causal --device emulated:0 --duration 0 --dtype bf16
expect '"resident": true
"device_us"
"cpu_steps": {}
"inner_copies": 0' bench "$model" --dim seq=5 --device emulated:0 --resident --duration 0 --warmup 0 --json --quiet
expect 'on the device' bench "$model" --dim seq=5 --device emulated:0 --duration 0 --warmup 0
expect 'simt 32x32; not gemv: more than 4 rows, or a small matrix; not wgmma: is for 16-bit floats; not mma: no tensor cores for the type
not cublaslt: is not emulated' plan "$model" --dim seq=5 --device emulated:0
expect 'pick
mma: ' kernels conv 1x8x8x8 --device emulated:0 --duration 0 --dtype f16
if "$program" kernels gemm 16x16x16 --cold > /dev/null 2>&1; then echo "--cold is not refused on the CPU"; failed=1; fi
exit $failed
