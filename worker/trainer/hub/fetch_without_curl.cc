#include "worker/trainer/hub/fetch.h"

namespace xp::trainer {

absl::StatusOr<std::filesystem::path> FetchModel(std::string_view name, HubFiles,
                                                 const HubOptions&) {
  return absl::UnimplementedError(
      std::string(name) +
      ": this xptrain was built without libcurl or OpenSSL and cannot fetch; give a folder");
}

}  // namespace xp::trainer
