#include "server/core/series_source.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <iterator>

#include "server/core/text.h"

namespace xp::core {

std::string_view SourceName(SeriesSource source) {
  switch (source) {
    case SeriesSource::kMetricsFile:
      return "metrics file";
    case SeriesSource::kWriter:
      return "writer";
    case SeriesSource::kLog:
      return "log";
  }
  return "";
}

size_t PreferredSource(absl::Span<const SeriesSource> sources) {
  return static_cast<size_t>(
      std::distance(sources.begin(), std::min_element(sources.begin(), sources.end())));
}

std::string SourceNote(absl::Span<const SeriesSource> sources) {
  if (sources.size() < 2) return "";
  const size_t preferred = PreferredSource(sources);
  std::string note = absl::StrCat("from the ", ToAbsl(SourceName(sources[preferred])), "; also in");
  std::string_view separator = " the ";
  for (size_t i = 0; i < sources.size(); ++i) {
    if (i == preferred) continue;
    absl::StrAppend(&note, ToAbsl(separator), ToAbsl(SourceName(sources[i])));
    separator = " and the ";
  }
  return note;
}

}  // namespace xp::core
