# Dependencies and programs. Sourced; needs $root, $bin, say and fail. Sets $bin and $python_path.

build_programs() {
  if [ -n "$bin" ]; then
    bin=$(realpath -e -- "$bin" 2>/dev/null) || fail "--bin: there is no such folder"
    check_programs
    return
  fi
  "$root/deploy/install-deps.sh"
  bin=$root/build/release/bin
  say "building (the first time takes minutes)"
  local log=$state/logs/build.log
  (cd "$root" && cmake --preset release) >"$log" 2>&1 || fail "cmake failed; the end of $log:
$(tail -n 15 "$log")"
  # Ninja shows its own progress, and what failed.
  (cd "$root" && nice -n 5 cmake --build --preset release --parallel "$(build_jobs)") ||
    fail "the build failed, see above; run deploy/quickstart.sh again to go on where it stopped"
  check_programs
}

check_programs() {
  local program
  for program in xpserver xpworker xprunner xpctl xptrain; do
    [ -x "$bin/$program" ] || fail "$bin/$program is not there$(why_missing "$program")"
  done
  python_path=$(dirname "$bin")/python
}

why_missing() {
  [ "$1" = xptrain ] && echo ": it is built only where LibTorch is installed (deploy/install-deps.sh installs libtorch-dev)"
}

# As many compilers as there are cores, and no more than memory holds: gRPC's headers take 1.5 GB.
build_jobs() {
  local by_memory
  by_memory=$(awk '/^MemAvailable:/ { print int($2 / 1572864) }' /proc/meminfo)
  local jobs
  jobs=$(nproc)
  [ "${by_memory:-1}" -ge "$jobs" ] || jobs=${by_memory:-1}
  [ "$jobs" -ge 1 ] || jobs=1
  echo "$jobs"
}
