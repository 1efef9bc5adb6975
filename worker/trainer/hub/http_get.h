// One HTTP(S) GET into a file, redirects followed, over libcurl: the only user of it. Proxies are
// those of the environment (https_proxy, no_proxy). Any thread; one writer of a file at a time.
#pragma once

#include <absl/status/statusor.h>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace xp::trainer {

struct HttpSettings {
  std::string token;              // sent to the first host alone
  std::filesystem::path ca_file;  // empty: the system's
  std::chrono::seconds connect_timeout{30};
  std::chrono::seconds stall_timeout{60};
};

struct HttpRequest {
  std::string url;
  std::filesystem::path file;  // gets the body; with `resume_etag` it is continued
  std::string resume_etag;     // what `file` holds is the beginning of this; empty: begin anew
  std::string unless_etag;     // end without a body when the content has this mark
  // Called with the content's mark before its first byte is written; an error ends the transfer.
  std::function<absl::Status(const std::string& etag)> on_etag;
  std::function<void(uint64_t done, uint64_t total)> progress;
  std::function<bool()> stopping;  // asked at least once a second; true ends the transfer
};

struct HttpAnswer {
  int status = 0;            // of the last hop; 304 also when `unless_etag` was met
  std::string etag;          // of the content: X-Linked-Etag, else the first host's ETag; unquoted
  std::string commit;        // X-Repo-Commit
  std::string error_code;    // X-Error-Code: "RepoNotFound", "GatedRepo", ...
  uint64_t linked_size = 0;  // X-Linked-Size; 0: not said
  bool resumed = false;      // the body continued what was there
};

// UNAVAILABLE: no connection, a stall, or a transfer that was cut (what came is in the file);
// CANCELLED: `stopping` said so (the same);
// the system's code when the file cannot be written; INVALID_ARGUMENT: a URL or a file of
// certificates that cannot be used; FAILED_PRECONDITION: nobody who is trusted vouches for the
// server; INTERNAL: libcurl does not start; RESOURCE_EXHAUSTED: no memory for it. A status such as
// 404 is an answer; the file is then as it was.
absl::StatusOr<HttpAnswer> HttpGet(const HttpRequest& request, const HttpSettings& settings);

}  // namespace xp::trainer
