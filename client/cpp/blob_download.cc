#include "client/cpp/blob_download.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <functional>
#include <string_view>

#include "client/cpp/file_descriptor.h"
#include "client/cpp/file_manifest.h"
#include "client/cpp/sha256.h"
#include "client/cpp/system_error.h"

namespace xp::client {
namespace {

// Streams the blob from `*offset` on into `take`, through cuts, moving `*offset`.
absl::Status Receive(Client& client, const std::string& sha256, uint64_t* offset,
                     const TransferOptions& options, uint64_t* total,
                     const std::function<absl::Status(std::string_view)>& take) {
  return client.retrier().Run([&](bool* progressed) -> absl::Status {
    grpc::ClientContext context;
    v1::DownloadBlobRequest request;
    request.set_sha256(sha256);
    request.set_offset(*offset);
    const auto reader = client.stub<v1::Blobs>().DownloadBlob(&context, request);
    v1::DownloadBlobResponse message;
    while (reader->Read(&message)) {
      if (message.total_size() != 0) *total = message.total_size();
      absl::Status status = take(message.data());
      if (status.ok() && options.cancelled && options.cancelled()) {
        status = absl::CancelledError("download ended");
      }
      if (!status.ok()) {
        context.TryCancel();
        reader->Finish();
        return status;
      }
      *offset += message.data().size();
      *progressed = *progressed || !message.data().empty();
      if (options.progress) options.progress({*offset, *total});
    }
    return FromGrpcStatus(reader->Finish());
  });
}

absl::Status WriteAll(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return SystemError(errno, path);
    bytes.remove_prefix(static_cast<size_t>(put));
  }
  return absl::OkStatus();
}

absl::Status WrongContent(const std::string& sha256) {
  return absl::DataLossError("the server sent other bytes than those of blob " + sha256);
}

// True when a file of this size and content is there.
bool HasContent(const std::string& path, const v1::ManifestFile& file) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
  if (static_cast<uint64_t>(info.st_size) != file.size()) return false;
  const absl::StatusOr<FileDigest> digest = HashFile(path);
  return digest.ok() && digest->sha256 == file.sha256();
}

}  // namespace

absl::StatusOr<std::string> DownloadBytes(Client& client, const std::string& sha256,
                                          uint64_t max_bytes) {
  std::string bytes;
  uint64_t offset = 0;
  uint64_t total = 0;
  XP_RETURN_IF_ERROR(
      Receive(client, sha256, &offset, {}, &total, [&](std::string_view data) -> absl::Status {
        if (bytes.size() + data.size() > max_bytes) {
          return absl::ResourceExhaustedError(
              absl::StrCat("blob ", sha256, " is larger than ", max_bytes, " bytes"));
        }
        bytes += data;
        return absl::OkStatus();
      }));
  if (Sha256Hex(bytes) != sha256) return WrongContent(sha256);
  return bytes;
}

absl::Status DownloadFile(Client& client, const std::string& sha256, const std::string& path,
                          const TransferOptions& options) {
  const std::string part = path + ".part";
  const FileDescriptor file(
      ::open(part.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file.ok()) return SystemError(errno, part);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return SystemError(errno, part);
  auto offset = static_cast<uint64_t>(info.st_size);
  uint64_t total = 0;
  const auto take = [&](std::string_view data) { return WriteAll(file.get(), data, part); };
  absl::Status status = Receive(client, sha256, &offset, options, &total, take);
  if (absl::IsOutOfRange(status)) {
    // What lay there is longer than the blob: not a part of it.
    if (::ftruncate(file.get(), 0) != 0) return SystemError(errno, part);
    offset = 0;
    status = Receive(client, sha256, &offset, options, &total, take);
  }
  XP_RETURN_IF_ERROR(status);
  XP_ASSIGN_OR_RETURN(const FileDigest digest, HashFile(part));
  if (digest.sha256 != sha256) {
    ::unlink(part.c_str());
    return WrongContent(sha256);
  }
  if (::fsync(file.get()) != 0) return SystemError(errno, part);
  if (::rename(part.c_str(), path.c_str()) != 0) return SystemError(errno, path);
  return absl::OkStatus();
}

absl::StatusOr<v1::FileManifest> DownloadManifest(Client& client, const std::string& sha256) {
  XP_ASSIGN_OR_RETURN(const std::string bytes, DownloadBytes(client, sha256));
  return ParseManifest(bytes);
}

absl::Status DownloadFolder(Client& client, const v1::FileManifest& manifest,
                            const std::string& folder, ExistingFiles existing,
                            const TransferOptions& options) {
  TransferProgress progress;
  for (const v1::ManifestFile& file : manifest.files()) {
    XP_RETURN_IF_ERROR(Annotate(CheckRelativePath(file.path()), file.path()));
    progress.total_bytes += file.size();
  }
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return SystemError(error.value(), folder);
  for (const v1::ManifestFile& file : manifest.files()) {
    const std::string path = folder + "/" + file.path();
    if (!HasContent(path, file)) {
      if (existing == ExistingFiles::kRefuse && std::filesystem::exists(path, error)) {
        return absl::AlreadyExistsError(path + ": is there already with other content");
      }
      std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
      if (error) return SystemError(error.value(), path);
      TransferOptions each = options;
      if (options.progress) {
        each.progress = [&](const TransferProgress& of_file) {
          options.progress({progress.done_bytes + of_file.done_bytes, progress.total_bytes});
        };
      }
      XP_RETURN_IF_ERROR(DownloadFile(client, file.sha256(), path, each));
    }
    if (::chmod(path.c_str(), file.executable() ? 0755 : 0644) != 0) {
      return SystemError(errno, path);
    }
    progress.done_bytes += file.size();
  }
  if (options.progress) options.progress(progress);
  return absl::OkStatus();
}

}  // namespace xp::client
