#include <charconv>
#include <utility>

#include "proto/resource_name.h"
#include "proto/status.h"
#include "server/core/filter.h"
#include "server/core/page_token.h"
#include "server/store/sqlite/experiment_row.h"
#include "server/store/sqlite/page_budget.h"
#include "server/store/sqlite/trial_reads.h"
#include "server/store/words.h"

namespace xp::store {
namespace {

const std::vector<core::FilterField>& Fields() {
  static const std::vector<core::FilterField> fields = {
      {"name", core::FilterField::Kind::kPlain, core::TextCase::kFolded, {}},
      {"description", core::FilterField::Kind::kPlain, core::TextCase::kExact, {}},
      {"create_time", core::FilterField::Kind::kPlain, core::TextCase::kExact, {}},
      {"tags", core::FilterField::Kind::kMap, core::TextCase::kExact, {}},
  };
  return fields;
}

std::optional<std::string> Lookup(const ExperimentRow& row, const core::FilterPath& path) {
  if (path[0] == "name") return row.name;
  if (path[0] == "description") return row.description;
  if (path[0] == "create_time") {
    return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixNanos(row.create_time),
                            absl::UTCTimeZone());
  }
  if (path[0] == "tags" && path.size() > 1) {
    TagMap tags;
    TagsFromJson(row.tags, tags);
    const auto tag = tags.find(path[1]);
    if (tag != tags.end()) return tag->second;
  }
  return std::nullopt;
}

enum class Order { kCreate, kCreateDescending, kName, kNameDescending };

absl::StatusOr<Order> ParseOrder(std::string_view text) {
  if (text.empty() || text == "-create_time") return Order::kCreateDescending;
  if (text == "create_time") return Order::kCreate;
  if (text == "name") return Order::kName;
  if (text == "-name") return Order::kNameDescending;
  return absl::InvalidArgumentError(absl::StrCat(
      "order_by: '", ToAbsl(text), "' is no order; -create_time, create_time, name and -name are"));
}

absl::Status FillPage(Database& db, Query& query, const core::Filter& filter, int page_size,
                      const core::RequestFingerprint& fingerprint, Order order,
                      v1::ListExperimentsResponse& response) {
  std::string last;
  PageBudget page(page_size);
  while (query.Next()) {
    const ExperimentRow row = ReadExperimentRow(query);
    if (!filter.Matches([&](const core::FilterPath& path) { return Lookup(row, path); })) continue;
    XP_ASSIGN_OR_RETURN(v1::Experiment experiment, ToExperiment(db, row));
    if (!page.Take(experiment)) {
      response.set_next_page_token(core::MakePageToken(last, fingerprint));
      return absl::OkStatus();
    }
    *response.add_experiments() = std::move(experiment);
    const bool by_name = order == Order::kName || order == Order::kNameDescending;
    last = by_name ? FoldName(row.name) : std::to_string(row.id);
  }
  return query.status();
}

}  // namespace

absl::StatusOr<v1::Experiment> SqliteExperimentReads::Get(std::string_view name) {
  ReadSession session(pool_);
  XP_RETURN_IF_ERROR(session.status());
  XP_ASSIGN_OR_RETURN(const ExperimentRow row, FindExperiment(session.db(), name));
  return ToExperiment(session.db(), row);
}

absl::StatusOr<v1::ListExperimentsResponse> SqliteExperimentReads::List(
    const v1::ListExperimentsRequest& request) {
  core::RequestFingerprint fingerprint("ListExperiments");
  fingerprint.Add("filter", request.filter()).Add("order_by", request.order_by());
  XP_ASSIGN_OR_RETURN(const int page_size, core::CheckPageSize(request.page_size()));
  XP_ASSIGN_OR_RETURN(const std::string after,
                      core::ReadPageToken(request.page_token(), fingerprint));
  XP_ASSIGN_OR_RETURN(const Order order, ParseOrder(request.order_by()));
  XP_ASSIGN_OR_RETURN(const core::Filter filter,
                      core::Filter::Parse("filter", request.filter(), Fields()));
  int64_t id = 0;
  std::from_chars(after.data(), after.data() + after.size(), id);
  ReadSession session(pool_);
  XP_RETURN_IF_ERROR(session.status());
  Database& db = session.db();
  v1::ListExperimentsResponse response;
  const auto fill = [&](Query& query) {
    return FillPage(db, query, filter, page_size, fingerprint, order, response);
  };
  switch (order) {
    case Order::kCreate: {
      Query query(db, "SELECT " XP_EXPERIMENT_COLUMNS "WHERE deleted = 0 AND id > ? ORDER BY id",
                  id);
      XP_RETURN_IF_ERROR(fill(query));
      break;
    }
    case Order::kCreateDescending: {
      Query query(db,
                  "SELECT " XP_EXPERIMENT_COLUMNS
                  "WHERE deleted = 0 AND (?1 = 0 OR id < ?1) ORDER BY id DESC",
                  id);
      XP_RETURN_IF_ERROR(fill(query));
      break;
    }
    case Order::kName: {
      Query query(db,
                  "SELECT " XP_EXPERIMENT_COLUMNS
                  "WHERE deleted = 0 AND folded_name > ? ORDER BY folded_name",
                  after);
      XP_RETURN_IF_ERROR(fill(query));
      break;
    }
    case Order::kNameDescending: {
      Query query(db,
                  "SELECT " XP_EXPERIMENT_COLUMNS
                  "WHERE deleted = 0 AND (?1 = '' OR folded_name < ?1) ORDER BY folded_name DESC",
                  after);
      XP_RETURN_IF_ERROR(fill(query));
      break;
    }
  }
  return response;
}

}  // namespace xp::store
