#include "tests/worker/daemon/fake_server.h"

#include <absl/strings/str_cat.h>
#include <zstd.h>

#include <algorithm>

#include "client/cpp/file_manifest.h"
#include "client/cpp/sha256.h"
#include "worker/daemon/proto_time.h"

namespace xp::daemon {
namespace {

std::string KeyOf(const v1::AttemptId& attempt) {
  return absl::StrCat(attempt.trial_uid(), "-", attempt.number());
}

std::string Unpack(const v1::Report& report) {
  if (!report.zstd()) return report.data();
  std::string bytes(report.to() - report.from(), '\0');
  bytes.resize(
      ZSTD_decompress(bytes.data(), bytes.size(), report.data().data(), report.data().size()));
  return bytes;
}

}  // namespace

class FakeServer::Workers : public v1::Workers::Service {
 public:
  explicit Workers(FakeServer& server) : server_(server) {}
  grpc::Status Work(grpc::ServerContext* context, Stream* stream) override {
    return server_.Work(context, stream);
  }

 private:
  FakeServer& server_;
};

class FakeServer::Blobs : public v1::Blobs::Service {
 public:
  explicit Blobs(FakeServer& server) : server_(server) {}
  grpc::Status FindMissingBlobs(grpc::ServerContext*, const v1::FindMissingBlobsRequest* request,
                                v1::FindMissingBlobsResponse* response) override {
    MutexLock lock(server_.mutex_);
    for (const std::string& sha256 : request->sha256()) {
      if (!server_.blobs_.contains(sha256)) response->add_missing()->set_sha256(sha256);
    }
    return grpc::Status::OK;
  }
  grpc::Status UploadBlobs(grpc::ServerContext*, grpc::ServerReader<v1::UploadBlobsRequest>* reader,
                           v1::UploadBlobsResponse*) override {
    v1::UploadBlobsRequest request;
    std::string name;
    while (reader->Read(&request)) {
      MutexLock lock(server_.mutex_);
      if (request.has_header()) name = request.header().sha256();
      if (request.has_header()) server_.blobs_[name];
      if (request.has_data()) server_.blobs_[name] += request.data();
    }
    return grpc::Status::OK;
  }
  grpc::Status DownloadBlob(grpc::ServerContext*, const v1::DownloadBlobRequest* request,
                            grpc::ServerWriter<v1::DownloadBlobResponse>* writer) override {
    MutexLock lock(server_.mutex_);
    const auto found = server_.blobs_.find(request->sha256());
    if (found == server_.blobs_.end()) {
      return {grpc::StatusCode::NOT_FOUND, "no blob " + request->sha256()};
    }
    v1::DownloadBlobResponse response;
    response.set_total_size(found->second.size());
    response.set_data(found->second.substr(request->offset()));
    writer->Write(response);
    return grpc::Status::OK;
  }

 private:
  FakeServer& server_;
};

class FakeServer::Artifacts : public v1::Artifacts::Service {
 public:
  explicit Artifacts(FakeServer& server) : server_(server) {}
  grpc::Status CreateArtifacts(grpc::ServerContext*, const v1::CreateArtifactsRequest* request,
                               v1::CreateArtifactsResponse*) override {
    MutexLock lock(server_.mutex_);
    FakeAttempt& attempt =
        server_.attempts_[absl::StrCat(request->trial_uid(), "-", request->attempt())];
    for (const v1::Artifact& artifact : request->artifacts()) {
      if (!server_.blobs_.contains(artifact.sha256())) {
        return {grpc::StatusCode::FAILED_PRECONDITION, artifact.path()};
      }
      attempt.artifacts[artifact.path()] = artifact;
    }
    return grpc::Status::OK;
  }

