# Programs that quickstart.sh leaves running: started once, known again by pid and start time, ended
# by pid. Sourced; needs $state (a folder) and the functions say and fail.

# A pid alone may have been given to another process since; with its start time it cannot.
start_time_of() {
  # Field 22 of /proc/PID/stat, counted behind the name, which may hold blanks.
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  stat=${stat##*) }
  # shellcheck disable=SC2086
  set -- $stat
  echo "${20}"
}

# alive NAME: whether the program of that name, started by us, still runs. Sets $pid.
alive() {
  local started
  pid=
  [ -f "$state/$1.pid" ] || return 1
  read -r pid started <"$state/$1.pid" || return 1
  [ -n "$started" ] && [ "$(start_time_of "$pid")" = "$started" ]
}

# replaced NAME: whether its program was built anew since it started.
replaced() {
  alive "$1" && [[ $(readlink "/proc/$pid/exe") == *" (deleted)" ]]
}

# launch NAME COMMAND...: in a session of its own, so that closing this terminal does not end it, and
# without the lock (descriptor 9), which it would hold for as long as it lives.
launch() {
  local name=$1
  shift
  setsid "$@" >>"$state/logs/$name.log" 2>&1 </dev/null 9>&- &
  echo "$! $(start_time_of $!)" >"$state/$name.pid"
}

# wait_for NAME SECONDS COMMAND...: until COMMAND succeeds; fails when the program ends before.
wait_for() {
  local name=$1 deadline=$((SECONDS + $2))
  shift 2
  until "$@" >/dev/null 2>&1; do
    alive "$name" || fail "$name ended; the end of its log ($state/logs/$name.log):
$(tail -n 15 "$state/logs/$name.log")"
    [ $SECONDS -lt $deadline ] || fail "$name does not answer; its log: $state/logs/$name.log"
    sleep 0.1
  done
}

# end NAME: SIGTERM, up to 30 s, SIGKILL. Nothing when it does not run.
end() {
  if ! alive "$1"; then
    rm -f "$state/$1.pid"
    return 0
  fi
  local this=$pid waited=0
  kill -TERM "$this" 2>/dev/null || true
  while alive "$1" && [ $waited -lt 300 ]; do
    sleep 0.1
    waited=$((waited + 1))
  done
  ! alive "$1" || kill -KILL "$this" 2>/dev/null || true
  rm -f "$state/$1.pid"
  say "stopped $1 (pid $this)"
}
