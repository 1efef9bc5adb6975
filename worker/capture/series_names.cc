#include "worker/capture/series_names.h"

namespace xp::capture {

bool SeriesNames::Admit(std::string_view name) {
  if (names_.find(name) != names_.end()) return true;
  if (names_.size() >= limit_) return false;
  names_.emplace(name);
  return true;
}

}  // namespace xp::capture
