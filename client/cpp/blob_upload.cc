#include "client/cpp/blob_upload.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <string>
#include <utility>

#include "client/cpp/file_descriptor.h"
#include "client/cpp/system_error.h"
#include "proto/limits.h"

namespace xp::client {
namespace {

constexpr int kNamesPerCall = 10'000;
// One stream's end makes its blobs durable: a stream ends now and then, so that little is unproven.
constexpr size_t kBlobsPerStream = 1'000;
constexpr uint64_t kBytesPerStream = 256ull * 1024 * 1024;

struct Pending {
  const BlobSource* blob = nullptr;
  uint64_t held = 0;  // bytes that the server has of it
};

class Uploader {
 public:
  Uploader(Client& client, const std::vector<BlobSource>& blobs, const TransferOptions& options)
      : client_(client), options_(options) {
    for (const BlobSource& blob : blobs) blobs_.emplace(blob.sha256, &blob);
  }

  absl::StatusOr<UploadResult> Run() {
    const absl::Status status = client_.retrier().Run([this](bool* progressed) {
      const uint64_t before = result_.bytes_sent;
      const absl::Status attempt = SendMissing();
      *progressed = result_.bytes_sent > before;
      return attempt;
    });
    if (!status.ok()) return status;
    result_.blobs_there = blobs_.size() - result_.blobs_sent;
    return result_;
  }

 private:
  absl::Status SendMissing() {
    XP_ASSIGN_OR_RETURN(const std::vector<Pending> missing, FindMissing());
    if (first_look_) {
      result_.blobs_sent = missing.size();
      first_look_ = false;
    }
    progress_.total_bytes = progress_.done_bytes;
    for (const Pending& pending : missing) {
      progress_.total_bytes += pending.blob->size - std::min(pending.held, pending.blob->size);
    }
    for (size_t next = 0; next < missing.size();) XP_RETURN_IF_ERROR(SendSome(missing, &next));
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<Pending>> FindMissing() {
    std::vector<Pending> missing;
    for (auto next = blobs_.begin(); next != blobs_.end();) {
      v1::FindMissingBlobsRequest request;
      for (; next != blobs_.end() && request.sha256_size() < kNamesPerCall; ++next) {
        request.add_sha256(next->first);
      }
      XP_ASSIGN_OR_RETURN(const v1::FindMissingBlobsResponse response,
                          client_.Call(&v1::Blobs::Stub::FindMissingBlobs, request));
      for (const v1::MissingBlob& blob : response.missing()) {
        const auto known = blobs_.find(blob.sha256());
        if (known == blobs_.end()) {
          return absl::InternalError("the server misses a blob that nobody asked about");
        }
        missing.push_back({known->second, blob.held_bytes()});
      }
    }
    return missing;
  }

  // One stream, from blob `*next` on.
  absl::Status SendSome(const std::vector<Pending>& missing, size_t* next) {
    grpc::ClientContext context;
    v1::UploadBlobsResponse response;
    const auto writer = client_.stub<v1::Blobs>().UploadBlobs(&context, &response);
    const uint64_t bytes_before = result_.bytes_sent;
    const size_t first = *next;
    absl::Status status;
    bool open = true;
    while (open && status.ok() && *next < missing.size() && *next - first < kBlobsPerStream &&
           result_.bytes_sent - bytes_before < kBytesPerStream) {
      status = SendBlob(*writer, missing[(*next)++], &open);
    }
    if (!status.ok()) {
      context.TryCancel();
      writer->Finish();
      return status;
    }
    writer->WritesDone();
    status = FromGrpcStatus(writer->Finish());
    if (absl::IsDataLoss(status)) {
      return absl::FailedPreconditionError(absl::StrCat(
          status.message(), ": a file changed while it was uploaded; leave it alone and repeat"));
    }
    if (status.ok() && !open) return absl::UnavailableError("the upload's stream ended early");
    return status;
  }

  using Writer = grpc::ClientWriterInterface<v1::UploadBlobsRequest>;

  // `*open` turns false when the stream was cut; Finish then says why.
  absl::Status SendBlob(Writer& writer, const Pending& pending, bool* open) {
    const BlobSource& blob = *pending.blob;
    v1::UploadBlobsRequest message;
    message.mutable_header()->set_sha256(blob.sha256);
    message.mutable_header()->set_size(blob.size);
    message.mutable_header()->set_offset(pending.held);
    *open = writer.Write(message);
    FileDescriptor file(-1);
    if (!blob.path.empty()) {
      file = OpenFile(blob.path);
      if (!file.ok()) return SystemError(errno, blob.path);
    }
    for (uint64_t at = pending.held; *open && at < blob.size;) {
      if (options_.cancelled && options_.cancelled()) return absl::CancelledError("upload ended");
      const size_t want = std::min<uint64_t>(limits::kBlobChunkBytes, blob.size - at);
      std::string& data = *message.mutable_data();
      if (blob.path.empty()) {
        data = blob.bytes.substr(at, want);
      } else {
        data.resize(want);
        const ssize_t got = ::pread(file.get(), data.data(), want, static_cast<off_t>(at));
        if (got < 0) return SystemError(errno, blob.path);
        if (got == 0) {
          return absl::FailedPreconditionError(blob.path +
                                               ": became shorter while it was uploaded");
        }
        data.resize(static_cast<size_t>(got));
      }
      at += data.size();
      *open = writer.Write(message);
      if (!*open) break;
      result_.bytes_sent += data.size();
      progress_.done_bytes += data.size();
      if (options_.progress) options_.progress(progress_);
    }
    return absl::OkStatus();
  }

  static FileDescriptor OpenFile(const std::string& path) {
    return FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  }

  Client& client_;
  const TransferOptions& options_;
  std::map<std::string, const BlobSource*> blobs_;
  TransferProgress progress_;
  UploadResult result_;
  bool first_look_ = true;
};

}  // namespace

absl::StatusOr<UploadResult> UploadBlobs(Client& client, const std::vector<BlobSource>& blobs,
                                         const TransferOptions& options) {
  return Uploader(client, blobs, options).Run();
}

}  // namespace xp::client
