#include "worker/trainer/hub/download.h"

#include <absl/strings/str_format.h>

#include <chrono>
#include <cstdint>
#include <filesystem>

#include "worker/trainer/hub/checksum.h"
#include "worker/trainer/hub/http_get.h"

namespace xp::trainer {
namespace {

namespace fs = std::filesystem;

// OK: the file is simply not there.
absl::Status Refusal(const HttpAnswer& answer, const std::string& url, const HubOptions& options) {
  const std::string what = absl::StrFormat("%s: HTTP %d%s%s", url, answer.status,
                                           answer.error_code.empty() ? "" : " ", answer.error_code);
  if (answer.error_code == "RepoNotFound" || answer.error_code == "RevisionNotFound") {
    return absl::NotFoundError(what + ": no such model or revision" +
                               (options.token.empty() ? ", or a private one (XP_HUB_TOKEN)" : ""));
  }
  if (answer.status == 401 || answer.status == 403) {
    return absl::PermissionDeniedError(
        what + (options.token.empty()
                    ? ": gated or private; set XP_HUB_TOKEN to a token that may read it"
                    : ": the token (XP_HUB_TOKEN) may not read it"));
  }
  if (answer.status == 404 || answer.status == 410) return absl::OkStatus();
  if (answer.status == 408 || answer.status == 429 || answer.status >= 500) {
    return absl::UnavailableError(what);
  }
  return absl::FailedPreconditionError(what);
}

absl::StatusOr<Downloaded> Attempt(const HttpRequest& request, const std::string& file,
                                   const HubOptions& options, ModelCache& cache) {
  HttpRequest asked = request;
  asked.on_etag = [&cache, &file](const std::string& etag) {
    return cache.SetPartEtag(file, etag);  // so that even a killed process can go on
  };
  const absl::StatusOr<HttpAnswer> answer = HttpGet(
      asked, {options.token, options.ca_file, options.connect_timeout, options.stall_timeout});
  if (!answer.ok()) return answer.status();
  // A server without ETags: the file is taken as it comes, and again each time.
  Downloaded fetched{Presence::kThere, answer->etag.empty() ? "unmarked" : answer->etag,
                     answer->commit};
  fetched.unchanged = answer->status == 304;
  if (fetched.unchanged) return fetched;
  if (answer->status == 416) {  // it was whole already, or is of something else
    const bool same = answer->etag == request.resume_etag && IsContentHash(answer->etag);
    if (same && CheckContent(request.file, answer->etag).ok()) return fetched;
    cache.DropPart(file);
    return absl::UnavailableError(request.url + ": the part that was here does not fit");
  }
  if (answer->status != 200 && answer->status != 206) {
    const absl::Status refused = Refusal(*answer, request.url, options);
    if (!absl::IsUnavailable(refused)) cache.DropPart(file);  // else the next attempt goes on
    if (!refused.ok()) return refused;
    return Downloaded{Presence::kMissing, "", answer->commit};
  }
  absl::Status status = CheckContent(request.file, answer->etag);
  std::error_code error;
  const uint64_t size = fs::file_size(request.file, error);
  if (status.ok() && answer->linked_size > 0 && size != answer->linked_size) {
    status = absl::DataLossError(absl::StrFormat("%s: %d bytes, the server's has %d", request.url,
                                                 size, answer->linked_size));
  }
  if (status.ok()) return fetched;
  cache.DropPart(file);
  return absl::Status(status.code(), request.url + ": " + std::string(status.message()));
}

}  // namespace

absl::StatusOr<Downloaded> DownloadFile(const DownloadRequest& wanted, const HubOptions& options,
                                        ModelCache& cache) {
  const std::string& file = wanted.file;
  HttpRequest request;
  request.url = wanted.url;
  request.file = cache.Part(file);
  request.unless_etag = wanted.unless_etag;
  if (options.progress) {
    request.progress = [&options, &file](uint64_t done, uint64_t total) {
      options.progress(file, done, total);
    };
  }
  request.stopping = options.stopping;
  std::chrono::milliseconds wait = options.first_wait;
  int wrong_content = 0;
  for (int attempt = 1;; ++attempt) {
    request.resume_etag = cache.PartEtag(file);
    absl::StatusOr<Downloaded> fetched = Attempt(request, file, options, cache);
    const bool again = absl::IsUnavailable(fetched.status()) ||
                       (absl::IsDataLoss(fetched.status()) && ++wrong_content < 2);
    if (!again || attempt >= options.attempts) return fetched;
    options.say(absl::StrFormat("%s; again in %.1f s (attempt %d of %d)",
                                std::string(fetched.status().message()),
                                double(wait.count()) / 1000, attempt + 1, options.attempts));
    options.wait(wait);
    wait *= 2;
  }
}

}  // namespace xp::trainer
