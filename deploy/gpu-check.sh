#!/usr/bin/env bash
# Builds xptrain alone on a machine with a GPU, tests it there and measures it, in one go, in under
# ten minutes on 16 cores. Needs no package registry there.
#
#   deploy/gpu-check.sh --pack DIR                        here (Debian 12): collects what must be carried along
#   deploy/gpu-check.sh [--torch DIR] [--deps DIR] [--out DIR] [--cpu] [--peak TFLOPS]
#
#   --torch DIR  where LibTorch is; default: the torch of Python
#   --deps DIR   what --pack collected: abseil, nlohmann-json, CLI11, ICU, zlib; default: installed
#   --out DIR    gets report.txt and the build; default: build/gpu-check
#   --cpu        all of it without a GPU, with a small model: to see that the script itself works
#   --peak N     the card's bf16 matrix peak without sparsity, for the share reached; default: by name
#
# Needs cmake 3.25, a C++20 compiler and a Python with torch: $XP_PYTHON, python3 or /usr/bin/python3. With a torch
# for CUDA its CMake files need the CUDA toolkit of that version too: nvcc in PATH, $CUDA_HOME or /usr/local/cuda.
# What needs the GPU is done first, so that a run that is cut short has it.
# Where it has transformers, that is the oracle for tokens, logits, training steps and speed; else
# the restatement of tests/worker/trainer in eager PyTorch is.
# What it reports is recorded in docs/trainer.md with date and device.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
torch='' deps='' out=$root/build/gpu-check device=cuda peak='' pack=''
while [ $# -gt 0 ]; do
  case $1 in
    --torch) torch=${2:?--torch needs a folder}; shift 2 ;;
    --deps) deps=$(realpath "${2:?--deps needs a folder}"); shift 2 ;;
    --out) out=${2:?--out needs a folder}; shift 2 ;;
    --pack) pack=${2:?--pack needs a folder}; shift 2 ;;
    --peak) peak=${2:?--peak needs a number}; shift 2 ;;
    --cpu) device=cpu; shift ;;
    -h | --help) sed -n '2,22s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "gpu-check: unknown option '$1'; try --help" >&2; exit 2 ;;
  esac
done

# The files of Debian's packages, at their places below DIR/usr: 48 MiB, nearly all of it ICU's tables.
if [ -n "$pack" ]; then
  arch=$(gcc -print-multiarch)
  mkdir -p "$pack"
  {
    dpkg -L libabsl-dev libabsl20220623 nlohmann-json3-dev libcli11-dev zlib1g-dev | grep -E '^/usr/(include|lib|share/cmake|share/pkgconfig)'
    dpkg -L zlib1g | grep -E '/libz\.so' | sed 's|^/lib|/usr/lib|'
    dpkg -L libicu-dev | grep -E '^/usr/include'
    ls /usr/lib/"$arch"/libicu{uc,data}.so*
  } | while read -r file; do [ -d "$file" ] || echo "${file#/}"; done | sort -u >"$pack/files"
  tar -C / --ignore-failed-read -cf - -T "$pack/files" | tar -C "$pack" -xf -
  rm "$pack/files"
  du -sh "$pack"
  exit 0
fi

# The first Python that has torch; the system's own is often not the first in PATH.
python=''
for candidate in ${XP_PYTHON:-} python3 /usr/bin/python3; do
  if "$candidate" -c 'import torch' 2>/dev/null; then python=$candidate; break; fi
done
if [ -z "$torch" ]; then
  [ -n "$python" ] || { echo "gpu-check: neither python3 nor /usr/bin/python3 has torch; name one that has it in" \
    "XP_PYTHON, or LibTorch with --torch DIR" >&2; exit 1; }
  torch=$("$python" -c 'import os, torch; print(os.path.dirname(torch.__file__))')
fi

mkdir -p "$out"
report=$out/report.txt
exec > >(tee "$report") 2>&1
start=$SECONDS
say() { echo "== $((SECONDS - start)) s: $*"; }
date -u +%Y-%m-%dT%H:%M:%SZ
uname -srm
name=$(nvidia-smi --query-gpu=name --format=csv,noheader 2>/dev/null | head -1 || true)
[ "$device" = cpu ] || nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader
if [ -n "$python" ]; then
  "$python" -c 'import sys, torch; print(sys.executable, "torch", torch.__version__, "CUDA", torch.version.cuda)'
else
  echo "no Python with torch: neither the tests nor the comparisons are run, which need it"
