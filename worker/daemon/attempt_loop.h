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
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <atomic>
#include <functional>
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
#include "worker/runner/folder_lock.h"
#include "worker/runner/runner_control.h"
#include "worker/runner/time_zone.h"

namespace xp::daemon {

// What an attempt asks of the daemon that it belongs to. From the attempt's thread, which holds no
// lock then.
class AttemptOwner {
 public:
  virtual ~AttemptOwner() = default;
  // No process of another attempt is left on the slots of this one. The server gives slots away
  // before an attempt that it has fenced is killed.
  virtual bool SlotsAreEmpty(const v1::AttemptId& attempt,
                             const google::protobuf::RepeatedField<int32_t>& slots) = 0;
  // Between SIGTERM and SIGKILL where a spec has none: as the server says.
  virtual absl::Duration StopGrace() = 0;
};

// Who began the attempts' processes: this daemon (or one before it), or xpctl run.
enum class Begins { kHere, kElsewhere };

// What all attempts of a daemon share. Everything outlives the attempts.
struct AttemptHost {
  AttemptOwner& owner;
  Clock& clock;
  std::function<absl::Duration()> since_boot;  // as runner::SinceBoot
  Session& session;
  client::Client& client;
  InputCache& cache;
  const WorkPaths& work;
  const TrainingMachine& machine;
  std::string runner_binary;
  std::string name;  // of this machine
  std::string gpu_driver;
  std::vector<PackageList> package_lists;
  Begins begins = Begins::kHere;
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
  // A process of it may be on one of these.
  bool RunsOn(const google::protobuf::RepeatedField<int32_t>& slots);
  // Of this attempt alone, with what is left of a promised silence.
  v1::Heartbeat MakeHeartbeat();

 private:
  // Between two tries of what failed for now.
  static constexpr absl::Duration kTryAgain = absl::Seconds(2);

  enum class Phase { kPrepare, kRun, kDrain, kUpload, kFinished, kOver };
  // A stop that was asked for. Kept until the runner has it or nothing will ever run, so that it
  // is not lost to a full disk or to a runner that is just starting.
  struct StopWish {
    std::string word;  // for the runner; comes back in its record
    v1::EndReason reason;
    absl::Duration grace;
    bool passed = false;  // to the runner
  };

  void Run();
  void Recover();
  // Where a runner has begun the command (this daemon's, or one that died), goes on with RUN.
  void TakeUpRunner();
  // PREPARE: takes the attempt's folder, so that no other daemon's runner begins in it. False:
  // there is one; what can be done next is done.
  bool HoldFolder();
  absl::Duration Patience() const;
  absl::Duration Grace() { return GraceOf(record_.assignment.spec(), host_.owner.StopGrace()); }
  void Step();

  // Mail (attempt_mail.cc).
  void TakeMail(const Mail& mail);
  void TakeVerdict(const v1::Verdict& verdict);
  void RestartLog(SourcePosition held);
  void TakeStop(v1::EndReason reason, absl::Duration grace);
  void TakeRefusal(const v1::Refused& refused);
  // An adopted run, assigned on this stream: it has begun already, or is over.
  void SayHowFarAdopted();
  // What a server without room refused, once it may have room again.
  void SayStatesAgain();
  // The end that was told already, told again as ours.
  void SayExitedAsFault();
  // The server does not want this attempt: ends what runs, keeps nothing.
  void Discard();
  void GetOver();

  // Phases (attempt_prepare.cc, attempt_phases.cc).
  void Prepare();
  // The folder is held, the run is wanted and its slots are empty. False: what can be done next is
  // done.
  bool MayPrepare();
  // What the run needs could not be had: tries again, or ends it.
  void OnPrepareFault(const absl::Status& status);
  void EndBeforeStart(v1::EndReason reason, const std::string& message);
  void BeginRun(const runner::RunnerSpec& spec, bool resumed);
  void Watch();
  void PassStop();
  void WatchOrphan(const runner::RunnerState& state);
  // The folder cannot be read: is it sure that nothing runs in it?
  bool NothingCanRun(const absl::Status& probe);
  void Pump(capture::LogEnd end);
  void PassPromise();
  void Drain();
  // As FinishSnapshot, of all artifacts.
  absl::StatusOr<std::string> UploadAll();
  void Upload();
  void NoteStarted(absl::Time time);
  // The record of the environment: written beside the run, there before the upload.
  void BeginSnapshot();
  // What of it will not be there, in words. An error: try again.
  absl::StatusOr<std::string> FinishSnapshot();
  void End(v1::Exited exited);
  void AddEnds(google::protobuf::RepeatedPtrField<v1::SourceOffset>* ends);

  void SetPhase(Phase phase);
  bool Say(v1::WorkerMessage message) { return host_.session.Send(std::move(message), stream_); }
  // What it does at the moment, for people; the same words are said once.
  void SayState(const std::string& what);

  AttemptHost& host_;
  Mailbox mailbox_;
  std::thread thread_;
  std::thread snapshot_;          // writes the environment's record; joined before the upload
  absl::Status snapshot_status_;  // by snapshot_, until it is joined
  std::atomic<bool> over_ = false;

  // By the attempt's own thread.
  AttemptRecord record_;
  std::string label_;  // "E/T attempt N", for the log
  const runner::ProgramZone zone_;
  std::unique_ptr<LogPump> log_;
  std::unique_ptr<MetricsPump> metrics_;
  uint64_t stream_ = 0;
  bool discard_ = false;
  bool said_accepted_ = false;
  bool said_finished_ = false;
  bool unnoted_ = false;      // the end is confirmed, which cannot be written down yet
  std::string unreportable_;  // why the server will take no more reports; empty: it does
  std::string said_state_;
  std::optional<runner::FolderLock> folder_;  // held in PREPARE
  std::optional<StopWish> stop_;
  std::optional<absl::Duration> kill_orphan_at_;
  bool told_orphan_ = false;  // SIGTERM was sent
  std::optional<absl::Duration>
      unavailable_since_;  // what PREPARE needs, while the server is there
  absl::Duration not_before_ =
      -absl::InfiniteDuration();  // the server's disk is full: no report and no upload before this
  bool states_refused_ = false;   // for want of room there
  absl::Duration next_try_ = -absl::InfiniteDuration();  // of something that failed

  Phase phase_ = Phase::kPrepare;

  Mutex mutex_;
  v1::HeldAttempt held_ ABSL_GUARDED_BY(mutex_);
  absl::Duration silent_until_ ABSL_GUARDED_BY(mutex_) = -absl::InfiniteDuration();
  v1::HeldAttempt::Phase told_ ABSL_GUARDED_BY(mutex_) = v1::HeldAttempt::PHASE_UNSPECIFIED;
};

}  // namespace xp::daemon