 private:
  FakeServer& server_;
};

FakeServer::FakeServer()
    : workers_(std::make_unique<Workers>(*this)),
      blobs_service_(std::make_unique<Blobs>(*this)),
      artifacts_service_(std::make_unique<Artifacts>(*this)) {}

FakeServer::~FakeServer() { Stop(); }

void FakeServer::Start() {
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(absl::StrCat("127.0.0.1:", port_), grpc::InsecureServerCredentials(),
                           &port);
  builder.RegisterService(workers_.get());
  builder.RegisterService(blobs_service_.get());
  builder.RegisterService(artifacts_service_.get());
  server_ = builder.BuildAndStart();
  if (port_ == 0) port_ = port;
}

void FakeServer::Stop() {
  if (server_ == nullptr) return;
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
  server_.reset();
}

std::string FakeServer::address() const { return absl::StrCat("127.0.0.1:", port_); }

grpc::Status FakeServer::Work(grpc::ServerContext* context, Stream* stream) {
  v1::WorkerMessage message;
  if (!stream->Read(&message) || !message.has_hello()) {
    return {grpc::StatusCode::INVALID_ARGUMENT, "no hello"};
  }
  {
    MutexLock lock(mutex_);
    if (end_with_.has_value()) return *end_with_;
    hello_ = message.hello();
    ++streams_;
    context_ = context;
    Greet(stream);
    stream_ = stream;
    for (const v1::ServerMessage& waiting : waiting_) stream->Write(waiting);
    waiting_.clear();
  }
  bool cut = false;
  while (!cut && stream->Read(&message)) {
    MutexLock lock(mutex_);
    Handle(message);
    if (message.has_report() && cut_after_ > 0 && --cut_after_ == 0) cut = true;
  }
  MutexLock lock(mutex_);
  stream_ = nullptr;
  context_ = nullptr;
  return {grpc::StatusCode::UNAVAILABLE, "the stream was cut"};
}

void FakeServer::Greet(Stream* stream) {
  v1::ServerMessage message;
  v1::Welcome& welcome = *message.mutable_welcome();
  *welcome.mutable_settings()->mutable_heartbeat_period() = ToProto(absl::Milliseconds(50));
  if (stop_grace_) *welcome.mutable_settings()->mutable_stop_grace() = ToProto(*stop_grace_);
  for (const v1::HeldAttempt& held : hello_.held()) {
    FakeAttempt& attempt = attempts_[KeyOf(held.attempt())];
    if (held.phase() == v1::HeldAttempt::EXITED) attempt.exited = held.exited();
    v1::Verdict& verdict = *welcome.add_verdicts();
    *verdict.mutable_attempt() = held.attempt();
    verdict.set_action(verdict_.value_or(v1::Verdict::CONTINUE));
    if (verdict.action() == v1::Verdict::STOP) verdict.set_stop_reason(v1::USER);
    v1::SourceOffset& log = *verdict.add_sources();
    log.set_source(v1::SOURCE_KIND_LOG);
    log.set_offset(attempt.log.size());
    v1::SourceOffset& metrics = *verdict.add_sources();
    metrics.set_source(v1::SOURCE_KIND_METRICS_FILE);
    metrics.set_generation(attempt.metrics_generation);
    metrics.set_offset(attempt.metrics_file.size());
  }
  stream->Write(message);
}

void FakeServer::Handle(const v1::WorkerMessage& message) {
  if (message.has_accepted()) attempts_[KeyOf(message.accepted().attempt())].accepted = true;
  if (message.has_started()) {
    attempts_[KeyOf(message.started().attempt())].started = message.started();
  }
  if (message.has_state_update()) {
    attempts_[KeyOf(message.state_update().attempt())].states.push_back(
        message.state_update().message());
  }
  if ((message.has_exited() || message.has_finished()) && refuse_ends_ > 0) {
    --refuse_ends_;
    return Refuse(message.has_exited() ? message.exited().attempt() : message.finished().attempt(),
                  absl::StatusCode::kResourceExhausted);
  }
  if (message.has_exited()) {
    const std::string key = KeyOf(message.exited().attempt());
    attempts_[key].exited = message.exited();
    if (attempts_[key].finished.has_value()) Confirm(key);
  }
  if (message.has_heartbeat()) {
    ++heartbeats_;
    for (const v1::AttemptId& id : message.heartbeat().attempts()) {
      absl::Duration& longest = attempts_[KeyOf(id)].silent_for;
      longest = std::max(longest, FromProto(message.heartbeat().silent_for()));
    }
  }
  if (message.has_report()) OnReport(message.report());
  if (message.has_finished()) {
    const std::string key = KeyOf(message.finished().attempt());
    attempts_[key].finished = message.finished();
    if (attempts_[key].exited.has_value()) Confirm(key);
  }
}

void FakeServer::Refuse(const v1::AttemptId& attempt, absl::StatusCode code) {
  v1::ServerMessage answer;
  *answer.mutable_refused()->mutable_attempt() = attempt;
  answer.mutable_refused()->set_code(static_cast<int>(code));
  answer.mutable_refused()->set_message("as the test says");
  *answer.mutable_refused()->mutable_retry_after() = ToProto(absl::Milliseconds(20));
  Send(answer);
}

std::string& FakeServer::BytesOf(FakeAttempt& attempt, v1::SourceKind source) {
  return source == v1::SOURCE_KIND_LOG ? attempt.log : attempt.metrics_file;
}

void FakeServer::OnReport(const v1::Report& report) {
  FakeAttempt& attempt = attempts_[KeyOf(report.attempt())];
  v1::ServerMessage answer;
  if (refuse_ > 0) {
    --refuse_;
    return Refuse(report.attempt(), refuse_code_);
  }
  std::string& bytes = BytesOf(attempt, report.source());
  const bool log = report.source() == v1::SOURCE_KIND_LOG;
  if (!log && report.generation() == attempt.metrics_generation + 1 && report.from() == 0) {
    attempt.metrics_generation = report.generation();
    bytes.clear();
  }
  const bool fits =
      report.from() == bytes.size() && (log || report.generation() == attempt.metrics_generation);
  ++(fits ? attempt.reports_taken : attempt.reports_not_taken);
  if (fits) {
    bytes += Unpack(report);
    attempt.lines += log ? report.lines() : 0;
    for (const v1::SeriesPoints& series : report.series()) {
      (log ? attempt.log_points : attempt.metrics_points) += series.points().values_size();
      for (const double value : series.points().values()) attempt.values.push_back(value);
      for (const int64_t time : series.points().times_ms()) attempt.times_ms.push_back(time);
    }
  }
  v1::ReportAck& ack = *answer.mutable_report_ack();
  *ack.mutable_attempt() = report.attempt();
  ack.mutable_held()->set_source(report.source());
  ack.mutable_held()->set_generation(log ? 0 : attempt.metrics_generation);
  ack.mutable_held()->set_offset(bytes.size());
  ack.mutable_held()->set_inside_over_long_line(fits && report.inside_over_long_line());
  Send(answer);
}

void FakeServer::Confirm(const std::string& key) {
  FakeAttempt& attempt = attempts_[key];
  for (const v1::SourceOffset& end : attempt.finished->ends()) {
    if (BytesOf(attempt, end.source()).size() != end.offset()) return;
  }
  attempt.confirmed = true;
  v1::ServerMessage message;
  *message.mutable_confirmed()->mutable_attempt() = attempt.finished->attempt();
  Send(message);
}

void FakeServer::Send(const v1::ServerMessage& message) {
  if (stream_ != nullptr) stream_->Write(message);
}

std::string FakeServer::Assign(const v1::TrialSpec& spec, const std::string& uid, int number) {
  v1::ServerMessage message;
  v1::Assignment& assignment = *message.mutable_assignment();
  assignment.mutable_attempt()->set_trial_uid(uid);
  assignment.mutable_attempt()->set_number(number);
  assignment.set_trial_name("exp/" + uid);
  *assignment.mutable_spec() = spec;
  assignment.add_slots(0);
  if (number > 1) assignment.set_checkpoint_from_attempt(number - 1);
  if (spec.has_timeout()) *assignment.mutable_time_left() = spec.timeout();
  MutexLock lock(mutex_);
  const std::string key = KeyOf(assignment.attempt());
  attempts_[key].assignment = assignment;
  if (stream_ != nullptr) {
    stream_->Write(message);
  } else {
    waiting_.push_back(message);
  }
  return key;
}

void FakeServer::StopAttempt(const std::string& key, absl::Duration grace) {
  MutexLock lock(mutex_);
  v1::ServerMessage message;
  *message.mutable_stop()->mutable_attempt() = attempts_[key].assignment.attempt();
  message.mutable_stop()->set_reason(v1::USER);
  *message.mutable_stop()->mutable_grace() = ToProto(grace);
  Send(message);
}

void FakeServer::SayDrained() {
  MutexLock lock(mutex_);
  v1::ServerMessage message;
  message.mutable_drained()->set_message("nothing fits");
  Send(message);
}

std::string FakeServer::AddBlob(const std::string& bytes) {
  const std::string sha256 = client::Sha256Hex(bytes);
  With([&] { blobs_[sha256] = bytes; });
  return sha256;
}

std::string FakeServer::AddFolder(const std::map<std::string, std::string>& files) {
  v1::FileManifest manifest;
  for (const auto& [path, content] : files) {
    v1::ManifestFile& file = *manifest.add_files();
    file.set_path(path);
    file.set_size(content.size());
    file.set_sha256(AddBlob(content));
    file.set_executable(path.ends_with(".sh"));
  }
  return AddBlob(client::SerializeManifest(manifest));
}

void FakeServer::ForgetLogBeyond(const std::string& key, size_t offset) {
  MutexLock lock(mutex_);
  attempts_[key].log.resize(offset);
}

FakeAttempt FakeServer::Get(const std::string& key) {
  MutexLock lock(mutex_);
  return attempts_[key];
}

}  // namespace xp::daemon
