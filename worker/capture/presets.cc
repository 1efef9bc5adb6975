#include "worker/capture/presets.h"

#include <algorithm>
#include <string>

#include "worker/capture/clean_text.h"
#include "worker/capture/number.h"

namespace xp::capture {
namespace {

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

void AddEntries(const MetricRules::Compiled& rules, const FlatObject& object, size_t rule,
                bool touches_cut, PointSink* sink) {
  const ObjectRoles roles = FindRoles(object);
  for (const FlatEntry& entry : object.entries) {
    if (!MayBeValue(entry) || rules.names.count(entry.key) > 0) continue;
    sink->Add({rule, entry.key, entry.value, entry.source, roles.step, roles.epoch, roles.time,
               touches_cut});
  }
}

// What a Trainer prints has an epoch, a loss, or names with the prefix of its evaluation; other
// dicts (a config, say) are not metrics.
bool IsTrainerDict(const FlatObject& object) {
  return std::any_of(object.entries.begin(), object.entries.end(), [](const FlatEntry& entry) {
    const std::string_view key = entry.key;
    return key == "epoch" || key == "loss" || StartsWith(key, "eval_") ||
           StartsWith(key, "train_") || StartsWith(key, "test_") || StartsWith(key, "predict_");
  });
}

void RunHuggingFace(const MetricRules::Compiled& rules, size_t rule, std::string_view line,
                    PointSink* sink) {
  // A brace may open many objects that never close; reading on from each of them would take time
  // with the square of the line. 16 times its length is far beyond any honest line.
  size_t budget = 16 * line.size();
  size_t at = line.find('{');
  while (at != std::string_view::npos) {
    const FlatObject object = ReadFlatObject(line, at);
    const bool is_trainer = IsTrainerDict(object);
    if (object.state == FlatState::kUnfinished && is_trainer) {
      // Torn, or beyond the cut: its values may be incomplete, so none is taken.
      if (sink->line().cut) {
        sink->DropAtCut(rule);
      } else {
        sink->Reject(rule, line.substr(at));
      }
      return;
    }
    if (object.state == FlatState::kObject && is_trainer) {
      AddEntries(rules, object, rule, sink->line().cut && object.end == line.size(), sink);
      at = line.find('{', object.end);
      continue;
    }
    if (object.end - at >= budget) {
      sink->Reject(rule, line.substr(at));
      return;
    }
    budget -= object.end - at;
    at = line.find('{', at + 1);
  }
}

void RunJsonLines(const MetricRules::Compiled& rules, size_t rule, std::string_view line,
                  PointSink* sink) {
  const std::string_view text = TrimBlanks(line);
  const FlatObject object = ReadFlatObject(text, 0);
  if (object.state == FlatState::kObject && object.end == text.size()) {
    AddEntries(rules, object, rule, sink->line().cut, sink);
  } else if (!object.entries.empty()) {  // begins as an object does, and is none
    if (sink->line().cut) {
      sink->DropAtCut(rule);
    } else {
      sink->Reject(rule, text);
    }
  }
}

enum class PairRole { kValue, kStep, kEpoch };

PairRole RoleOf(std::string_view key) {
  const std::string lower = ToLowerAscii(key);
  if (lower == "step" || lower == "global_step") return PairRole::kStep;
  return lower == "epoch" ? PairRole::kEpoch : PairRole::kValue;
}

// One `key=number` of a line.
struct Pair {
  std::string_view key;
  std::string_view value;
  std::string_view source;
  bool touches_end = false;
};

std::string_view View(const re2::StringPiece& piece) { return {piece.data(), piece.size()}; }

std::vector<Pair> FindPairs(const RE2& regex, std::string_view line) {
  constexpr std::string_view kBehindValue = " \t,;|)]}'\"";
  std::vector<Pair> pairs;
  re2::StringPiece groups[4];
  size_t at = 0;
  while (regex.Match(line, at, line.size(), RE2::UNANCHORED, groups, 4)) {
    Pair pair{View(groups[1]), View(groups[3]), View(groups[0])};
    const size_t begin = static_cast<size_t>(pair.value.data() - line.data());
    const size_t end = begin + pair.value.size();
    const bool is_role = RoleOf(pair.key) != PairRole::kValue;
    const bool ends = end == line.size() ||
                      kBehindValue.find(line[end]) != std::string_view::npos ||
                      (is_role && line[end] == '/');  // epoch: 1/3
    if (ends && ParseNumber(pair.value)) {
      pair.source.remove_prefix(static_cast<size_t>(pair.key.data() - pair.source.data()));
      pair.touches_end = end == line.size();
      pairs.push_back(pair);
      at = end;
    } else {
      at = begin - 1;  // the value may be a key; what is before it is a blank or the separator
    }
  }
  return pairs;
}

void RunKeyValue(const MetricRules::Compiled& rules, size_t rule, std::string_view line,
                 PointSink* sink) {
  const std::vector<Pair> pairs = FindPairs(*rules.key_value, line);
  std::string_view step, epoch;
  for (const Pair& pair : pairs) {
    if (sink->line().cut && pair.touches_end) continue;
    const PairRole role = RoleOf(pair.key);
    if (role == PairRole::kStep && step.empty()) step = pair.value;
    if (role == PairRole::kEpoch && epoch.empty()) epoch = pair.value;
  }
  for (const Pair& pair : pairs) {
    if (RoleOf(pair.key) != PairRole::kValue || rules.names.count(pair.key) > 0) continue;
    sink->Add({rule,
               pair.key,
               pair.value,
               pair.source,
               step,
               epoch,
               {},
               sink->line().cut && pair.touches_end});
  }
}

}  // namespace

bool PresetMayMatch(Preset preset, std::string_view line) {
  switch (preset) {
    case Preset::kNone:
      return false;
    case Preset::kHuggingFace:
    case Preset::kJsonLines:
      return line.find('{') != std::string_view::npos;
    case Preset::kKeyValue:
      return line.find_first_of("=:") != std::string_view::npos;
  }
  return false;
}

void RunPreset(const MetricRules::Compiled& rules, size_t rule, std::string_view line,
               PointSink* sink) {
  switch (rules.preset) {
    case Preset::kNone:
      return;
    case Preset::kHuggingFace:
      return RunHuggingFace(rules, rule, line, sink);
    case Preset::kKeyValue:
      return RunKeyValue(rules, rule, line, sink);
    case Preset::kJsonLines:
      return RunJsonLines(rules, rule, line, sink);
  }
}

std::unique_ptr<const RE2> MakeKeyValueRegex() {
  // A key does not begin inside a word; a value is a number, a word such as nan, or a call.
  return std::make_unique<const RE2>(
      R"re((?:^|[^\w.\-/])([A-Za-z_][\w.\-/]*)['"]?([ \t]*[=:][ \t]*))re"
      R"re((['"]?[+\-]?[\w.][\w.+\-]*(?:\([^()]*\))?['"]?))re");
}

ObjectRoles FindRoles(const FlatObject& object) {
  ObjectRoles roles;
  for (const FlatEntry& entry : object.entries) {
    if (entry.kind == EntryKind::kWord) continue;  // null: not printed
    if (entry.key == "step") roles.step = entry.value;
    if (entry.key == "epoch") roles.epoch = entry.value;
    if (entry.key == "time") roles.time = entry.value;
  }
  return roles;
}

bool IsRole(const FlatEntry& entry) {
  return entry.key == "step" || entry.key == "epoch" || entry.key == "time";
}

bool MayBeValue(const FlatEntry& entry) {
  if (IsRole(entry) || entry.kind == EntryKind::kWord) return false;
  return entry.kind != EntryKind::kText || ParseNumber(entry.value).has_value();
}

}  // namespace xp::capture
