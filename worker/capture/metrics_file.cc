#include "worker/capture/metrics_file.h"

#include <cmath>
#include <utility>

#include "worker/capture/clean_text.h"
#include "worker/capture/flat_object.h"
#include "worker/capture/line_splitter.h"
#include "worker/capture/number.h"
#include "worker/capture/point_sink.h"
#include "worker/capture/presets.h"

namespace xp::capture {
namespace {

constexpr std::string_view kMarkerKey = "xp";

uint64_t BadSoFar(const RuleCounters& counters) {
  return counters.rejected + counters.fields_rejected + counters.dropped_at_cut;
}

class MetricsLines {
 public:
  MetricsLines(PointSink* sink, MetricsReport* report) : sink_(sink), report_(report) {}

  void Read(const Line& line) {
    sink_->StartLine(line);
    if (line.cut) return sink_->DropAtCut(0);
    const std::string_view text = TrimBlanks(CleanLine(line.text, &clean_));
    const FlatObject object = ReadFlatObject(text, 0);
    if (object.state != FlatState::kObject || object.end != text.size()) {
      return sink_->Reject(0, line.text);
    }
    for (const FlatEntry& entry : object.entries) {
      if (entry.key == kMarkerKey) return ReadMarker(object, entry, line);
    }
    const ObjectRoles roles = FindRoles(object);
    for (const FlatEntry& entry : object.entries) {
      if (IsRole(entry)) continue;
      sink_->Add({0, entry.key, entry.value, entry.source, roles.step, roles.epoch, roles.time});
    }
  }

 private:
  void ReadMarker(const FlatObject& object, const FlatEntry& marker, const Line& line) {
    if (marker.value == "resumed") {
      ResumedMarker resumed{.offset = line.offset};
      ReadFields(object, marker, "step", [&](std::string_view text) {
        resumed.step = ParseStep(text);
        return resumed.step.has_value();
      });
      report_->resumed.push_back(resumed);
    } else if (marker.value == "silent_for") {
      SilenceMarker silence{.seconds = -1, .offset = line.offset};
      ReadFields(object, marker, "seconds", [&](std::string_view text) {
        silence.seconds = ParseNumber(text).value_or(-1);
        return std::isfinite(silence.seconds) && silence.seconds >= 0;
      });
      if (!(std::isfinite(silence.seconds) && silence.seconds >= 0)) {
        return sink_->Reject(0, line.text);
      }
      report_->silences.push_back(silence);
    } else {
      sink_->Reject(0, marker.source);
    }
  }

  // Gives `read` the value of `key`; what is not understood, or not known, is rejected.
  template <class Read>
  void ReadFields(const FlatObject& object, const FlatEntry& marker, std::string_view key,
                  Read read) {
    for (const FlatEntry& entry : object.entries) {
      const bool understood = &entry == &marker || (entry.key == key && read(entry.value));
      if (!understood) sink_->Reject(0, entry.source);
    }
  }

  PointSink* const sink_;
  MetricsReport* const report_;
  std::string clean_;
};

}  // namespace

MetricsPosition NextMetricsPosition(MetricsPosition held, uint64_t file_size) {
  if (file_size >= held.position.offset) return held;
  return {held.generation + 1, LogPosition{}};
}

MetricsReport CutMetricsReport(LogPosition from, std::string_view bytes, const ArrivalTimes& times,
                               SeriesNames* names, const CutOptions& options) {
  const std::string_view block = bytes.substr(0, options.max_bytes);
  const LogEnd end = block.size() == bytes.size() ? options.end : LogEnd::kMayGrow;
  MetricsReport report;
  report.from = from;
  std::vector<RuleCounters> counters(1);
  PointSink sink(times, options.zone, names, &counters, &report.series, &report.points);
  MetricsLines lines(&sink, &report);
  LineSplitter splitter(from, block, end, options.max_line_bytes);
  Line line;
  while (report.points.size() < options.max_points && splitter.Next(&line)) {
    const uint64_t bad_before = BadSoFar(counters[0]);
    lines.Read(line);
    ++report.lines;
    if (BadSoFar(counters[0]) > bad_before) {
      ++report.bad_lines;
      report.last_bad_line = {MakeSample(line.text), line.offset};
    }
    if (line.cut) ++report.long_lines;
  }
  report.to = splitter.position();
  report.counters = std::move(counters[0]);
  return report;
}

}  // namespace xp::capture
