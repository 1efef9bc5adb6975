// Which class index a label of the data has. Immutable after it is made; any thread.
#pragma once

#include <absl/status/statusor.h>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "worker/trainer/model/config.h"

namespace xp::trainer {

class LabelMap {
 public:
  // For the labels that the data has. Where the model's labels name all of them, theirs is the
  // order; whole numbers 0..n-1 are indices; else they are sorted (neg before pos; where all are
  // whole numbers, of whatever length and sign, by these: -10, -2, 2, 10). INVALID_ARGUMENT when
  // there are fewer than two labels or more than kMaxLabels, or where the model has one name for
  // two classes.
  static absl::StatusOr<LabelMap> Create(const std::set<std::string>& found,
                                         const ModelConfig& config);

  // -1 for a label that is not known.
  int32_t Find(const std::string& label) const;
  const std::vector<std::string>& names() const { return names_; }

  static constexpr size_t kMaxLabels = 1000;  // more is surely the wrong column

 private:
  std::vector<std::string> names_;
  std::map<std::string, int32_t> index_;
};

}  // namespace xp::trainer
