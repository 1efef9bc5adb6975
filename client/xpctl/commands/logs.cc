// xpctl logs E/T [-f]: the log of an attempt, byte for byte.
#include <memory>
#include <optional>
#include <ostream>

#include "client/cpp/client.h"
#include "client/xpctl/commands/commands.h"
#include "client/xpctl/exit_code.h"
#include "proto/status.h"

namespace xp::xpctl {
namespace {

struct LogsOptions {
  std::string name;
  int attempt = 0;
  int tail = 0;
  bool follow = false;
  bool metrics_file = false;
};

v1::LogSource SourceOf(const LogsOptions& options) {
  return options.metrics_file ? v1::LOG_SOURCE_METRICS_FILE : v1::LOG_SOURCE_LOG;
}

// Says what is missing before `response`, when bytes were not kept.
void SayGap(Session& session, uint64_t expected, const v1::ReadLogResponse& response) {
  if (response.offset() > expected) {
    session.Say("[" + std::to_string(response.offset() - expected) +
                " bytes were not kept: beyond the log limit]");
  }
}

// Leaves `*request` where the next byte will be.
absl::Status ReadToEnd(Session& session, client::Client& client, v1::ReadLogRequest* request) {
  while (true) {
    XP_ASSIGN_OR_RETURN(const v1::ReadLogResponse response,
                        client.Call(&v1::Logs::Stub::ReadLog, *request));
    if (request->tail_lines() == 0) SayGap(session, request->offset(), response);
    *session.world().out << response.data() << std::flush;
    const bool stands = response.next_offset() <= request->offset() && response.data().empty();
    request->set_tail_lines(0);
    request->set_attempt(response.attempt());
    request->set_offset(response.next_offset());
    if (response.next_offset() >= response.end_offset()) return absl::OkStatus();
    if (stands) return absl::InternalError("the server answered no bytes of a log that has more");
  }
}

absl::Status Read(Session& session, client::Client& client, const LogsOptions& options) {
  v1::ReadLogRequest request;
  request.set_name(options.name);
  request.set_attempt(options.attempt);
  request.set_source(SourceOf(options));
  request.set_tail_lines(options.tail);
  return ReadToEnd(session, client, &request);
}

// While nobody listened the trial may have come to a later attempt: what the earlier ones wrote
// since is printed first, so that the stream can go on with the latest.
absl::Status CatchUp(Session& session, client::Client& client, v1::FollowLogRequest* request,
                     int* attempt) {
  v1::GetTrialRequest get;
  get.set_name(request->name());
  XP_ASSIGN_OR_RETURN(const v1::Trial trial, client.Call(&v1::Trials::Stub::GetTrial, get));
  v1::ReadLogRequest read;
  read.set_name(request->name());
  read.set_source(request->source());
  while (*attempt < trial.attempt()) {
    read.set_attempt(*attempt);
    read.set_offset(request->offset());
    const absl::Status status = ReadToEnd(session, client, &read);
    request->set_offset(read.offset());
    XP_RETURN_IF_ERROR(status);
    session.Say("[attempt " + std::to_string(++*attempt) + " begins]");
    request->set_offset(0);
  }
  return absl::OkStatus();
}

// Goes on where it was cut, also in the next attempt.
absl::Status Follow(Session& session, client::Client& client, const LogsOptions& options) {
  client::RetryPolicy policy;
  policy.give_up_after = absl::Hours(1);
  const client::Retrier patient(policy, client.retrier().environment());
  v1::FollowLogRequest request;
  request.set_name(options.name);
  request.set_attempt(options.attempt);
  request.set_source(SourceOf(options));
  request.set_tail_lines(options.tail);
  std::optional<int> attempt;
  bool away = false;
  return patient.Run([&](bool* progressed) {
    if (attempt && options.attempt == 0) {
      XP_RETURN_IF_ERROR(CatchUp(session, client, &request, &*attempt));
    }
    grpc::ClientContext context;
    const auto reader = client.stub<v1::Logs>().FollowLog(&context, request);
    v1::ReadLogResponse response;
    while (reader->Read(&response)) {
      if (attempt && *attempt != response.attempt()) {
        session.Say("[attempt " + std::to_string(response.attempt()) + " begins]");
        request.set_offset(0);
      }
      if (request.tail_lines() == 0) SayGap(session, request.offset(), response);
      attempt = response.attempt();
      *session.world().out << response.data() << std::flush;
      request.set_tail_lines(0);
      request.set_offset(response.next_offset());
      *progressed = true;
      away = false;
    }
    const absl::Status status = FromGrpcStatus(reader->Finish());
    if (absl::IsUnavailable(status) && !away) {
      away = true;
      session.Say("[the server is away; waiting for it]");
    }
    return status;
  });
}

absl::StatusOr<int> Logs(Session& session, const LogsOptions& options) {
  XP_ASSIGN_OR_RETURN(client::Client* const client, session.Connect());
  XP_RETURN_IF_ERROR(options.follow ? Follow(session, *client, options)
                                    : Read(session, *client, options));
  return kExitOk;
}

}  // namespace

void AddLogs(CLI::App& app, Action* action) {
  auto options = std::make_shared<LogsOptions>();
  CLI::App* const command = app.add_subcommand("logs", "Print a trial's log as it was written");
  command->add_option("E/T", options->name, "Trial")->required();
  command->add_flag("-f,--follow", options->follow, "Go on as it grows, through all attempts");
  command->add_option("--tail", options->tail, "Only the last so many lines")
      ->check(CLI::Range(1, 100000));
  command->add_option("--attempt", options->attempt, "Of this attempt (the latest)")
      ->check(CLI::PositiveNumber);
  command->add_flag("--metrics-file", options->metrics_file,
                    "What the program appended to $XP_METRICS_FILE instead");
  command->callback([options, action] {
    *action = [options](Session& session) { return Logs(session, *options); };
  });
}

}  // namespace xp::xpctl
