#include "server/store/blob_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

#include "proto/status.h"

namespace xp::store {
namespace {

absl::Status SyncFolder(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return FileError(errno, "opening", path);
  const int result = fsync(fd);
  const int error = errno;
  close(fd);
  return result == 0 ? absl::OkStatus() : FileError(error, "syncing", path);
}

absl::Status RemoveFile(const std::string& path) {
  if (unlink(path.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
  return FileError(errno, "removing", path);
}

}  // namespace

absl::Status FileError(int error, std::string_view doing, std::string_view path) {
  const std::string message =
      absl::StrCat(ToAbsl(doing), " ", ToAbsl(path), ": ", std::strerror(error));
  if (error == ENOSPC || error == EDQUOT) return absl::ResourceExhaustedError(message);
  if (error == ENOENT) return absl::NotFoundError(message);
  return absl::UnavailableError(message);
}

absl::Status BlobFolder::Prepare() {
  std::error_code error;
  std::filesystem::create_directories(path_ + "/partial", error);
  if (error) return FileError(error.value(), "making", path_ + "/partial");
  return SyncFolder(path_);
}

std::string BlobFolder::FolderOf(std::string_view sha256) const {
  return absl::StrCat(path_, "/", ToAbsl(sha256.substr(0, 2)));
}

std::string BlobFolder::FilePath(std::string_view sha256) const {
  return absl::StrCat(FolderOf(sha256), "/", ToAbsl(sha256));
}

std::string BlobFolder::PartialPath(std::string_view sha256) const {
  return absl::StrCat(path_, "/partial/", ToAbsl(sha256));
}

uint64_t BlobFolder::PartialSize(std::string_view sha256) const {
  struct stat facts = {};
  return stat(PartialPath(sha256).c_str(), &facts) == 0 ? static_cast<uint64_t>(facts.st_size) : 0;
}

absl::Status BlobFolder::Publish(std::string_view sha256) {
  const std::string folder = FolderOf(sha256);
  if (mkdir(folder.c_str(), 0700) == 0) {
    XP_RETURN_IF_ERROR(SyncFolder(path_));
  } else if (errno != EEXIST) {
    return FileError(errno, "making", folder);
  }
  if (rename(PartialPath(sha256).c_str(), FilePath(sha256).c_str()) != 0) {
    return FileError(errno, "renaming", PartialPath(sha256));
  }
  return SyncFolder(folder);
}

absl::StatusOr<std::string> BlobFolder::ReadWhole(std::string_view sha256,
                                                  uint64_t max_bytes) const {
  const std::string path = FilePath(sha256);
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return FileError(errno, "opening", path);
  struct stat facts = {};
  std::string bytes;
  absl::Status status;
  if (fstat(fd, &facts) != 0) {
    status = FileError(errno, "asking for the size of", path);
  } else if (static_cast<uint64_t>(facts.st_size) > max_bytes) {
    status = absl::InvalidArgumentError(
        absl::StrCat("the blob has ", facts.st_size, " bytes; at most ", max_bytes, " here"));
  } else {
    bytes.resize(facts.st_size);
    size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t count = pread(fd, bytes.data() + done, bytes.size() - done, done);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) {
        status = count < 0 ? FileError(errno, "reading", path)
                           : absl::DataLossError(absl::StrCat(path, " is shorter than it was"));
        break;
      }
      done += count;
    }
  }
  close(fd);
  if (!status.ok()) return status;
  return bytes;
}

absl::Status BlobFolder::Remove(std::string_view sha256) { return RemoveFile(FilePath(sha256)); }

absl::Status BlobFolder::RemovePartial(std::string_view sha256) {
  return RemoveFile(PartialPath(sha256));
}

absl::Status BlobFolder::RemoveStalePartials(absl::Time before, BlobClaims& claims) {
  std::error_code error;
  std::vector<std::string> stale;
  for (const auto& entry : std::filesystem::directory_iterator(path_ + "/partial", error)) {
    struct stat facts = {};
    if (stat(entry.path().c_str(), &facts) != 0) continue;
    if (absl::TimeFromTimespec(facts.st_mtim) < before) {
      stale.push_back(entry.path().filename().string());
    }
  }
  if (error) return FileError(error.value(), "listing", path_ + "/partial");
  for (const std::string& sha256 : stale) {
    const auto claim = claims.Take(sha256);
    if (claim != nullptr) XP_RETURN_IF_ERROR(RemovePartial(sha256));
  }
  return absl::OkStatus();
}

}  // namespace xp::store
