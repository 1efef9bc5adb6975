#include "client/xpctl/export_frame.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <array>
#include <set>
#include <tuple>
#include <utility>

#include "client/xpctl/format.h"
#include "client/xpctl/spec/yaml_tree.h"

namespace xp::xpctl {
namespace {

using nlohmann::ordered_json;
using Record = std::map<std::string, ordered_json>;

constexpr std::array<const char*, 9> kTrailing{"Trials",  "Experiments", "State",
                                               "Reason",  "CreateTime",  "StartTime",
                                               "EndTime", "Worker",      "Attempt"};
constexpr std::array<const char*, 6> kStatistics{"Min", "Max", "Avg", "StdDev", "Last", "Count"};

ordered_json Statistic(const v1::Summary& summary, std::string_view name) {
  if (name == "Count") return summary.count();
  if (summary.count() == 0) return nullptr;
  if (name == "Min") return summary.min();
  if (name == "Max") return summary.max();
  if (name == "Avg") return summary.avg();
  if (name == "StdDev") return summary.stddev();
  return summary.last();
}

// A number where the text is a decimal one: what SageMaker's NumberValue is.
ordered_json NumberOrText(const std::string& text) {
  YamlNode scalar;
  scalar.kind = YamlNode::Kind::kScalar;
  scalar.text = text;
  if (KindOf(scalar) != ScalarKind::kNumber) return text;
  int64_t whole = 0;
  if (text.find_first_of(".eE") == text.npos && absl::SimpleAtoi(text, &whole)) return whole;
  double number = 0;
  if (!absl::SimpleAtod(text, &number)) return text;
  return number;
}

std::string InputValue(const v1::InputChannel& channel) {
  switch (channel.source_case()) {
    case v1::InputChannel::kDataset:
      return "dataset:" + channel.dataset();
    case v1::InputChannel::kWorkerPath:
      return "file://" + channel.worker_path();
    default:
      return "sha256:" + channel.manifest_sha256();
  }
}

// Empty for what the frame does not show.
std::string OutputName(const v1::ArtifactFolder& folder) {
  if (folder.path() == "model") return "SageMaker.ModelArtifact";
  return folder.path() == "output" ? "SageMaker.OutputArtifact" : "";
}

std::tuple<int64_t, int32_t> Changed(const v1::CompareRow& row) {
  const auto key = [](const google::protobuf::Timestamp& time) {
    return std::tuple(time.seconds(), time.nanos());
  };
  return std::max({key(row.create_time()), key(row.start_time()), key(row.end_time())});
}

std::vector<const v1::CompareRow*> NewestFirst(const v1::CompareTrialsResponse& comparison) {
  std::vector<const v1::CompareRow*> rows;
  for (const v1::CompareRow& row : comparison.rows()) rows.insert(rows.begin(), &row);
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto* a, const auto* b) { return Changed(*a) > Changed(*b); });
  return rows;
}

template <class T>
const std::vector<T>& Of(const std::map<std::string, std::vector<T>>& map,
                         const std::string& name) {
  static const std::vector<T>& none = *new std::vector<T>();
  const auto found = map.find(name);
  return found == map.end() ? none : found->second;
}

class FrameMaker {
 public:
  explicit FrameMaker(const FrameSource& source)
      : source_(source), rows_(NewestFirst(source.comparison)) {}

  Frame Make() {
    MakeHeader();
    Frame frame;
    for (const std::string& name : header_) frame.table.columns.push_back({name});
    for (const v1::CompareRow* row : rows_) {
      const Record record = MakeRecord(*row);
      ordered_json object = ordered_json::object();
      std::vector<Cell> cells;
      for (const std::string& name : header_) {
        const auto found = record.find(name);
        const ordered_json value = found == record.end() ? ordered_json() : found->second;
        object[name] = value;
        cells.emplace_back(CellText(value));
      }
      frame.records.push_back(std::move(object));
      frame.table.rows.push_back(std::move(cells));
    }
    return frame;
  }

