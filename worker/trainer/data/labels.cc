#include "worker/trainer/data/labels.h"

#include <absl/strings/str_format.h>
#include <algorithm>

namespace xp::trainer {
namespace {

bool IsWholeNumber(const std::string& label) {
  return !label.empty() && label.size() < 10 && label.find_first_not_of("0123456789") == label.npos;
}

bool IsLess(const std::string& a, const std::string& b) { return std::stoul(a) < std::stoul(b); }

bool AreIndices(const std::set<std::string>& labels) {
  for (const std::string& label : labels) {
    if (!IsWholeNumber(label) || std::stoul(label) >= labels.size() ||
        label != std::to_string(std::stoul(label))) {
      return false;
    }
  }
  return true;
}

}  // namespace

absl::StatusOr<LabelMap> LabelMap::Create(const std::set<std::string>& found,
                                          const ModelConfig& config) {
  if (found.size() < 2) {
    return absl::InvalidArgumentError(
        absl::StrFormat("the training data has %d label%s; a classifier needs two at least",
                        found.size(), found.size() == 1 ? " ('" + *found.begin() + "')" : "s"));
  }
  if (found.size() > kMaxLabels) {
    return absl::InvalidArgumentError(
        absl::StrFormat("the training data has %d labels, %d at most: is this the label's column?",
                        found.size(), kMaxLabels));
  }
  LabelMap map;
  const std::vector<std::string>& own = config.labels;
  const bool all_known = std::all_of(found.begin(), found.end(), [&](const std::string& label) {
    return std::find(own.begin(), own.end(), label) != own.end();
  });
  if (all_known) {
    map.names_ = own;
    for (size_t i = 0; i < own.size(); ++i) {
      if (map.index_.emplace(own[i], int32_t(i)).second) continue;
      return absl::InvalidArgumentError(absl::StrFormat(
          "config.json: id2label has '%s' twice (classes %d and %d): which one do the data mean?",
          own[i], map.index_[own[i]], i));
    }
  } else if (AreIndices(found)) {
    for (size_t i = 0; i < found.size(); ++i) {
      map.names_.push_back(own.size() == found.size() ? own[i] : absl::StrFormat("LABEL_%d", i));
      map.index_.emplace(std::to_string(i), int32_t(i));
    }
  } else {
    map.names_.assign(found.begin(), found.end());
    const bool numbers = std::all_of(found.begin(), found.end(), IsWholeNumber);
    if (numbers) std::stable_sort(map.names_.begin(), map.names_.end(), IsLess);
    for (const std::string& name : map.names_) {
      map.index_.emplace(name, int32_t(map.index_.size()));
    }
  }
  return map;
}

int32_t LabelMap::Find(const std::string& label) const {
  const auto it = index_.find(label);
  return it == index_.end() ? -1 : it->second;
}

}  // namespace xp::trainer
