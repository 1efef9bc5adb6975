#include "worker/trainer/data/labels.h"

#include <absl/strings/str_format.h>
#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace xp::trainer {
namespace {

// A whole number of any length, as a value that sorts: no integer type need hold it.
struct WholeNumber {
  bool negative = false;
  std::string_view digits;  // without leading zeros; 0 has none

  static std::optional<WholeNumber> Parse(std::string_view label) {
    const bool negative = label.starts_with('-');
    if (negative || label.starts_with('+')) label.remove_prefix(1);
    if (label.empty() || label.find_first_not_of("0123456789") != label.npos) return std::nullopt;
    label.remove_prefix(std::min(label.find_first_not_of('0'), label.size()));
    return WholeNumber{negative && !label.empty(), label};
  }
  bool operator<(const WholeNumber& other) const {
    if (negative != other.negative) return negative;
    const WholeNumber& near = negative ? other : *this;  // the one that has to be nearer to 0
    const WholeNumber& far = negative ? *this : other;
    return std::pair(near.digits.size(), near.digits) < std::pair(far.digits.size(), far.digits);
  }
};

bool AreWholeNumbers(const std::set<std::string>& labels) {
  return std::all_of(labels.begin(), labels.end(), [](const std::string& label) {
    return WholeNumber::Parse(label).has_value();
  });
}

bool AreIndices(const std::set<std::string>& labels) {
  for (size_t i = 0; i < labels.size(); ++i) {
    if (!labels.contains(std::to_string(i))) return false;
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
    if (AreWholeNumbers(found)) {
      std::stable_sort(map.names_.begin(), map.names_.end(),
                       [](const std::string& a, const std::string& b) {
                         return *WholeNumber::Parse(a) < *WholeNumber::Parse(b);
                       });
    }
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
