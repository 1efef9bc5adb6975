// One file of a model, from the hub into the cache's part of it: attempts, waits, going on where a
// transfer was cut, checks. One thread per cache.
#pragma once

#include <absl/status/statusor.h>
#include <string>

#include "worker/trainer/hub/cache.h"
#include "worker/trainer/hub/hub_options.h"

namespace xp::trainer {

struct DownloadRequest {
  std::string file;  // its name within the model
  std::string url;
  std::string unless_etag;  // nothing is fetched when the content has this mark
};

enum class Presence { kThere, kMissing };

struct Downloaded {
  Presence presence = Presence::kMissing;
  std::string etag;        // of the content; "unmarked" where the server gave none
  std::string commit;      // which the server says it is of, or empty
  bool unchanged = false;  // as `unless_etag`; nothing was fetched
};

// Where the file is there and not unchanged, cache.Part(file) is whole and checked. The codes are
// FetchModel's; the last attempt's, where all fail.
absl::StatusOr<Downloaded> DownloadFile(const DownloadRequest& wanted, const HubOptions& options,
                                        ModelCache& cache);

}  // namespace xp::trainer
