#include "worker/daemon/daemon.h"

#include <absl/strings/str_cat.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "proto/status.h"
#include "worker/daemon/attempt_end.h"
#include "worker/daemon/attempt_record.h"
#include "worker/daemon/file_copy.h"
#include "worker/daemon/proto_time.h"

namespace xp::daemon {
namespace {

std::string KeyOf(const v1::AttemptId& attempt) {
  return absl::StrCat(attempt.trial_uid(), "-", attempt.number());
}

// The attempt that a message is about; empty when it is about none.
const v1::AttemptId* AttemptOf(const v1::ServerMessage& message) {
  switch (message.message_case()) {
    case v1::ServerMessage::kReportAck:
      return &message.report_ack().attempt();
    case v1::ServerMessage::kStop:
      return &message.stop().attempt();
    case v1::ServerMessage::kRefused:
      return &message.refused().attempt();
    case v1::ServerMessage::kConfirmed:
      return &message.confirmed().attempt();
    default:
      return nullptr;
  }
}

// Names of the folders in a folder; none when it is not there.
std::vector<std::string> FoldersIn(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator it(path, error), end; !error && it != end;
       it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  return names;
}

}  // namespace

Daemon::Daemon(const WorkPaths& work, client::Client& client, Clock& clock, DaemonOptions options)
    : work_(work),
      clock_(clock),
      options_(std::move(options)),
      cache_(work.Cache(), client, clock),
      session_(client, *this, options_.session),
      host_{.owner = *this,
            .clock = clock,
            .since_boot = options_.since_boot,
            .session = session_,
            .client = client,
            .cache = cache_,
            .work = work,
            .machine = options_.machine,
            .runner_binary = options_.runner_binary,
            .name = options_.host,
            .gpu_driver = options_.gpu_driver,
            .package_lists = options_.package_lists,
            .begins = options_.adopt.empty() ? Begins::kHere : Begins::kElsewhere},
      stop_grace_(options_.machine.default_grace) {}

Daemon::~Daemon() { Stop(); }

absl::Status Daemon::Start() {
  XP_RETURN_IF_ERROR(RemoveUnaccepted(work_));
  XP_ASSIGN_OR_RETURN(std::vector<AttemptRecord> records, LoadAttempts(work_));
  next_clean_ = clock_.Monotonic();
  {
    MutexLock lock(mutex_);
    for (AttemptRecord& record : records) {
      if (record.confirmed) continue;
      const std::string key = KeyOf(record.id());
      auto attempt = std::make_unique<AttemptLoop>(host_, std::move(record));
      attempt->Start();
      attempts_[key] = std::move(attempt);
    }
  }
  session_.Start();
  return absl::OkStatus();
}

void Daemon::Stop() {
  session_.Stop();
  // They stay in the list until the last one's thread has ended: SlotsAreEmpty must see them all.
  std::vector<AttemptLoop*> attempts;
  {
    MutexLock lock(mutex_);
    for (auto& [key, attempt] : attempts_) attempts.push_back(attempt.get());
  }
  for (AttemptLoop* attempt : attempts) attempt->mailbox().ShutDown();  // all at once
  for (AttemptLoop* attempt : attempts) attempt->Stop();                // joins, without the lock
  MutexLock lock(mutex_);
  attempts_.clear();
}

bool Daemon::SlotsAreEmpty(const v1::AttemptId& attempt,
                           const google::protobuf::RepeatedField<int32_t>& slots) {
  const std::string self = KeyOf(attempt);
  MutexLock lock(mutex_);
  return std::none_of(attempts_.begin(), attempts_.end(), [&](const auto& entry) {
    return entry.first != self && entry.second->RunsOn(slots);
  });
}

absl::Duration Daemon::StopGrace() {
  MutexLock lock(mutex_);
  return stop_grace_;
}

void Daemon::TakeSettings(const v1::Settings& settings) {
  if (settings.has_stop_grace()) stop_grace_ = FromProto(settings.stop_grace());
}

absl::Status Daemon::WaitUntilDone(absl::Duration timeout) {
  Reap();
  CleanWhenDue();
  MutexLock lock(mutex_);
  if (refused_.ok() && !(drained_ && attempts_.empty())) {
    changed_.WaitFor(mutex_, absl::ToChronoNanoseconds(timeout));
  }
  if (!refused_.ok()) return refused_;
  if (drained_ && attempts_.empty()) return absl::OkStatus();
  return absl::UnavailableError("not done");
}

void Daemon::Reap() {
  std::vector<std::unique_ptr<AttemptLoop>> over;
  {
    MutexLock lock(mutex_);
    for (auto it = attempts_.begin(); it != attempts_.end();) {
      if (it->second->over()) {
        over.push_back(std::move(it->second));
        it = attempts_.erase(it);
      } else {
        ++it;
      }
    }
  }
  over.clear();  // joins, without the lock
}

void Daemon::CleanWhenDue() {
  if (clock_.Monotonic() < next_clean_) return;
  const CleanResult result = CleanWorkDir(work_, clock_.Now(), options_.clean);
  if (result.attempts_removed + result.cached_removed + result.checkpoints_removed > 0) {
    spdlog::info("cleaned: {} attempts, {} cached files, {} checkpoint folders removed",
                 result.attempts_removed, result.cached_removed, result.checkpoints_removed);
  }
  next_clean_ = clock_.Monotonic() + options_.clean_every;
}

v1::Hello Daemon::MakeHello() {
  Reap();
  v1::Hello hello;
  hello.set_worker(options_.name);
  hello.set_instance_id(options_.instance_id);
  hello.set_version(XP_VERSION);
  hello.set_host(options_.host);
  hello.set_boot_id(runner::ReadBootId().value_or(""));
  for (const v1::Slot& slot : options_.machine.slots) *hello.add_slots() = slot;
  hello.mutable_labels()->insert(options_.labels.begin(), options_.labels.end());
  *hello.mutable_now() = ToProto(clock_.Now());
  for (const std::string& uid : FoldersIn(work_.Checkpoints())) {
    hello.add_checkpoint_trial_uids(uid);
  }
  hello.set_once(options_.when_idle == WhenIdle::kLeave);
  MutexLock lock(mutex_);
  for (auto& [key, attempt] : attempts_) {
    if (!attempt->over()) *hello.add_held() = attempt->Describe();
  }
  return hello;
}

void Daemon::OnWelcome(const v1::Welcome& welcome, uint64_t stream) {
  MutexLock lock(mutex_);
  stream_ = stream;
  drained_ = false;
  TakeSettings(welcome.settings());
  spdlog::info("connected as {} with {} slots{}", options_.name, options_.machine.slots.size(),
               welcome.drained() ? "; drained: no trials are given to this worker" : "");
  for (const v1::Verdict& verdict : welcome.verdicts()) {
    const auto found = attempts_.find(KeyOf(verdict.attempt()));
    if (found != attempts_.end()) found->second->mailbox().Connected(stream, verdict);
  }
}

void Daemon::OnDisconnected() {
  MutexLock lock(mutex_);
  stream_ = 0;
  for (auto& [key, attempt] : attempts_) attempt->mailbox().Disconnected();
}

void Daemon::OnMessage(const v1::ServerMessage& message) {
  if (message.has_assignment()) return TakeAssignment(message.assignment());
  if (message.has_drained()) {
    spdlog::info("the server gives no more trials: {}", message.drained().message());
    MutexLock lock(mutex_);
    drained_ = options_.when_idle == WhenIdle::kLeave;
    changed_.NotifyAll();
    return;
  }
  const v1::AttemptId* attempt = AttemptOf(message);
  MutexLock lock(mutex_);
  if (message.has_settings()) TakeSettings(message.settings());
  if (attempt == nullptr) return;
  const auto found = attempts_.find(KeyOf(*attempt));
  if (found != attempts_.end()) found->second->mailbox().Put(message);
}

void Daemon::TakeAssignment(const v1::Assignment& assignment) {
  const std::string key = KeyOf(assignment.attempt());
  spdlog::info("{} attempt {}: assigned", assignment.trial_name(), assignment.attempt().number());
  MutexLock lock(mutex_);
  drained_ = false;
  if (attempts_.contains(key)) return;  // said twice
  auto record = options_.adopt.empty() ? CreateAttempt(work_, assignment)
                                       : AdoptAttempt(work_, assignment, options_.adopt);
  if (!record.ok()) {
    spdlog::error("{}: {}", key, FormatStatus(record.status()));
    v1::WorkerMessage message;
    *message.mutable_exited() =
        ExitedWithout(assignment.attempt(), v1::WORKER_FAULT,
                      FormatStatus(Annotate(record.status(), "the worker's folder")), clock_.Now());
    session_.Send(std::move(message), stream_);
    // Nothing else will come of it: the server need not wait.
    v1::WorkerMessage finished;
    *finished.mutable_finished()->mutable_attempt() = assignment.attempt();
    session_.Send(std::move(finished), stream_);
    return;
  }
  auto attempt = std::make_unique<AttemptLoop>(host_, *std::move(record));
  attempt->mailbox().Connected(stream_, std::nullopt);
  attempt->Start();
  attempts_[key] = std::move(attempt);
}

std::vector<v1::Heartbeat> Daemon::MakeHeartbeats() {
  std::vector<v1::Heartbeat> heartbeats(1);
  MutexLock lock(mutex_);
  for (auto& [key, attempt] : attempts_) {
    if (!attempt->occupies_slots()) continue;
    v1::Heartbeat own = attempt->MakeHeartbeat();
    if (own.has_silent_for()) {
      heartbeats.push_back(std::move(own));
    } else {
      *heartbeats.front().add_attempts() = attempt->id();
    }
  }
  return heartbeats;
}

void Daemon::OnRefused(const absl::Status& status) {
  MutexLock lock(mutex_);
  refused_ = status;
  changed_.NotifyAll();
}

}  // namespace xp::daemon
