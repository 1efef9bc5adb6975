#include <charconv>

#include "proto/limits.h"
#include "proto/resource_name.h"
#include "proto/status.h"
#include "server/core/filter.h"
#include "server/core/page_token.h"
#include "server/core/trial_compare.h"
#include "server/store/sqlite/compare_rows.h"
#include "server/store/sqlite/experiment_row.h"
#include "server/store/sqlite/trial_reads.h"
#include "server/store/sqlite/trial_row.h"

namespace xp::store {
namespace {

// Where a list goes on: after (name, id) in the order of names, or after id.
struct Position {
  std::string name;
  int64_t id = 0;

  std::string ToString() const { return absl::StrCat(id, " ", name); }
  static Position Parse(std::string_view text) {
    Position position;
    const size_t space = std::min(text.find(' '), text.size());
    std::from_chars(text.data(), text.data() + space, position.id);
    if (space < text.size()) position.name = std::string(text.substr(space + 1));
    return position;
  }
};

enum class Order { kCreate, kCreateDescending, kName, kNameDescending };

absl::StatusOr<Order> ParseOrder(std::string_view text) {
  if (text.empty() || text == "create_time") return Order::kCreate;
  if (text == "-create_time") return Order::kCreateDescending;
  if (text == "name") return Order::kName;
  if (text == "-name") return Order::kNameDescending;
  return absl::InvalidArgumentError(absl::StrCat(
      "order_by: '", ToAbsl(text), "' is no order; create_time, -create_time, name and -name are"));
}

// Puts what matches into the page until it is full.
class PageFiller {
 public:
  PageFiller(Database& db, const v1::ListTrialsRequest& request, core::Filter filter, int page_size,
             const core::RequestFingerprint& fingerprint)
      : db_(db),
        request_(request),
        filter_(std::move(filter)),
        page_size_(page_size),
        fingerprint_(fingerprint) {}

  absl::Status Take(Query& query) {
    while (query.Next()) {
      XP_ASSIGN_OR_RETURN(const TrialRow row, ReadTrialRow(query));
      XP_ASSIGN_OR_RETURN(const bool matches, Matches(row));
      if (!matches) continue;
      if (full()) {
        response_.set_next_page_token(core::MakePageToken(last_.ToString(), fingerprint_));
        return absl::OkStatus();
      }
      XP_ASSIGN_OR_RETURN(v1::Trial trial, ToTrial(db_, row, TrialView::kShort));
      if (request_.include_spec()) {
        XP_ASSIGN_OR_RETURN(*trial.mutable_spec(), LoadSpec(db_, row.id));
      }
      bytes_ += trial.ByteSizeLong();
      *response_.add_trials() = std::move(trial);
      last_ = {FoldName(row.name), row.id};
    }
    return query.status();
  }

  v1::ListTrialsResponse Response() && { return std::move(response_); }

 private:
  bool full() const {
    return response_.trials_size() == page_size_ || bytes_ > limits::kMessageTargetBytes * 3 / 4;
  }

  absl::StatusOr<bool> Matches(const TrialRow& row) {
    if (filter_.root() == nullptr) return true;
    XP_ASSIGN_OR_RETURN(const CompareTrialRow compare, LoadCompareRow(db_, row));
    return filter_.Matches(
        [&](const core::FilterPath& path) { return core::LookupTrialField(compare.trial, path); });
  }

  Database& db_;
  const v1::ListTrialsRequest& request_;
  const core::Filter filter_;
  const int page_size_;
  const core::RequestFingerprint& fingerprint_;
  v1::ListTrialsResponse response_;
  size_t bytes_ = 0;
  Position last_;
};

}  // namespace

absl::StatusOr<v1::ListTrialsResponse> SqliteTrialReads::List(
    const v1::ListTrialsRequest& request) {
  core::RequestFingerprint fingerprint("ListTrials");
  fingerprint.Add("experiment", request.experiment())
      .Add("filter", request.filter())
      .Add("order_by", request.order_by())
      .Add("include_spec", request.include_spec() ? 1 : 0);
  XP_ASSIGN_OR_RETURN(const int page_size, core::CheckPageSize(request.page_size()));
  XP_ASSIGN_OR_RETURN(const std::string token,
                      core::ReadPageToken(request.page_token(), fingerprint));
  XP_ASSIGN_OR_RETURN(const Order order, ParseOrder(request.order_by()));
  XP_ASSIGN_OR_RETURN(core::Filter filter,
                      core::Filter::Parse("filter", request.filter(), core::TrialFilterFields()));
  const Position after = Position::Parse(token);
  ReadSession session(pool_);
  XP_RETURN_IF_ERROR(session.status());
  Database& db = session.db();
  int64_t experiment = 0;  // all
  if (!request.experiment().empty()) {
    XP_ASSIGN_OR_RETURN(const ExperimentRow row, FindExperiment(db, request.experiment()));
    experiment = row.id;
  }
  PageFiller page(db, request, std::move(filter), page_size, fingerprint);
  switch (order) {
    case Order::kCreate: {
      Query query(db,
                  "SELECT " XP_TRIAL_COLUMNS
                  " WHERE t.deleted = 0 AND (?1 = 0 OR t.experiment_id = ?1) AND t.id > ?2 "
                  "ORDER BY t.id",
                  experiment, after.id);
      XP_RETURN_IF_ERROR(page.Take(query));
      break;
    }
    case Order::kCreateDescending: {
      Query query(db,
                  "SELECT " XP_TRIAL_COLUMNS
                  " WHERE t.deleted = 0 AND (?1 = 0 OR t.experiment_id = ?1) AND "
                  "(?2 = 0 OR t.id < ?2) ORDER BY t.id DESC",
                  experiment, after.id);
      XP_RETURN_IF_ERROR(page.Take(query));
      break;
    }
    case Order::kName: {
      Query query(db,
                  "SELECT " XP_TRIAL_COLUMNS
                  " WHERE t.deleted = 0 AND (?1 = 0 OR t.experiment_id = ?1) AND "
                  "(t.folded_name, t.id) > (?2, ?3) ORDER BY t.folded_name, t.id",
                  experiment, after.name, after.id);
      XP_RETURN_IF_ERROR(page.Take(query));
      break;
    }
    case Order::kNameDescending: {
      Query query(db,
                  "SELECT " XP_TRIAL_COLUMNS
                  " WHERE t.deleted = 0 AND (?1 = 0 OR t.experiment_id = ?1) AND "
                  "(?3 = 0 OR (t.folded_name, t.id) < (?2, ?3)) "
                  "ORDER BY t.folded_name DESC, t.id DESC",
                  experiment, after.name, after.id);
      XP_RETURN_IF_ERROR(page.Take(query));
      break;
    }
  }
  return std::move(page).Response();
}

}  // namespace xp::store
