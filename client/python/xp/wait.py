"""Waiting for an experiment's end: one stream, through restarts of the server."""

import datetime
import sys
import time

from xp.v1 import trials_pb2

from .errors import Error

ENDED = {trials_pb2.COMPLETED, trials_pb2.FAILED, trials_pb2.STOPPED}
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0  # seconds between looks at a server that is not there


def wait(trials_stub, experiment, timeout, say, clock=time.monotonic, sleep=time.sleep):
    """{"E/T": Trial} when all have ended; what is deleted meanwhile is not among them. `timeout` in seconds, None: for ever; when it is over,
    Error DEADLINE_EXCEEDED names what has not ended, and the trials go on. `say`: takes a line for
    people. A server that is away is waited for: training goes on without it."""
    deadline = None if timeout is None else clock() + timeout
    seen, pause, away = {}, _FIRST_PAUSE, False
    while True:
        left = None if deadline is None else max(0.001, deadline - clock())
        there = set()  # what this stream has told of: the rest was deleted while nobody listened
        try:
            request = trials_pb2.WatchTrialsRequest(experiment=experiment, until_ended=True)
            for answer in trials_stub.WatchTrials(request, timeout=left):
                if away:
                    say("the server is back")
                pause, away = _FIRST_PAUSE, False
                # A deleted name that stands among the trials, too, was given to a new one.
                _drop(answer.deleted_trials, seen, say)
                there.difference_update(answer.deleted_trials)
                _take(answer.trials, seen, say)
                there.update(trial.name for trial in answer.trials)
            _drop(seen.keys() - there, seen, say)
            if all(trial.state in ENDED for trial in seen.values()):
                return seen
        except Error as error:
            if error.code == "DEADLINE_EXCEEDED" and deadline is not None:
                raise _late(seen, experiment, timeout) from None
            if error.code != "UNAVAILABLE":
                raise
            if not away:
                say(f"the server is away ({error.message}); training goes on, waiting for it")
            away = True
        if deadline is not None and clock() >= deadline:
            raise _late(seen, experiment, timeout)
        sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


def _late(seen, experiment, timeout):
    open_trials = [t.name for t in seen.values() if t.state not in ENDED]
    what = f"{len(open_trials)} of {len(seen)} trials have not ended: {', '.join(open_trials[:5])}"
    return Error("DEADLINE_EXCEEDED", f"{experiment}: after {timeout:g} s {what if seen else 'nothing was heard'}")


def _take(trials, seen, say):
    for trial in trials:
        before = seen.get(trial.name)
        seen[trial.name] = trial
        if before is None or (before.state, before.attempt) != (trial.state, trial.attempt):
            say(describe(trial))


def _drop(names, seen, say):
    for name in sorted(names):
        if seen.pop(name, None):
            say(f"{name}  was deleted")


def describe(trial):
    """One line: what became of a trial."""
    line = f"{trial.name}  {trials_pb2.TrialState.Name(trial.state)}"
    if trial.reason != trials_pb2.END_REASON_UNSPECIFIED:
        line += f" ({trials_pb2.EndReason.Name(trial.reason)})"
    if trial.worker and trial.state not in ENDED and trial.worker not in trial.message:
        line += f" on {trial.worker}"
    if trial.attempt > 1:
        line += f", attempt {trial.attempt}"
    return f"{line}: {trial.message}" if trial.message else line


def to_stderr(line):
    now = datetime.datetime.now().strftime("%H:%M:%S")
    print(f"{now}  {line}", file=sys.stderr, flush=True)