 private:
  static std::string CellText(const ordered_json& value) {
    if (value.is_null()) return "";
    if (value.is_string()) return value.get<std::string>();
    if (value.is_number_float()) return ExactNumber(value.get<double>());
    if (value.is_array()) return "['" + value[0].get<std::string>() + "']";  // as pandas writes it
    return value.dump();
  }

  void AddColumn(const std::string& name) {
    if (known_.insert(name).second) header_.push_back(name);
  }

  void MakeHeader() {
    std::set<std::string> params;
    std::set<std::string> artifacts;  // of inputs, then of outputs
    std::vector<std::string> metrics;
    std::vector<std::string> files;
    for (const v1::CompareColumn& column : source_.comparison.columns()) {
      for (const char* statistic : kStatistics) {
        metrics.push_back(column.metric() + " - " + statistic);
      }
    }
    const auto add_files = [&] {
      for (const std::string& name : artifacts) {
        files.push_back(name + " - MediaType");
        files.push_back(name + " - Value");
      }
      artifacts.clear();
    };
    for (const v1::CompareRow* row : rows_) {
      for (const v1::NameValue& param : row->params()) params.insert(param.name());
      for (const auto& channel : Of(source_.inputs, row->name())) artifacts.insert(channel.name());
    }
    add_files();
    for (const v1::CompareRow* row : rows_) {
      for (const v1::ArtifactFolder& folder : Of(source_.outputs, row->name())) {
        artifacts.insert(OutputName(folder));
      }
    }
    artifacts.erase("");
    add_files();

    std::set<std::string> taken(kTrailing.begin(), kTrailing.end());
    taken.insert({"TrialComponentName", "DisplayName"});
    taken.insert(metrics.begin(), metrics.end());
    taken.insert(files.begin(), files.end());
    AddColumn("TrialComponentName");
    AddColumn("DisplayName");
    for (const std::string& param : params) {
      // A parameter never overwrites another column (SageMaker's does, silently).
      param_columns_[param] = taken.contains(param) ? "params." + param : param;
      AddColumn(param_columns_[param]);
    }
    for (const std::string& name : metrics) AddColumn(name);
    for (const std::string& name : files) AddColumn(name);
    for (const char* name : kTrailing) AddColumn(name);
  }

  Record MakeRecord(const v1::CompareRow& row) const {
    Record record;
    record["TrialComponentName"] = row.experiment() + "-" + row.trial();
    record["DisplayName"] = row.trial();
    for (const v1::NameValue& param : row.params()) {
      record[param_columns_.at(param.name())] = NumberOrText(param.value());
    }
    for (int c = 0; c < row.cells_size() && c < source_.comparison.columns_size(); ++c) {
      if (!row.cells(c).present()) continue;
      for (const char* statistic : kStatistics) {
        record[source_.comparison.columns(c).metric() + " - " + statistic] =
            Statistic(row.cells(c).summary(), statistic);
      }
    }
    for (const v1::InputChannel& channel : Of(source_.inputs, row.name())) {
      record[channel.name() + " - Value"] = InputValue(channel);
    }
    for (const v1::ArtifactFolder& folder : Of(source_.outputs, row.name())) {
      const std::string name = OutputName(folder);
      if (name.empty()) continue;
      record[name + " - Value"] =
          absl::StrCat("xp://", row.name(), "/", folder.attempt(), "/", folder.path());
    }
    record["Trials"] = ordered_json::array({row.trial()});
    record["Experiments"] = ordered_json::array({row.experiment()});
    record["State"] = row.state();
    record["Reason"] = row.reason();
    record["CreateTime"] = JsonTime(row.create_time());
    record["StartTime"] = JsonTime(row.start_time());
    record["EndTime"] = JsonTime(row.end_time());
    record["Worker"] = row.worker();
    record["Attempt"] = row.attempt();
    return record;
  }

  const FrameSource& source_;
  const std::vector<const v1::CompareRow*> rows_;
  std::vector<std::string> header_;
  std::set<std::string> known_;
  std::map<std::string, std::string> param_columns_;
};

}  // namespace

Frame MakeFrame(const FrameSource& source) { return FrameMaker(source).Make(); }

}  // namespace xp::xpctl
