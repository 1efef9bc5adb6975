#include "worker/daemon/work_dir.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <filesystem>
#include <system_error>

#include "proto/resource_name.h"
#include "proto/status.h"
#include "worker/daemon/file_copy.h"
#include "worker/runner/file_io.h"

namespace xp::daemon {
namespace {

constexpr size_t kHostPartMax = 64;

}  // namespace

absl::StatusOr<WorkDir> WorkDir::Open(const std::string& path, const std::string& name,
                                      const std::string& fresh_name) {
  std::error_code error;
  const std::string absolute = std::filesystem::absolute(path, error).lexically_normal().string();
  if (path.empty() || error) {
    return absl::InvalidArgumentError(absl::StrCat("--work-dir: \"", path, "\" is no folder"));
  }
  XP_RETURN_IF_ERROR(Annotate(MakeFolder(absolute), "--work-dir"));
  WorkPaths paths(absolute);
  auto lock = runner::FolderLock::Acquire(paths.Lock());
  if (absl::IsFailedPrecondition(lock.status())) {
    return absl::FailedPreconditionError(
        absl::StrCat("--work-dir: ", absolute, " is in use by another xpworker on this machine"));
  }
  if (!lock.ok()) return lock.status();
  WorkDir dir(std::move(paths), *std::move(lock));
  auto kept = runner::ReadSmallFile(dir.paths_.Name());
  if (!kept.ok() && !absl::IsNotFound(kept.status())) return kept.status();
  const std::string old_name =
      kept.ok() ? std::string(absl::StripAsciiWhitespace(*kept)) : std::string();
  dir.name_ = !name.empty() ? name : !old_name.empty() ? old_name : fresh_name;
  XP_RETURN_IF_ERROR(CheckName("--name", dir.name_));
  if (dir.name_ != old_name) {
    XP_RETURN_IF_ERROR(runner::WriteFileDurably(dir.paths_.Name(), dir.name_ + "\n"));
  }
  return dir;
}

std::string FreshWorkerName(const std::string& host, uint32_t random) {
  std::string name;
  for (const char c : host.substr(0, host.find('.'))) {
    const bool fits = absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
    if (fits && name.size() < kHostPartMax) name.push_back(c);
  }
  if (name.empty() || !absl::ascii_isalnum(static_cast<unsigned char>(name[0]))) name = "worker";
  return absl::StrCat(name, absl::StrFormat("-%04x", random & 0xffff));
}

}  // namespace xp::daemon
