#include "server/store/blob_upload.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "proto/status.h"

namespace xp::store {
namespace {

constexpr size_t kHashPieceBytes = 256 * 1024;

class FileUpload final : public BlobUpload {
 public:
  FileUpload(const v1::UploadBlobsRequest::Header& header, UploadTarget target, UploadParts parts,
             int fd)
      : sha256_(header.sha256()),
        size_(header.size()),
        target_(target),
        parts_(std::move(parts)),
        fd_(fd) {}

  ~FileUpload() override {
    if (fd_ >= 0) close(fd_);
  }

  // What an earlier upload left counts for the hash too.
  absl::Status HashHeld(uint64_t held) {
    std::string piece(kHashPieceBytes, '\0');
    while (written_ < held) {
      const ssize_t count = pread(fd_, piece.data(), piece.size(), static_cast<off_t>(written_));
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return FileError(errno, "reading the partial upload of", sha256_);
      hash_.Add({piece.data(), static_cast<size_t>(count)});
      written_ += count;
    }
    return absl::OkStatus();
  }

  absl::Status Append(std::string_view bytes) override {
    if (!broken_.ok()) return broken_;
    if (bytes.size() > size_ - written_) {
      return broken_ = absl::OutOfRangeError(absl::StrCat(
                 "data: blob ", sha256_, " was announced with ", size_, " bytes; more have come"));
    }
    if (target_ == UploadTarget::kPartialFile) {
      if (broken_ = CheckReserve(); !broken_.ok()) return broken_;
      if (broken_ = Write(bytes); !broken_.ok()) return broken_;
    }
    hash_.Add(bytes);
    written_ += bytes.size();
    return absl::OkStatus();
  }

  absl::Status Finish() override {
    if (!broken_.ok()) return broken_;
    if (written_ < size_) {
      return absl::FailedPreconditionError(absl::StrCat(
          "blob ", sha256_, ": ", written_, " of ", size_, " bytes have come; go on from there"));
    }
    const std::string found = hash_.Finish();
    broken_ = absl::FailedPreconditionError("the upload is finished");
    if (found != sha256_) {
      if (target_ == UploadTarget::kPartialFile)
        parts_.folder->RemovePartial(sha256_).IgnoreError();
      return absl::DataLossError(absl::StrCat("the bytes sent as blob ", sha256_,
                                              " have the SHA-256 ", found, "; send them again"));
    }
    if (target_ == UploadTarget::kPartialFile) {
      if (fsync(fd_) != 0) return FileError(errno, "syncing the upload of", sha256_);
      XP_RETURN_IF_ERROR(parts_.folder->Publish(sha256_));
    }
    return parts_.publish(sha256_, size_);
  }

 private:
  absl::Status CheckReserve() {
    XP_ASSIGN_OR_RETURN(const uint64_t free, parts_.disk->FreeBytes());
    if (free >= parts_.reserve_bytes) return absl::OkStatus();
    return absl::ResourceExhaustedError(
        absl::StrCat("the server's disk has ", free >> 20, " MiB left, its reserve is ",
                     parts_.reserve_bytes >> 20, " MiB: make room there, then go on"));
  }

  absl::Status Write(std::string_view bytes) {
    uint64_t at = written_;
    while (!bytes.empty()) {
      const ssize_t count = pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(at));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return FileError(errno, "writing the upload of", sha256_);
      bytes.remove_prefix(count);
      at += count;
    }
    return absl::OkStatus();
  }

  const std::string sha256_;
  const uint64_t size_;
  const UploadTarget target_;
  UploadParts parts_;
  const int fd_;
  BlobHash hash_;
  uint64_t written_ = 0;
  absl::Status broken_;
};

class FileReader final : public BlobReader {
 public:
  FileReader(int fd, uint64_t size) : fd_(fd), size_(size) {}
  ~FileReader() override { close(fd_); }
  uint64_t size() const override { return size_; }

  absl::StatusOr<std::string> Read(uint64_t offset, size_t max_bytes) override {
    if (offset > size_) {
      return absl::OutOfRangeError(
          absl::StrCat("offset: ", offset, " lies beyond the blob's ", size_, " bytes"));
    }
    std::string bytes(std::min<uint64_t>(max_bytes, size_ - offset), '\0');
    size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t count =
          pread(fd_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return FileError(errno, "reading", "a blob");
      if (count == 0) return absl::DataLossError("a blob is shorter than it was");
      done += count;
    }
    return bytes;
  }

 private:
  const int fd_;
  const uint64_t size_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<BlobUpload>> OpenUpload(const v1::UploadBlobsRequest::Header& header,
                                                       UploadTarget target, UploadParts parts) {
  const bool to_file = target == UploadTarget::kPartialFile;
  const uint64_t held = to_file ? parts.folder->PartialSize(header.sha256()) : 0;
  if (header.offset() != held) {
    return absl::FailedPreconditionError(
        absl::StrCat("header.offset: ", header.offset(), "; the server holds ", held,
                     " bytes of blob ", header.sha256(), ": go on from there"));
  }
  if (held > header.size()) {
    // A larger blob was announced under this name before: neither can be trusted.
    XP_RETURN_IF_ERROR(parts.folder->RemovePartial(header.sha256()));
    return absl::FailedPreconditionError(
        absl::StrCat("header.size: less than the ", held, " bytes held; begin again from 0"));
  }
  int fd = -1;
  if (to_file) {
    const std::string path = parts.folder->PartialPath(header.sha256());
    fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return FileError(errno, "opening", path);
  }
  auto upload = std::make_unique<FileUpload>(header, target, std::move(parts), fd);
  XP_RETURN_IF_ERROR(upload->HashHeld(held));
  XP_RETURN_IF_ERROR(upload->Append(""));  // below the reserve nothing begins
  return std::unique_ptr<BlobUpload>(std::move(upload));
}

absl::StatusOr<std::unique_ptr<BlobReader>> OpenBlobFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return FileError(errno, "opening", path);
  struct stat facts = {};
  if (fstat(fd, &facts) != 0) {
    const int error = errno;
    close(fd);
    return FileError(error, "asking for the size of", path);
  }
  return std::unique_ptr<BlobReader>(
      std::make_unique<FileReader>(fd, static_cast<uint64_t>(facts.st_size)));
}

}  // namespace xp::store
