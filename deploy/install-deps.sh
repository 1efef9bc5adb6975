#!/usr/bin/env bash
# Installs what xp needs on Debian 12, from Debian's own registry.
#
#   deploy/install-deps.sh [--tests] [--no-trainer]
#
#   --tests       also what only the tests need (googletest, Python, compilers' tools)
#   --no-trainer  leave out LibTorch; everything but xptrain is then built
#
# Does nothing, and asks for no rights, when all of it is there already.
set -euo pipefail

run=(
  build-essential cmake ninja-build ccache pkg-config git ca-certificates
  libgrpc++-dev libgrpc-dev protobuf-compiler protobuf-compiler-grpc libprotobuf-dev
  libabsl-dev libre2-dev libsqlite3-dev libzstd-dev libspdlog-dev libfmt-dev nlohmann-json3-dev
  libssl-dev libcli11-dev libyaml-cpp-dev libcpp-httplib-dev libarchive-dev
  python3 python3-grpcio python3-protobuf python3-pandas python3-yaml
)
# libopenblas0-pthread: libtorch alone pulls in the reference BLAS, ten times slower.
trainer=(libtorch-dev libopenblas0-pthread libicu-dev libcurl4-openssl-dev)
tests=(libgtest-dev libgmock-dev libbenchmark-dev python3-pytest procps)
trainer_tests=(python3-torch)

want=("${run[@]}")
with_tests=no with_trainer=yes
for arg in "$@"; do
  case $arg in
    --tests) with_tests=yes ;;
    --no-trainer) with_trainer=no ;;
    -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "install-deps: unknown option '$arg'; try --help" >&2; exit 2 ;;
  esac
done
[ $with_trainer = yes ] && want+=("${trainer[@]}")
[ $with_tests = yes ] && want+=("${tests[@]}")
[ $with_tests = yes ] && [ $with_trainer = yes ] && want+=("${trainer_tests[@]}")

command -v dpkg-query >/dev/null || { echo "install-deps: this script knows Debian 12 only (no dpkg here); install by hand: ${want[*]}" >&2; exit 1; }
missing=()
for package in "${want[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

sudo=()
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || { echo "install-deps: needs root or sudo to install: ${missing[*]}" >&2; exit 1; }
  sudo=(sudo)
fi
echo "install-deps: installing ${#missing[@]} packages: ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
"${sudo[@]}" apt-get update -q >&2
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}" >&2
