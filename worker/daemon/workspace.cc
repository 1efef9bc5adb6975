#include "worker/daemon/workspace.h"

#include <absl/strings/str_cat.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "proto/resource_name.h"
#include "proto/status.h"
#include "worker/daemon/file_copy.h"
#include "worker/runner/file_io.h"

namespace xp::daemon {
namespace {

namespace fs = std::filesystem;

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

bool IsEmptyFolder(const std::string& path) {
  std::error_code error;
  return fs::is_empty(path, error) || error;
}

absl::Status LinkWorkerPath(const v1::InputChannel& input, const std::string& target) {
  const std::string& source = input.worker_path();
  if (source.empty() || source[0] != '/') {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", source, "\" is no absolute path on the worker"));
  }
  if (!Exists(source)) {
    return absl::NotFoundError(absl::StrCat("file://", source, " is not there on this worker"));
  }
  if (symlink(source.c_str(), target.c_str()) != 0) return runner::ErrnoStatus(errno, target);
  return absl::OkStatus();
}

absl::Status AddInput(const v1::InputChannel& input, const std::string& folder, InputCache& cache,
                      const PrepareOptions& options) {
  XP_RETURN_IF_ERROR(CheckName("name", input.name()));
  const std::string target = folder + "/" + input.name();
  if (Exists(target)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the source folder has an inputs/", input.name(), " of its own; rename one of them"));
  }
  if (input.source_case() == v1::InputChannel::kWorkerPath) return LinkWorkerPath(input, target);
  const std::string& manifest = input.resolved_manifest_sha256().empty()
                                    ? input.manifest_sha256()
                                    : input.resolved_manifest_sha256();
  const FetchOptions fetch{.cancelled = options.cancelled, .progress = [&](int done, int total) {
                             options.say(absl::StrCat("fetching input ", input.name(), ": file ",
                                                      done + 1, " of ", total));
                           }};
  return cache.Link(manifest, target, fetch);
}

// The checkpoint folder: whatever an earlier preparation of this attempt made is kept, for it is
// renamed into place whole.
absl::Status PrepareCheckpoints(const WorkPaths& work, const v1::Assignment& assignment,
                                Workspace* workspace) {
  const std::string& shared = assignment.spec().checkpoint_dir();
  const std::string dir = work.CheckpointDir(assignment.attempt(), shared);
  workspace->checkpoint_dir = dir;
  if (!Exists(dir) && assignment.checkpoint_from_attempt() > 0) {
    // An attempt that was assigned and never began has no folder: then the one before it counts.
    v1::AttemptId before = assignment.attempt();
    before.set_number(assignment.checkpoint_from_attempt());
    while (before.number() > 1 && !Exists(work.CheckpointDir(before, shared))) {
      before.set_number(before.number() - 1);
    }
    const std::string from = work.CheckpointDir(before, shared);
    if (Exists(from)) {
      XP_RETURN_IF_ERROR(CopyFolder(from, dir, CopyHow::kShare));
    } else {
      workspace->checkpoint_note =
          absl::StrCat("empty: attempt ", assignment.checkpoint_from_attempt(),
                       "'s is not on this worker any more");
    }
  }
  XP_RETURN_IF_ERROR(MakeFolder(dir));
  workspace->has_checkpoint = !IsEmptyFolder(dir);
  return absl::OkStatus();
}

}  // namespace

PrepareFault FaultOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAlreadyExists:
      return PrepareFault::kInput;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return PrepareFault::kTryAgain;
    case absl::StatusCode::kCancelled:
      return PrepareFault::kCancelled;
    default:
      return PrepareFault::kWorker;
  }
}

absl::StatusOr<Workspace> PrepareWorkspace(const WorkPaths& work, const AttemptPaths& paths,
                                           const v1::Assignment& assignment, InputCache& cache,
                                           const PrepareOptions& options) {
  const v1::TrialSpec& spec = assignment.spec();
  for (const std::string& folder : {paths.Work(), paths.Output(), paths.Model()}) {
    XP_RETURN_IF_ERROR(RemoveAll(folder));
    XP_RETURN_IF_ERROR(MakeFolder(folder));
  }
  if (!spec.source_manifest_sha256().empty()) {
    options.say("fetching the source folder");
    XP_RETURN_IF_ERROR(
        Annotate(cache.Copy(spec.source_manifest_sha256(), paths.Work(), {options.cancelled, {}}),
                 "source_dir"));
  }
  if (spec.inputs_size() > 0) XP_RETURN_IF_ERROR(MakeFolder(paths.Inputs()));
  for (const v1::InputChannel& input : spec.inputs()) {
    XP_RETURN_IF_ERROR(Annotate(AddInput(input, paths.Inputs(), cache, options),
                                absl::StrCat("inputs.", input.name())));
  }
  Workspace workspace;
  XP_RETURN_IF_ERROR(Annotate(PrepareCheckpoints(work, assignment, &workspace), "checkpoint_dir"));
  return workspace;
}

}  // namespace xp::daemon