fi
if [ -z "$peak" ]; then
  case $name in
    *H100*PCIe*) peak=756 ;;
    *H100*NVL*) peak=835 ;;
    *H100* | *H200*) peak=989 ;;
    *A100*) peak=312 ;;
    *L40S*) peak=362 ;;
    *4090*) peak=165 ;;
    *) peak=0 ;;
  esac
fi

if ls "$torch"/lib/libtorch_cuda.so >/dev/null 2>&1 && ! command -v nvcc >/dev/null; then
  for cuda in "${CUDA_HOME:-}" /usr/local/cuda; do
    [ ! -x "$cuda/bin/nvcc" ] || { PATH=$cuda/bin:$PATH; break; }
  done
  command -v nvcc >/dev/null || { echo "gpu-check: $torch is built for CUDA, and its CMake files need nvcc, which is" \
    "not in PATH, \$CUDA_HOME/bin or /usr/local/cuda/bin: install the CUDA toolkit of its version" >&2; exit 1; }
fi
# As xptrain sets them itself: so that it need not start twice, 150 times.
export OMP_WAIT_POLICY=passive
! grep -qw avx512vl /proc/cpuinfo || export ATEN_CPU_CAPABILITY=avx512

say "building with the LibTorch of $torch"
arguments=(-DXP_TORCH="$torch" -DCMAKE_BUILD_TYPE=Release)
if [ -n "$deps" ]; then
  icu=$(find "$deps" -name 'libicuuc.so' | head -1)
  arguments+=(-DCMAKE_PREFIX_PATH="$deps/usr" -DZLIB_ROOT="$deps/usr"
    -DICU_INCLUDE_DIR="$deps/usr/include" -DICU_UC_LIBRARY_RELEASE="$icu")
  export LD_LIBRARY_PATH=${icu%/*}${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
fi
cmake -S "$root/worker/trainer" -B "$out/build" "${arguments[@]}"
cmake --build "$out/build" --target xptrain -j "$(nproc)"
xptrain=$out/build/bin/xptrain

failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Numbers against PyTorch's own on the GPU, within the bounds of the CPU.
if [ -n "$python" ] && [ "$device" = cuda ]; then
  for test in parity transformers_training; do
    say "$test tests (cuda, fp32)"
    XP_TEST_DEVICE=cuda "$python" "$root/tests/worker/trainer/${test}_test.py" "$xptrain" || [ $? -eq 77 ] || failed=1
  done
fi

say "one epoch of the shipped reviews on $device"
"$xptrain" vocab --model-type distilbert --output "$work/model" "$root/deploy/sample-reviews"
"$xptrain" prepare --model "$work/model" --input "$root/deploy/sample-reviews" --output "$work/data"
precisions=(fp32 bf16)
[ "$device" = cpu ] || precisions+=(fp16)
for precision in "${precisions[@]}"; do
  "$xptrain" train --train-dir "$work/data/train" --test-dir "$work/data/test" --device $device --epochs 1 \
    --precision "$precision" --metrics-file "$work/metrics.jsonl" | tail -2 || failed=1
done
[ ! -s "$work/metrics.jsonl" ] || { echo "GPU readings:"; tail -1 "$work/metrics.jsonl"; }

if [ -n "$python" ]; then
  say "speed"
  if [ "$device" = cpu ]; then what=(--model small --rounds 1); else what=(--model base); fi
  "$python" "$root/tests/bench/trainer_bench.py" "$xptrain" --device $device "${what[@]}" || failed=1
  if "$python" -c 'import transformers' 2>/dev/null; then
    say "against transformers' Trainer"
    "$python" "$root/tests/bench/trainer_vs_transformers.py" "$xptrain" --device $device --peak "$peak" || failed=1
  else
    echo "$python has no transformers: compared with the eager restatement only"
  fi
fi
cpu_test() {
  local code=0
  XP_TEST_DEVICE=cpu "$python" "$root/tests/worker/trainer/$1_test.py" "$xptrain" >"$work/$1.log" 2>&1 || code=$?
  echo "exit code $code (77: skipped)" >>"$work/$1.log"
  [ $code -eq 0 ] || [ $code -eq 77 ] || touch "$work/failed"
}
if [ -n "$python" ]; then
  tests=(parity training transformers_models transformers_training) pids=()
  say "tests on the CPU: ${tests[*]}"
  for test in "${tests[@]}"; do
    cpu_test "$test" &
    pids+=("$!")
    [ "$(nproc)" -ge 8 ] || wait "$!"  # else one after the other
  done
  wait "${pids[@]}"
  for test in "${tests[@]}"; do echo "-- $test"; cat "$work/$test.log"; done
  [ ! -e "$work/failed" ] || failed=1
fi
say "done; the report is $report"
exit $failed
