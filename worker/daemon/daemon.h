// The worker daemon: keeps the session, the attempts and the folder together. Training outlives it.
//
// Start, Stop, WaitUntilDone: one thread. Lock order: the daemon's mutex, then a mailbox's or an
// attempt's.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/cpp/client.h"
#include "proto/clock.h"
#include "proto/mutex.h"
#include "worker/daemon/attempt_loop.h"
#include "worker/daemon/cleaner.h"
#include "worker/daemon/config.h"
#include "worker/daemon/environment_snapshot.h"
#include "worker/daemon/input_cache.h"
#include "worker/daemon/session.h"
#include "worker/daemon/training_spec.h"
#include "worker/runner/process_identity.h"

namespace xp::daemon {

struct DaemonOptions {
  std::string name;
  std::string instance_id;  // random, of this start
  std::string host;
  std::map<std::string, std::string> labels;
  WhenIdle when_idle = WhenIdle::kWait;
  // Absolute folder of an attempt that another program has begun (`xpctl run`): whatever is
  // assigned is taken to be that. Empty: attempts are begun here.
  std::string adopt;
  std::string runner_binary;
  std::function<absl::Duration()> since_boot = runner::SinceBoot;
  TrainingMachine machine;
  std::string gpu_driver;                  // its version; empty without one
  std::vector<PackageList> package_lists;  // of the environment snapshots
  CleanOptions clean;
  absl::Duration clean_every = absl::Minutes(10);
  SessionOptions session;
};

class Daemon : private SessionListener, private AttemptOwner {
 public:
  // All references must outlive it. The folder is held by the caller (work_dir.h).
  Daemon(const WorkPaths& work, client::Client& client, Clock& clock, DaemonOptions options);
  ~Daemon() override;

  // Takes up what the folder holds, then connects.
  absl::Status Start();
  // Ends the session and the attempts' threads; what runs goes on running.
  void Stop();

  // OK: everything is done (--once). UNAVAILABLE: not yet, `timeout` passed. Else why it cannot go
  // on: the server refuses this worker.
  absl::Status WaitUntilDone(absl::Duration timeout);

 private:
  v1::Hello MakeHello() override;
  void OnWelcome(const v1::Welcome& welcome, uint64_t stream) override;
  void OnMessage(const v1::ServerMessage& message) override;
  void OnDisconnected() override;
  std::vector<v1::Heartbeat> MakeHeartbeats() override;
  void OnRefused(const absl::Status& status) override;
  bool SlotsAreEmpty(const v1::AttemptId& attempt,
                     const google::protobuf::RepeatedField<int32_t>& slots) override;
  absl::Duration StopGrace() override;

  void TakeAssignment(const v1::Assignment& assignment);
  void TakeSettings(const v1::Settings& settings) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Reap();
  void CleanWhenDue();

  const WorkPaths& work_;
  Clock& clock_;
  const DaemonOptions options_;
  InputCache cache_;
  Session session_;
  AttemptHost host_;
  absl::Duration next_clean_;  // by the thread of WaitUntilDone alone

  Mutex mutex_;
  CondVar changed_;
  std::map<std::string, std::unique_ptr<AttemptLoop>> attempts_ ABSL_GUARDED_BY(mutex_);
  uint64_t stream_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Duration stop_grace_ ABSL_GUARDED_BY(mutex_);
  bool drained_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status refused_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace xp::daemon
