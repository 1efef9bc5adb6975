#include "client/xpctl/spec/matrix.h"

#include <absl/strings/ascii.h>

#include "client/xpctl/spec/param_value.h"

namespace xp::xpctl {
namespace {

std::string NamePart(const std::string& text) {
  std::string part = text;
  for (char& c : part) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '_' && c != '-') {
      c = '_';
    }
  }
  return part;
}

}  // namespace

uint64_t MatrixSize(const std::vector<MatrixAxis>& matrix) {
  uint64_t size = 1;
  for (const MatrixAxis& axis : matrix) {
    if (size > 1'000'000'000) return size;
    size *= axis.values.size();
  }
  return size;
}

std::vector<SpecTrial> Multiply(const SpecTrial& trial) {
  SpecTrial bare = trial;
  bare.section.matrix.clear();
  std::vector<SpecTrial> trials{bare};
  for (const MatrixAxis& axis : trial.section.matrix) {
    std::vector<SpecTrial> next;
    next.reserve(trials.size() * axis.values.size());
    for (const SpecTrial& each : trials) {
      for (const v1::Param& value : axis.values) {
        const std::string text = value.kind() == v1::PARAM_KIND_NULL ? "null" : value.text();
        next.push_back(each);
        next.back().name += "-" + NamePart(axis.key) + "-" + NamePart(text);
        SetParam(value, &next.back().section.params);
      }
    }
    trials = std::move(next);
  }
  return trials;
}

}  // namespace xp::xpctl
