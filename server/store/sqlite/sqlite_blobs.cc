#include "server/store/sqlite/sqlite_blobs.h"

#include "proto/status.h"
#include "proto/validate.h"
#include "server/store/blob_upload.h"
#include "server/store/sqlite/sqlite_write_context.h"

namespace xp::store {
namespace {

constexpr int kNamesMax = 10'000;

absl::StatusOr<bool> HasBlob(Database& db, std::string_view sha256) {
  Query query(db, "SELECT 1 FROM blobs WHERE sha256 = ?", sha256);
  const bool has = query.Next();
  XP_RETURN_IF_ERROR(query.status());
  return has;
}

}  // namespace

absl::Status PinBlob(WriteContext& context, std::string_view sha256, uint64_t size,
                     absl::Duration pin) {
  WriteSession& session = SessionOf(context);
  return session.db().Run(
      "INSERT INTO blobs (sha256, size, create_time, pinned_until) VALUES (?, ?, ?, ?) "
      "ON CONFLICT (sha256) DO UPDATE SET pinned_until = max(pinned_until, excluded.pinned_until)",
      sha256, size, session.now_ns(), absl::ToUnixNanos(session.now() + pin));
}

absl::StatusOr<v1::FindMissingBlobsResponse> SqliteBlobs::FindMissing(
    const v1::FindMissingBlobsRequest& request) {
  if (request.sha256_size() > kNamesMax) {
    return absl::InvalidArgumentError(absl::StrCat("sha256: has ", request.sha256_size(),
                                                   " elements; at most ", kNamesMax, " a call"));
  }
  for (int i = 0; i < request.sha256_size(); ++i) {
    XP_RETURN_IF_ERROR(CheckSha256(absl::StrCat("sha256[", i, "]"), request.sha256(i)));
  }
  // Found and pinned in one transaction: what it answers as here stays here.
  auto response = parts_.store->Apply<v1::FindMissingBlobsResponse>(
      [&](WriteContext& context) -> absl::StatusOr<v1::FindMissingBlobsResponse> {
        WriteSession& session = SessionOf(context);
        const int64_t until = absl::ToUnixNanos(session.now() + parts_.options->blob_pin);
        v1::FindMissingBlobsResponse found;
        for (const std::string& sha256 : request.sha256()) {
          XP_RETURN_IF_ERROR(session.db().Run(
              "UPDATE blobs SET pinned_until = max(pinned_until, ?) WHERE sha256 = ?", until,
              sha256));
          if (session.db().changes() == 0) found.add_missing()->set_sha256(sha256);
        }
        return found;
      });
  if (!response.ok()) return response;
  for (v1::MissingBlob& missing : *response->mutable_missing()) {
    missing.set_held_bytes(parts_.folder->PartialSize(missing.sha256()));
  }
  return response;
}

absl::StatusOr<std::unique_ptr<BlobUpload>> SqliteBlobs::Upload(
    const v1::UploadBlobsRequest::Header& header) {
  XP_RETURN_IF_ERROR(CheckSha256("header.sha256", header.sha256()));
  auto claim = parts_.claims->Take(header.sha256());
  if (claim == nullptr) {
    return absl::AbortedError(absl::StrCat("another upload of blob ", header.sha256(),
                                           " is under way: ask FindMissingBlobs, then go on"));
  }
  UploadTarget target = UploadTarget::kPartialFile;
  {
    ReadSession session(*parts_.pool);
    XP_RETURN_IF_ERROR(session.status());
    XP_ASSIGN_OR_RETURN(const bool here, HasBlob(session.db(), header.sha256()));
    if (here) target = UploadTarget::kNowhere;
  }
  UploadParts parts{parts_.folder, parts_.disk, parts_.options->disk_reserve_bytes,
                    std::move(claim), [parts = parts_](const std::string& sha256, uint64_t size) {
                      return parts.store->Apply([&](WriteContext& context) {
                        return PinBlob(context, sha256, size, parts.options->blob_pin);
                      });
                    }};
  return OpenUpload(header, target, std::move(parts));
}

absl::StatusOr<std::unique_ptr<BlobReader>> SqliteBlobs::Open(std::string_view sha256) {
  XP_RETURN_IF_ERROR(CheckSha256("sha256", sha256));
  {
    ReadSession session(*parts_.pool);
    XP_RETURN_IF_ERROR(session.status());
    XP_ASSIGN_OR_RETURN(const bool here, HasBlob(session.db(), sha256));
    if (!here) return absl::NotFoundError(absl::StrCat("no blob ", ToAbsl(sha256)));
  }
  return OpenBlobFile(parts_.folder->FilePath(sha256));
}

}  // namespace xp::store
