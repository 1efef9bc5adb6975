#include "worker/daemon/attempt_record.h"

#include <absl/strings/str_cat.h>
#include <errno.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "proto/status.h"
#include "worker/daemon/file_copy.h"
#include "worker/daemon/message_file.h"

namespace xp::daemon {
namespace {

namespace fs = std::filesystem;

// Empty: there is no assignment in the folder.
absl::StatusOr<std::optional<AttemptRecord>> Load(const std::string& root) {
  AttemptRecord record{.paths = AttemptPaths(root)};
  XP_ASSIGN_OR_RETURN(auto assignment, ReadMessage<v1::Assignment>(record.paths.Assignment()));
  if (!assignment.has_value()) return std::nullopt;
  record.assignment = *std::move(assignment);
  XP_ASSIGN_OR_RETURN(record.started, ReadMessage<v1::Started>(record.paths.Started()));
  XP_ASSIGN_OR_RETURN(record.exited, ReadMessage<v1::Exited>(record.paths.Exited()));
  XP_ASSIGN_OR_RETURN(record.finished, ReadMessage<v1::Finished>(record.paths.Finished()));
  XP_ASSIGN_OR_RETURN(auto confirmed, ReadMessage<v1::Confirmed>(record.paths.Confirmed()));
  record.confirmed = confirmed.has_value();
  return record;
}

}  // namespace

absl::StatusOr<AttemptRecord> CreateAttempt(const WorkPaths& work,
                                            const v1::Assignment& assignment) {
  XP_ASSIGN_OR_RETURN(AttemptPaths paths, work.Attempt(assignment.attempt()));
  XP_RETURN_IF_ERROR(RemoveAll(paths.root()));
  XP_RETURN_IF_ERROR(MakeFolder(paths.root()));
  XP_RETURN_IF_ERROR(WriteMessage(paths.Assignment(), assignment));
  return AttemptRecord{.paths = std::move(paths), .assignment = assignment};
}

absl::StatusOr<AttemptRecord> AdoptAttempt(const WorkPaths& work, const v1::Assignment& assignment,
                                           const std::string& folder) {
  XP_ASSIGN_OR_RETURN(AttemptPaths paths, work.Attempt(assignment.attempt()));
  const AttemptPaths adopted(folder);
  XP_ASSIGN_OR_RETURN(const auto before, ReadMessage<v1::Assignment>(adopted.Assignment()));
  if (before.has_value() && (before->attempt().trial_uid() != assignment.attempt().trial_uid() ||
                             before->attempt().number() != assignment.attempt().number())) {
    return absl::FailedPreconditionError(
        absl::StrCat(folder, " holds attempt ", before->attempt().number(), " of ",
                     before->trial_name(), ": what xpctl run tracks is not run again"));
  }
  XP_RETURN_IF_ERROR(WriteMessage(adopted.Assignment(), assignment));
  if (symlink(folder.c_str(), paths.root().c_str()) != 0 && errno != EEXIST) {
    return runner::ErrnoStatus(errno, paths.root());
  }
  return AttemptRecord{.paths = std::move(paths), .assignment = assignment};
}

absl::StatusOr<std::vector<AttemptRecord>> LoadAttempts(const WorkPaths& work) {
  XP_RETURN_IF_ERROR(MakeFolder(work.Attempts()));
  std::vector<AttemptRecord> records;
  std::error_code error;
  for (fs::directory_iterator it(work.Attempts(), error), end; !error && it != end;
       it.increment(error)) {
    const std::string root = it->path().string();
    auto record = Load(root);
    if (!record.ok()) {
      spdlog::error("{}: {}; it is left alone", root, FormatStatus(record.status()));
    } else if (record->has_value()) {
      records.push_back(**std::move(record));
    }
  }
  if (error) return runner::ErrnoStatus(error.value(), work.Attempts());
  return records;
}

absl::Status RemoveUnaccepted(const WorkPaths& work) {
  XP_RETURN_IF_ERROR(MakeFolder(work.Attempts()));
  std::vector<std::string> unaccepted;
  std::error_code error;
  for (fs::directory_iterator it(work.Attempts(), error), end; !error && it != end;
       it.increment(error)) {
    const std::string root = it->path().string();
    if (!fs::exists(AttemptPaths(root).Assignment(), error)) unaccepted.push_back(root);
  }
  if (error) return runner::ErrnoStatus(error.value(), work.Attempts());
  for (const std::string& root : unaccepted) {
    spdlog::info("{}: never accepted, removed", root);
    XP_RETURN_IF_ERROR(RemoveAll(root));
  }
  return absl::OkStatus();
}

}  // namespace xp::daemon
