#include <absl/strings/str_cat.h>

#include <memory>

#include "proto/limits.h"
#include "proto/status.h"
#include "proto/validate.h"
#include "server/rpc/answer.h"
#include "server/rpc/services.h"
#include "server/rpc/upload_blobs.h"
#include "server/store/blob_store.h"

namespace xp::rpc {
namespace {

constexpr int kFindMax = 10'000;

absl::Status Find(const ServerParts& parts, const v1::FindMissingBlobsRequest& request,
                  v1::FindMissingBlobsResponse* response) {
  if (request.sha256_size() > kFindMax) {
    return absl::InvalidArgumentError(absl::StrCat("sha256: ", request.sha256_size(),
                                                   " names; at most ", kFindMax,
                                                   " are accepted in one call; send several"));
  }
  for (int i = 0; i < request.sha256_size(); ++i) {
    XP_RETURN_IF_ERROR(CheckSha256(absl::StrCat("sha256[", i, "]"), request.sha256(i)));
  }
  return Answer(parts.store.blobs().FindMissing(request), response);
}

absl::Status Download(const ServerParts& parts, const v1::DownloadBlobRequest& request,
                      const std::function<bool(const v1::DownloadBlobResponse&)>& send) {
  XP_RETURN_IF_ERROR(CheckSha256("sha256", request.sha256()));
  XP_ASSIGN_OR_RETURN(const std::unique_ptr<store::BlobReader> blob,
                      parts.store.blobs().Open(request.sha256()));
  uint64_t offset = request.offset();
  if (offset > blob->size()) {
    return absl::OutOfRangeError(
        absl::StrCat("offset: ", offset, " is beyond the blob's ", blob->size(), " bytes"));
  }
  for (bool first = true; first || offset < blob->size(); first = false) {
    v1::DownloadBlobResponse response;
    if (first) response.set_total_size(blob->size());
    XP_ASSIGN_OR_RETURN(*response.mutable_data(), blob->Read(offset, limits::kBlobChunkBytes));
    if (response.data().empty() && offset < blob->size()) {
      return absl::DataLossError(
          absl::StrCat("the blob ends at ", offset, " of its ", blob->size(), " bytes"));
    }
    offset += response.data().size();
    if (!send(response)) return absl::CancelledError("the caller is gone");
  }
  return absl::OkStatus();
}

}  // namespace

void AddBlobs(MethodTable* table, const ServerParts& parts) {
  table->AddUnary<v1::FindMissingBlobsRequest, v1::FindMissingBlobsResponse>(
      "/xp.v1.Blobs/FindMissingBlobs", [&parts](CallContext&, const auto& request, auto* response) {
        return Find(parts, request, response);
      });
  table->AddServerStream<v1::DownloadBlobRequest, v1::DownloadBlobResponse>(
      "/xp.v1.Blobs/DownloadBlob",
      [&parts](CallContext&, const v1::DownloadBlobRequest& request, const auto& send) {
        return Download(parts, request, send);
      });
}

absl::Status ReceiveBlobs(store::Store& store,
                          const std::function<bool(v1::UploadBlobsRequest*)>& read,
                          v1::UploadBlobsResponse* response) {
  std::unique_ptr<store::BlobUpload> upload;
  const auto finish = [&]() -> absl::Status {
    if (upload == nullptr) return absl::OkStatus();
    XP_RETURN_IF_ERROR(upload->Finish());
    upload.reset();
    response->set_blobs(response->blobs() + 1);
    return absl::OkStatus();
  };
  v1::UploadBlobsRequest request;
  while (read(&request)) {
    XP_RETURN_IF_ERROR(CheckMessageSize(request.ByteSizeLong()));
    switch (request.part_case()) {
      case v1::UploadBlobsRequest::kHeader: {
        XP_RETURN_IF_ERROR(finish());
        XP_RETURN_IF_ERROR(CheckSha256("header.sha256", request.header().sha256()));
        XP_ASSIGN_OR_RETURN(upload, store.blobs().Upload(request.header()));
        break;
      }
      case v1::UploadBlobsRequest::kData:
        if (upload == nullptr) {
          return absl::InvalidArgumentError("data: comes before the header of its blob");
        }
        XP_RETURN_IF_ERROR(upload->Append(request.data()));
        break;
      case v1::UploadBlobsRequest::PART_NOT_SET:
        return absl::InvalidArgumentError("part: neither header nor data");
    }
  }
  return finish();
}

}  // namespace xp::rpc
