#include "worker/trainer/train/results.h"

#include <absl/strings/str_format.h>
#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "worker/trainer/files.h"
#include "worker/trainer/train/log_lines.h"

namespace xp::trainer {
namespace {

using Json = nlohmann::ordered_json;

std::string CsvField(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == text.npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace

absl::Status WriteEvalResults(const std::filesystem::path& file,
                              std::vector<std::pair<std::string, double>> entries) {
  std::sort(entries.begin(), entries.end());
  std::string text;
  for (const auto& [name, value] : entries) text += name + " = " + PythonFloat(value) + "\n";
  return WriteFile(file, text);
}

absl::Status WritePredictions(const std::filesystem::path& file,
                              const std::vector<std::string>& labels,
                              std::span<const int32_t> truths, std::span<const float> logits) {
  std::string text = "index,label,predicted";
  for (const std::string& label : labels) text += "," + CsvField("p_" + label);
  text += "\n";
  for (size_t i = 0; i < truths.size(); ++i) {
    const std::span<const float> row = logits.subspan(i * labels.size(), labels.size());
    const auto best = size_t(std::max_element(row.begin(), row.end()) - row.begin());
    text += std::to_string(i) + "," + CsvField(labels[size_t(truths[i])]) + "," +
            CsvField(labels[best]);
    for (const double p : Softmax(row)) text += absl::StrFormat(",%.6f", p);
    text += "\n";
  }
  return WriteFile(file, text);
}

absl::Status WriteConfusion(const std::filesystem::path& file,
                            const std::vector<std::string>& labels, const Confusion& confusion) {
  Json rows = Json::array();
  for (size_t truth = 0; truth < confusion.classes; ++truth) {
    Json row = Json::array();
    for (size_t p = 0; p < confusion.classes; ++p) row.push_back(confusion.at(truth, p));
    rows.push_back(row);
  }
  const Json all = {{"labels", labels}, {"rows_are_truth", true}, {"counts", rows}};
  return WriteFile(file, all.dump(2) + "\n");
}

absl::Status AppendResumedMarker(const std::filesystem::path& file, uint64_t step) {
  std::ofstream out(file, std::ios::binary | std::ios::app);
  if (!out) return ErrnoStatus("cannot open", file);
  out << Json{{"xp", "resumed"}, {"step", step}}.dump() + "\n" << std::flush;
  return out ? absl::OkStatus() : ErrnoStatus("cannot write", file);
}

std::vector<double> Softmax(std::span<const float> logits) {
  const double top = *std::max_element(logits.begin(), logits.end());
  std::vector<double> out;
  double sum = 0;
  for (const float logit : logits) {
    out.push_back(std::exp(double(logit) - top));
    sum += out.back();
  }
  for (double& p : out) p /= sum;
  return out;
}

}  // namespace xp::trainer
