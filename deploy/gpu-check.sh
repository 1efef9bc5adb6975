#!/usr/bin/env bash
# Builds xptrain alone on a machine with a GPU, tests it there and measures it, in one go.
#
#   deploy/gpu-check.sh [--torch DIR] [--out DIR]
#
#   --torch DIR  where LibTorch is; default: the torch of `python3`
#   --out DIR    gets report.txt and the build; default: build/gpu-check
#
# Needs cmake, a C++20 compiler, abseil, nlohmann-json, CLI11, ICU and zlib (all of them headers or
# static libraries that can be carried along; name them with CMAKE_PREFIX_PATH). It has not been run on
# a GPU yet: what it reports is recorded in docs/trainer.md with date and device once it has.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
torch='' out=$root/build/gpu-check
while [ $# -gt 0 ]; do
  case $1 in
    --torch) torch=${2:?--torch needs a folder}; shift 2 ;;
    --out) out=${2:?--out needs a folder}; shift 2 ;;
    -h | --help) sed -n '2,12s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "gpu-check: unknown option '$1'; try --help" >&2; exit 2 ;;
  esac
done
[ -n "$torch" ] || torch=$(python3 -c 'import os, torch; print(os.path.dirname(torch.__file__))') ||
  { echo "gpu-check: python3 has no torch; name LibTorch with --torch DIR" >&2; exit 1; }

mkdir -p "$out"
report=$out/report.txt
exec > >(tee "$report") 2>&1
date -u +%Y-%m-%dT%H:%M:%SZ
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader || echo "no nvidia-smi: no GPU?"
uname -srm

cmake -S "$root/worker/trainer" -B "$out/build" -DXP_TORCH="$torch" -DCMAKE_BUILD_TYPE=Release
cmake --build "$out/build" --target xptrain -j "$(nproc)"
xptrain=$out/build/bin/xptrain

echo "== parity with the independent restatement (CPU)"
python3 "$root/tests/worker/trainer/parity_test.py" "$xptrain" || [ $? -eq 77 ]

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# DistilBERT's size from scratch: speed does not depend on the weights.
"$xptrain" vocab --model-type distilbert --size 30522 --dim 768 --layers 6 --heads 12 --hidden-dim 3072 \
  --output "$work/model" "$root/deploy/sample-reviews"
# Forty times the sample, so that a run takes long enough to be measured.
mkdir -p "$work/data"
for _ in $(seq 40); do cat "$root/deploy/sample-reviews/train.jsonl"; done >"$work/data/train.jsonl"
cp "$root/deploy/sample-reviews/test.jsonl" "$work/data/test.jsonl"
"$xptrain" prepare --model "$work/model" --input "$work/data" --output "$work/prepared" --max-length 256

for device in cuda; do
  for precision in fp32 bf16; do
    for pad in 0 256; do
      echo "== $device $precision, padded to ${pad/#0/the longest of the batch}"
      "$xptrain" train --train-dir "$work/prepared/train" --test-dir "$work/prepared/test" --device $device \
        --precision $precision --epochs 1 --train_batch_size 32 --pad_to "$pad" --warmup_ratio 0.1 | tail -2
      nvidia-smi --query-gpu=memory.used,utilization.gpu --format=csv,noheader || true
    done
  done
done
echo "gpu-check: done; the report is $report"
