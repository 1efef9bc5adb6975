// The far end of a worker's stream, in this process and scriptable: keeps offsets as the real
// server does, and can cut streams, refuse reports and hold answers back. Safe from any thread.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>
#include <grpcpp/grpcpp.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proto/mutex.h"
#include "xp/v1/artifacts.grpc.pb.h"
#include "xp/v1/blobs.grpc.pb.h"
#include "xp/v1/workers.grpc.pb.h"

namespace xp::daemon {

// What the server has of one attempt.
struct FakeAttempt {
  v1::Assignment assignment;
  bool accepted = false;
  std::optional<v1::Started> started;
  std::optional<v1::Exited> exited;
  std::optional<v1::Finished> finished;
  bool confirmed = false;
  std::string log;
  std::string metrics_file;
  int metrics_generation = 0;
  uint64_t log_points = 0;
  uint64_t metrics_points = 0;
  std::vector<double> values;
  std::vector<int64_t> times_ms;  // of the values
  uint64_t lines = 0;
  int reports_taken = 0;
  int reports_not_taken = 0;
  std::vector<std::string> states;
  absl::Duration silent_for;  // the longest that was promised
  std::map<std::string, v1::Artifact> artifacts;
};

class FakeServer final {
 private:
  template <class Function>
  auto With(Function function) {
    MutexLock lock(mutex_);
    return function();
  }

 public:
  FakeServer();
  ~FakeServer();

  // Listens on a port that the kernel chooses, or again on the one from before.
  void Start();
  void Stop();
  std::string address() const;

  // Gives a trial to the worker as soon as one is connected; the attempt's key.
  std::string Assign(const v1::TrialSpec& spec, const std::string& uid = "uid1", int number = 1);
  void StopAttempt(const std::string& key, absl::Duration grace);
  void SayDrained();
  std::string AddBlob(const std::string& bytes);
  // A folder: path and content. Its manifest's name.
  std::string AddFolder(const std::map<std::string, std::string>& files);

  // Script.
  void CutStreamAfter(int reports) {
    With([&] { cut_after_ = reports; });
  }
  void RefuseReports(int reports, absl::StatusCode code) {
    With([&] {
      refuse_ = reports;
      refuse_code_ = code;
    });
  }
  // The next ends (Exited, then Finished) find no room.
  void RefuseEnds(int ends) {
    With([&] { refuse_ends_ = ends; });
  }
  void SetStopGrace(absl::Duration grace) {
    With([&] { stop_grace_ = grace; });
  }
  void NextVerdict(v1::Verdict::Action action) {
    With([&] { verdict_ = action; });
  }
  // As after a restore from a backup: the server holds less than it had.
  void ForgetLogBeyond(const std::string& key, size_t offset);
  void EndWith(grpc::Status status) {
    With([&] { end_with_ = status; });
  }

  // Looks.
  FakeAttempt Get(const std::string& key);
  int streams() {
    return With([&] { return streams_; });
  }
  bool connected() {
    return With([&] { return stream_ != nullptr; });
  }
  v1::Hello hello() {
    return With([&] { return hello_; });
  }
  int heartbeats() {
    return With([&] { return heartbeats_; });
  }

 private:
  using Stream = grpc::ServerReaderWriter<v1::ServerMessage, v1::WorkerMessage>;
  class Workers;
  class Blobs;
  class Artifacts;

  grpc::Status Work(grpc::ServerContext* context, Stream* stream);
  void Greet(Stream* stream);
  void Handle(const v1::WorkerMessage& message);
  void OnReport(const v1::Report& report);
  void Refuse(const v1::AttemptId& attempt, absl::StatusCode code);
  void Confirm(const std::string& key);
  void Send(const v1::ServerMessage& message);
  std::string& BytesOf(FakeAttempt& attempt, v1::SourceKind source);

  std::unique_ptr<Workers> workers_;
  std::unique_ptr<Blobs> blobs_service_;
  std::unique_ptr<Artifacts> artifacts_service_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;

  Mutex mutex_;
  std::map<std::string, FakeAttempt> attempts_;
  std::map<std::string, std::string> blobs_;
  std::deque<v1::ServerMessage> waiting_;  // for a worker to connect
  Stream* stream_ = nullptr;
  grpc::ServerContext* context_ = nullptr;
  v1::Hello hello_;
  int streams_ = 0;
  int heartbeats_ = 0;
  int cut_after_ = -1;
  int refuse_ = 0;
  int refuse_ends_ = 0;
  absl::StatusCode refuse_code_ = absl::StatusCode::kOk;
  std::optional<v1::Verdict::Action> verdict_;
  std::optional<absl::Duration> stop_grace_;
  std::optional<grpc::Status> end_with_;
};

}  // namespace xp::daemon
