// One attempt on this worker from its assignment to the server's confirmation: prepares the
// workspace, starts the runner, reports what is written, passes stops on, tells the end, uploads
// artifacts. Where it stands is on the disk at each moment (attempt_record.h), so a new daemon goes
// on where this one was.
//
//   PREPARE -> RUN -> DRAIN -> UPLOAD -> FINISHED -> OVER
//
// Start, Stop and the destructor: one thread. mailbox(), Describe(), over(): any thread.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "client/cpp/client.h"
#include "proto/clock.h"
#include "proto/mutex.h"
#include "worker/daemon/attempt_record.h"
#include "worker/daemon/environment_snapshot.h"
#include "worker/daemon/input_cache.h"
#include "worker/daemon/log_pump.h"
#include "worker/daemon/mailbox.h"
#include "worker/daemon/metrics_pump.h"
#include "worker/daemon/session.h"
#include "worker/daemon/training_spec.h"
#include "worker/runner/runner_control.h"

namespace xp::daemon {

// What all attempts of a daemon share. Everything outlives the attempts.
struct AttemptHost {
  Clock& clock;
  Session& session;
  client::Client& client;
  InputCache& cache;
  const WorkPaths& work;
  const TrainingMachine& machine;
  std::string runner_binary;
  std::string name;  // of this machine
  std::string gpu_driver;
  std::vector<PackageList> package_lists;
};

class AttemptLoop {
 public:
  // `record` as loaded or created.
  AttemptLoop(AttemptHost& host, AttemptRecord record);
  ~AttemptLoop();

  void Start();
  // Leaves the attempt as it is: what runs goes on running.
  void Stop();

  const v1::AttemptId& id() const { return record_.id(); }  // never changes
  Mailbox& mailbox() { return mailbox_; }
  // For Hello.
  v1::HeldAttempt Describe();
  // The server has confirmed it, or does not want it: it is no longer held.
  bool over() const { return over_; }
  // Holds its slots and needs a lease.
  bool occupies_slots();

 private:
  enum class Phase { kPrepare, kRun, kDrain, kUpload, kFinished, kOver };

  void Run();
  void Recover();
  absl::Duration Patience() const;
  void Step();

  // Mail (attempt_mail.cc).
  void TakeMail(const Mail& mail);
  void TakeVerdict(const v1::Verdict& verdict);
  void TakeStop(v1::EndReason reason, absl::Duration grace);
  void TakeRefusal(const v1::Refused& refused);
  // The end that was told already, told again as ours.
  void SayExitedAsFault();
  // The server does not want this attempt: ends what runs, keeps nothing.
  void Discard();
  void GetOver();

  // Phases (attempt_phases.cc).
  void Prepare();
  void Watch();
  void WatchOrphan(const runner::RunnerState& state);
  void Pump(capture::LogEnd end);
  void Drain();
  void Upload();
  void NoteStarted(bool resumed);
  // The record of the environment: written beside the run, there before the upload.
  void BeginSnapshot();
  void FinishSnapshot();
  void End(v1::Exited exited);
  void AddEnds(google::protobuf::RepeatedPtrField<v1::SourceOffset>* ends);

  void SetPhase(Phase phase);
  bool Say(v1::WorkerMessage message) { return host_.session.Send(std::move(message), stream_); }
  // What it does at the moment, for people; the same words are said once.
  void SayState(const std::string& what);

  AttemptHost& host_;
  Mailbox mailbox_;
  std::thread thread_;
  std::thread snapshot_;  // writes the environment's record; joined before the upload
  std::atomic<bool> over_ = false;

  // By the attempt's own thread.
  AttemptRecord record_;
  std::string label_;  // "E/T attempt N", for the log
  std::unique_ptr<LogPump> log_;
  std::unique_ptr<MetricsPump> metrics_;
  uint64_t stream_ = 0;
  bool discard_ = false;
  bool said_accepted_ = false;
  bool said_finished_ = false;
  std::string unreportable_;  // why the server will take no more reports; empty: it does
  std::string said_state_;
  std::optional<absl::Duration> kill_orphan_at_;
  absl::Duration not_before_ =
      -absl::InfiniteDuration();  // the server's disk is full: no report and no upload before this
  absl::Duration next_try_ = -absl::InfiniteDuration();  // of something that failed

  Phase phase_ = Phase::kPrepare;

  Mutex mutex_;
  v1::HeldAttempt held_ ABSL_GUARDED_BY(mutex_);
  v1::HeldAttempt::Phase told_ ABSL_GUARDED_BY(mutex_) = v1::HeldAttempt::PHASE_UNSPECIFIED;
};

}  // namespace xp::daemon
