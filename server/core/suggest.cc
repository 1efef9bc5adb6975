#include "server/core/suggest.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "server/core/text.h"

namespace xp::core {
namespace {

constexpr size_t kEditsMax = 2;
// Beyond this length nobody needs a hint, and the cost is its square.
constexpr size_t kLengthMax = 64;

// Levenshtein's distance.
size_t Edits(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string DidYouMean(std::string_view wrong, absl::Span<const std::string> names) {
  const std::string folded = absl::AsciiStrToLower(ToAbsl(wrong.substr(0, kLengthMax)));
  const std::string* nearest = nullptr;
  size_t fewest = std::min(kEditsMax, folded.size() / 2) + 1;
  for (const std::string& name : names) {
    if (name.size() > kLengthMax) continue;
    const size_t edits = Edits(folded, absl::AsciiStrToLower(name));
    if (edits >= fewest) continue;
    fewest = edits;
    nearest = &name;
  }
  return nearest == nullptr ? "" : absl::StrCat("; did you mean '", *nearest, "'?");
}

std::string NameList(absl::Span<const std::string> names, size_t most) {
  if (names.empty()) return "none";
  std::string list = absl::StrJoin(names.subspan(0, most), ", ");
  if (names.size() > most) absl::StrAppend(&list, " … (", names.size() - most, " more)");
  return list;
}

}  // namespace xp::core
