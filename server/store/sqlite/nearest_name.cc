#include "server/store/sqlite/nearest_name.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "proto/resource_name.h"
#include "proto/status.h"

namespace xp::store {
namespace {

constexpr size_t kShown = 8;

// Levenshtein's distance.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, changed}));
    }
  }
  return row[b.size()];
}

}  // namespace

std::string DescribeNearest(std::string_view wanted, const std::vector<std::string>& names,
                            std::string_view command) {
  if (names.empty()) return "; there is none yet";
  const std::string folded = FoldName(wanted);
  const std::string* nearest = nullptr;
  size_t best = std::max<size_t>(2, wanted.size() / 3) + 1;
  for (const std::string& name : names) {
    const size_t distance = Distance(folded, FoldName(name));
    if (distance < best) {
      best = distance;
      nearest = &name;
    }
  }
  if (nearest != nullptr) return absl::StrCat("; did you mean '", *nearest, "'?");
  std::string text = "; there are: ";
  for (size_t i = 0; i < std::min(names.size(), kShown); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ", names[i]);
  }
  if (names.size() > kShown) absl::StrAppend(&text, ", ...: see `", ToAbsl(command), "`");
  return text;
}

}  // namespace xp::store
