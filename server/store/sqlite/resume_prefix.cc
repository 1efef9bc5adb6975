#include "server/store/sqlite/resume_prefix.h"

#include "proto/status.h"

namespace xp::store {
namespace {

core::AttemptStart StartOf(const AttemptRow& attempt) {
  return attempt.resumed ? core::AttemptStart::kResumed : core::AttemptStart::kFresh;
}

}  // namespace

absl::Status PrefixKeeper::LoadOlder() {
  if (loaded_) return absl::OkStatus();
  XP_ASSIGN_OR_RETURN(auto attempts, ListAttemptRows(db_, trial_.id));
  for (AttemptRow& attempt : attempts) {
    if (attempt.number >= attempt_.number) break;
    XP_ASSIGN_OR_RETURN(SeriesSet series, SeriesSet::Load(db_, attempt.id));
    older_.push_back({std::move(attempt), std::move(series)});
  }
  loaded_ = true;
  return absl::OkStatus();
}

absl::Status PrefixKeeper::Update(SeriesEntry& entry) {
  XP_RETURN_IF_ERROR(LoadOlder());
  std::vector<core::AttemptSeries> attempts;
  for (const Older& older : older_) {
    const auto number = older.series.Preferred(entry.metric);
    attempts.push_back(number ? older.series.entries()[*number].ForResume(older.attempt.number,
                                                                          StartOf(older.attempt))
                              : core::AttemptSeries{older.attempt.number, StartOf(older.attempt)});
  }
  attempts.push_back(entry.ForResume(attempt_.number, StartOf(attempt_)));
  const core::SeriesView view = core::ChooseAttempts(attempts);
  entry.prefix.reset();
  for (size_t i = 0; i + 1 < view.parts.size(); ++i) {
    for (const Older& older : older_) {
      if (older.attempt.number != view.parts[i].attempt) continue;
      const auto number = older.series.Preferred(entry.metric);
      if (!number) continue;
      XP_ASSIGN_OR_RETURN(const core::MetricSummary part,
                          Summarise(older.series, *number, view.parts[i].cut));
      entry.prefix = entry.prefix ? core::Merge(*entry.prefix, part) : part;
    }
  }
  return absl::OkStatus();
}

absl::Status PrefixKeeper::UpdateAll() {
  XP_ASSIGN_OR_RETURN(SeriesSet set, SeriesSet::Load(db_, attempt_.id));
  for (uint32_t i = 0; i < set.entries().size(); ++i) {
    if (set.entries()[i].status != SeriesStatus::kLive) continue;
    XP_RETURN_IF_ERROR(Update(set.Edit(i)));
  }
  return set.Save(db_);
}

absl::StatusOr<core::MetricSummary> PrefixKeeper::Summarise(const SeriesSet& series,
                                                            uint32_t number,
                                                            const core::PointCut& cut) {
  core::MetricSummary summary;
  XP_RETURN_IF_ERROR(ForEachChunk(db_, series.attempt_id(), number,
                                  [&](const std::vector<core::MetricPoint>& points) {
                                    for (const core::MetricPoint& point : points) {
                                      if (cut.Counts(point)) summary.Add(point);
                                    }
                                    return absl::OkStatus();
                                  }));
  return summary;
}

}  // namespace xp::store
