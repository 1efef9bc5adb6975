// Ready-made rules that yield many series each, with the series' names taken from the text; what
// each takes is in docs/capture.md. Pure.
#pragma once

#include <re2/re2.h>

#include <cstddef>
#include <memory>
#include <string_view>

#include "worker/capture/compiled_rules.h"
#include "worker/capture/flat_object.h"
#include "worker/capture/point_sink.h"

namespace xp::capture {

// Quick: whether RunPreset can find anything on a line (raw or cleaned).
bool PresetMayMatch(Preset preset, std::string_view line);

// Adds what the preset finds on a cleaned line to the sink. `rule`: the preset's place.
void RunPreset(const MetricRules::Compiled& rules, size_t rule, std::string_view line,
               PointSink* sink);

// `key=value` and `key: value` with groups key, separator-and-blanks, value.
std::unique_ptr<const RE2> MakeKeyValueRegex();

// Step, epoch and time of an object, which hold for all of its values; empty: not there.
struct ObjectRoles {
  std::string_view step;
  std::string_view epoch;
  std::string_view time;
};

ObjectRoles FindRoles(const FlatObject& object);

// Whether the entry is a role (key step, epoch or time) and so no series.
bool IsRole(const FlatEntry& entry);

// Whether an entry can be a value: not a role, not a text that is no number, not a null.
bool MayBeValue(const FlatEntry& entry);

}  // namespace xp::capture
