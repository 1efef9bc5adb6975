#include "server/store/data_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "proto/status.h"

namespace xp::store {

namespace {

// The first file below `folder`, or "". What cannot be read counts as nothing: whoever opens it
// next says why.
std::string AnyFile(const std::string& folder) {
  std::error_code error;
  std::filesystem::recursive_directory_iterator at(folder, error);
  for (; !error && at != std::filesystem::recursive_directory_iterator(); at.increment(error)) {
    if (at->is_regular_file(error)) return at->path().string();
  }
  return "";
}

uint64_t SizeOf(const std::string& path) {
  std::error_code error;
  const uintmax_t size = std::filesystem::file_size(path, error);
  return error ? 0 : size;
}

}  // namespace

DataFolder::DataFolder(std::string path, int lock_fd) : path_(std::move(path)), lock_fd_(lock_fd) {}

DataFolder::~DataFolder() { close(lock_fd_); }

absl::StatusOr<std::unique_ptr<DataFolder>> DataFolder::Open(const std::string& path) {
  std::error_code error;
  const bool made = std::filesystem::create_directories(path, error);
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("cannot make the data folder ", path, ": ", error.message()));
  }
  // Logs and models are nobody else's business unless the administrator says so.
  if (made) std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
  const std::string lock_path = path + "/lock";
  const int fd = open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot open ", lock_path, ": ", std::strerror(errno)));
  }
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const int cause = errno;
    char holder[32] = {};
    const ssize_t size = read(fd, holder, sizeof holder - 1);
    close(fd);
    if (cause != EWOULDBLOCK) {
      return absl::UnavailableError(
          absl::StrCat("cannot lock ", lock_path, ": ", std::strerror(cause)));
    }
    return absl::FailedPreconditionError(absl::StrCat(
        "the data folder ", path, " is in use by another xpserver (process ",
        size > 0 ? holder : "unknown", "); stop that one, or give another --data-dir"));
  }
  const std::string pid = std::to_string(getpid());
  if (ftruncate(fd, 0) != 0 || pwrite(fd, pid.data(), pid.size(), 0) < 0) {
    const int cause = errno;
    close(fd);
    return absl::UnavailableError(
        absl::StrCat("cannot write ", lock_path, ": ", std::strerror(cause)));
  }
  return std::unique_ptr<DataFolder>(new DataFolder(path, fd));
}

bool DataFolder::HasNoDatabase() const { return SizeOf(database_path()) == 0; }

absl::Status DataFolder::CheckNothingIsLost() const {
  const std::string log = database_path() + "-wal";
  // Beside a database, a log may also be what a first start that was killed has left.
  const std::string found = HasNoDatabase() && SizeOf(log) > 0 ? log : AnyFile(blob_path());
  if (found.empty()) return absl::OkStatus();
  std::error_code error;
  const bool there = std::filesystem::exists(database_path(), error);
  return absl::FailedPreconditionError(absl::StrCat(
      "the database ", database_path(), there ? " holds nothing" : " is missing", ", but ", found,
      " shows that there was a store: its database was lost. Put xp.db back (with its xp.db-wal, "
      "if there is one), or unpack a backup into an empty folder and give that as --data-dir. To "
      "begin a new store here, move blobs/ and xp.db* out of ",
      path_, " first"));
}

}  // namespace xp::store
