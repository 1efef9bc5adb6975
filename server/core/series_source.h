// Where a series came from. A series belongs to one source; where a name comes from two, compare
// takes the metrics file before a writer before the log, and says so (DESIGN section 8).
// Pure functions; safe from any thread.
#pragma once

#include <absl/types/span.h>

#include <string>
#include <string_view>

namespace xp::core {

// Smaller is preferred.
enum class SeriesSource { kMetricsFile = 0, kWriter = 1, kLog = 2 };

// "metrics file", "writer", "log".
std::string_view SourceName(SeriesSource source);

// The index of the preferred one of `sources` (of equal ones the first), which must not be empty.
size_t PreferredSource(absl::Span<const SeriesSource> sources);

// "from the metrics file; also in the log"; empty when there is one source only.
std::string SourceNote(absl::Span<const SeriesSource> sources);

}  // namespace xp::core
