// xpctl admin backup FILE, admin stats: running the server.
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <utility>

#include "client/cpp/client.h"
#include "client/cpp/file_descriptor.h"
#include "client/cpp/system_error.h"
#include "client/xpctl/commands/commands.h"
#include "client/xpctl/exit_code.h"
#include "client/xpctl/format.h"
#include "client/xpctl/progress.h"

namespace xp::xpctl {
namespace {

absl::StatusOr<int> ShowStats(Session& session) {
  XP_ASSIGN_OR_RETURN(client::Client* const client, session.Connect());
  XP_ASSIGN_OR_RETURN(const v1::Stats stats,
                      client->Call(&v1::Admin::Stub::GetStats, v1::GetStatsRequest()));
  Report report;
  report.table.columns = {{"what"}, {"value", Align::kRight}};
  const auto add = [&](const char* key, Cell shown, nlohmann::ordered_json value) {
    report.table.rows.push_back({key, std::move(shown)});
    report.json[key] = std::move(value);
  };
  const auto count = [&](const char* key, auto value) { add(key, absl::StrCat(value), value); };
  const auto size = [&](const char* key, uint64_t bytes) { add(key, SizeCell(bytes), bytes); };
  add("version", stats.version(), stats.version());
  add("store_id", stats.store_id(), stats.store_id());
  add("start_time", TimeCell(stats.start_time(), session.world().zone),
      JsonTime(stats.start_time()));
  count("schema_version", stats.schema_version());
  size("database_bytes", stats.database_bytes());
  size("write_ahead_log_bytes", stats.write_ahead_log_bytes());
  size("blob_bytes", stats.blob_bytes());
  count("blob_count", stats.blob_count());
  size("disk_free_bytes", stats.disk_free_bytes());
  size("disk_reserve_bytes", stats.disk_reserve_bytes());
  count("experiments", stats.experiments());
  count("trials", stats.trials());
  count("attempts", stats.attempts());
  count("series", stats.series());
  count("points", stats.points());
  count("workers_connected", stats.workers_connected());
  count("trials_queued", stats.trials_queued());
  count("trials_running", stats.trials_running());
  count("commits", stats.commits());
  count("commit_items", stats.commit_items());
  const double seconds =
      static_cast<double>(stats.commit_time().seconds()) + 1e-9 * stats.commit_time().nanos();
  Cell shown(ShortNumber(seconds));
  shown.raw = ExactNumber(seconds);
  add("commit_seconds", std::move(shown), seconds);
  count("writer_queue_length", stats.writer_queue_length());
  session.Print(report);
  return kExitOk;
}

absl::Status Receive(client::Client& client, int fd, const std::string& path, Progress* progress,
                     uint64_t* done) {
  grpc::ClientContext context;
  const auto reader = client.stub<v1::Admin>().BackUp(&context, v1::BackUpRequest());
  v1::BackUpResponse message;
  uint64_t total = 0;
  while (reader->Read(&message)) {
    if (message.total_bytes() > 0) total = message.total_bytes();
    for (std::string_view rest = message.data(); !rest.empty();) {
      const ssize_t put = ::write(fd, rest.data(), rest.size());
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) {
        const int error = errno;
        context.TryCancel();
        reader->Finish();
        return client::SystemError(error, path);
      }
      rest.remove_prefix(static_cast<size_t>(put));
      *done += static_cast<uint64_t>(put);
    }
    progress->ShowBytes("backup", *done, std::max(*done, total));
  }
  return FromGrpcStatus(reader->Finish());
}

absl::StatusOr<int> BackUp(Session& session, const std::string& path) {
  if (::access(path.c_str(), F_OK) == 0) {
    return absl::AlreadyExistsError(path + ": is there already; name another file");
  }
  XP_ASSIGN_OR_RETURN(client::Client* const client, session.Connect());
  const std::string part = path + ".part";
  const client::FileDescriptor file(
      ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file.ok()) return client::SystemError(errno, part);
  Progress progress(session.world());
  uint64_t bytes = 0;
  // A backup that was cut is no backup: nothing of it stays.
  absl::Status status = Receive(*client, file.get(), part, &progress, &bytes);
  if (status.ok() && ::fsync(file.get()) != 0) status = client::SystemError(errno, part);
  if (status.ok() && ::rename(part.c_str(), path.c_str()) != 0) {
    status = client::SystemError(errno, path);
  }
  progress.Clear();
  if (!status.ok()) {
    ::unlink(part.c_str());
    return status;
  }
  Report report;
  report.table.columns = {{"backup"}, {"size", Align::kRight}};
  report.table.rows.push_back({path, SizeCell(bytes)});
  report.json = {{"file", path}, {"bytes", bytes}};
  session.Print(report);
  return kExitOk;
}

}  // namespace

void AddAdmin(CLI::App& app, Action* action) {
  CLI::App* const command = app.add_subcommand("admin", "Run the server: backup, stats");
  command->require_subcommand(1);
  auto file = std::make_shared<std::string>();
  CLI::App* const backup = command->add_subcommand(
      "backup", "A consistent copy of everything as one tar, while the server serves");
  backup->add_option("FILE", *file, "Tar file; must not be there yet")->required();
  backup->callback(
      [file, action] { *action = [file](Session& session) { return BackUp(session, *file); }; });
  CLI::App* const stats = command->add_subcommand("stats", "What the server holds and does");
  stats->callback([action] { *action = ShowStats; });
  CLI::App* const token = command->add_subcommand("token", "Tokens: not yet");
  auto ignored = std::make_shared<std::vector<std::string>>();
  token->add_option("WHAT", *ignored, "Whatever it will be");
  token->callback([ignored, action] {
    *action = [ignored](Session&) -> absl::StatusOr<int> {
      return absl::InvalidArgumentError(
          "admin token: not yet; this version serves without tokens, on loopback alone unless "
          "xpserver runs with --insecure-listen");
    };
  });
}

}  // namespace xp::xpctl
