#include "worker/daemon/file_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "proto/status.h"
#include "worker/runner/file_io.h"

namespace xp::daemon {
namespace {

namespace fs = std::filesystem;
using runner::ErrnoStatus;
using runner::UniqueFd;

constexpr size_t kBlock = 1 << 20;

absl::Status CopyBytes(int from, int to, const std::string& path) {
  std::string buffer(kBlock, '\0');
  while (true) {
    const ssize_t n = read(from, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, path);
    if (n == 0) return absl::OkStatus();
    absl::Status status =
        runner::WriteAll(to, std::string_view(buffer).substr(0, static_cast<size_t>(n)));
    if (!status.ok()) return Annotate(status, path);
  }
}

absl::Status CopyTree(const std::string& from, const std::string& to, CopyHow how) {
  XP_RETURN_IF_ERROR(MakeFolder(to));
  std::error_code error;
  for (fs::directory_iterator it(from, error), end; !error && it != end; it.increment(error)) {
    const std::string source = it->path().string();
    const std::string target = to + "/" + it->path().filename().string();
    const fs::file_status status = it->symlink_status(error);
    if (error) break;
    if (fs::is_directory(status)) {
      XP_RETURN_IF_ERROR(CopyTree(source, target, how));
    } else if (fs::is_symlink(status)) {
      fs::copy_symlink(source, target, error);
      if (error) break;
    } else if (fs::is_regular_file(status)) {
      XP_RETURN_IF_ERROR(CopyFile(source, target, how));
    }
  }
  return error ? ErrnoStatus(error.value(), from) : absl::OkStatus();
}

}  // namespace

absl::Status CopyFile(const std::string& from, const std::string& to, CopyHow how) {
  UniqueFd source(open(from.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info;
  if (!source.valid() || fstat(source.get(), &info) != 0) return ErrnoStatus(errno, from);
  // What we copy is to be written to, also where the source is not.
  const mode_t mode = (info.st_mode & 0777) | 0600;
  UniqueFd target(open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!target.valid()) return ErrnoStatus(errno, to);
  if (ioctl(target.get(), FICLONE, source.get()) == 0) return absl::OkStatus();
  if (how == CopyHow::kShare) {
    unlink(to.c_str());
    if (link(from.c_str(), to.c_str()) == 0) return absl::OkStatus();
    target.Reset(open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (!target.valid()) return ErrnoStatus(errno, to);
  }
  return CopyBytes(source.get(), target.get(), to);
}

absl::Status CopyFolder(const std::string& from, const std::string& to, CopyHow how) {
  const std::string aside = to + ".part";
  XP_RETURN_IF_ERROR(RemoveAll(aside));
  XP_RETURN_IF_ERROR(MakeFolder(fs::path(to).parent_path().string()));
  XP_RETURN_IF_ERROR(CopyTree(from, aside, how));
  if (rename(aside.c_str(), to.c_str()) != 0) return ErrnoStatus(errno, to);
  return absl::OkStatus();
}

absl::Status MakeFolder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  return error ? ErrnoStatus(error.value(), path) : absl::OkStatus();
}

absl::Status RemoveAll(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  return error ? ErrnoStatus(error.value(), path) : absl::OkStatus();
}

}  // namespace xp::daemon
