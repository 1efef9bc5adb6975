// SIGTERM and SIGINT: a training that is asked to end keeps what it has and exits as preempted.
#pragma once

#include <atomic>
#include <chrono>
#include <csignal>

namespace xp::trainer {

sigset_t StopSignals();  // SIGTERM and SIGINT

// They end the process again, where tuned_start.cc held them back.
void ReleaseStopSignals();

// Set by them, those that were held back too; a second one ends the process at once. Once, by the
// main thread.
const std::atomic<bool>& CatchStopSignals();

// Waits for `time`, or until one has come that CatchStopSignals caught, to whichever thread. Any
// thread.
void WaitUnlessStopped(std::chrono::milliseconds time);

}  // namespace xp::trainer
