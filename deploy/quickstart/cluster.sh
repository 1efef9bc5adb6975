# One xpserver and one xpworker on loopback, in $state. Sourced; needs $bin, $state, processes.sh,
# say and fail. Sets $server (HOST:PORT) and $http.

slots=2 # both models at once

start_cluster() {
  # Training outlives both, so programs that were built anew may take over at any time.
  ! replaced worker || end worker
  ! replaced server || end server
  start_server
  start_worker
}

start_server() {
  local ports=$state/server.ports
  if ! alive server; then
    rm -f "$ports"
    launch server "$bin/xpserver" --data-dir "$state/server" --port-file "$ports" \
      --listen "127.0.0.1:$(port_or_any 7070)" --http "127.0.0.1:$(port_or_any 7071)"
    wait_for server 30 grep -q '^XP_SERVER=' "$ports"
  fi
  server=$(sed -n 's/^XP_SERVER=//p' "$ports")
  http=$(sed -n 's/^XP_HTTP=//p' "$ports")
  say "xpserver on $server, data in $state/server"
}

start_worker() {
  if ! alive worker; then
    launch worker "$bin/xpworker" --server "$server" --work-dir "$state/worker" --slots $slots --gpus none
  fi
  wait_for worker 30 connected
  say "xpworker with $slots slots, work in $state/worker"
}

connected() { xpctl --output csv workers | grep -q 'true\|connected'; }

xpctl() { "$bin/xpctl" --server "$server" "$@"; }

# The usual port where it is free, else one that the kernel chooses.
port_or_any() {
  if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then echo 0; else echo "$1"; fi
}

stop_cluster() {
  if ! alive server && ! alive worker; then
    say "nothing to stop: neither server nor worker of $state runs"
    return
  fi
  ! alive server || ! alive worker || stop_trials
  end worker
  end server
}

# Training outlives its worker: what still runs is asked to end first, and waited for.
stop_trials() {
  local spec trial waited=0
  alive server
  bin=$(dirname "$(readlink "/proc/$pid/exe")") # the programs that run, whatever --bin says now
  server=$(sed -n 's/^XP_SERVER=//p' "$state/server.ports")
  for spec in "$state"/specs/*.yaml; do
    for trial in $(open_trials "$(basename "$spec" .yaml)"); do
      say "stopping the trial $trial"
      xpctl stop "$trial" >/dev/null || true
      while [ $waited -lt 300 ] && open_trials "${trial%%/*}" | grep -qxF "$trial"; do
        sleep 0.5
        waited=$((waited + 1))
      done
    done
  done
}

# The trials of an experiment that have not ended, as E/T.
open_trials() {
  xpctl --output csv trials "$1" 2>/dev/null |
    sed -n "s#^\\($1/\\)\\{0,1\\}\\([^,]*\\),\\(QUEUED\\|ASSIGNED\\|RUNNING\\|LOST\\|STOPPING\\).*#$1/\\2#p"
}
