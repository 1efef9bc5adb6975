// SageMaker's ExperimentAnalytics frame (docs/python.md, "The frame") out of a comparison: the same
// columns in the same order as the Python client's dataframe(). Pure functions.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "client/xpctl/table.h"
#include "xp/v1/artifacts.pb.h"
#include "xp/v1/metrics.pb.h"
#include "xp/v1/trials.pb.h"

namespace xp::xpctl {

struct FrameSource {
  v1::CompareTrialsResponse comparison;                            // all pages
  std::map<std::string, std::vector<v1::InputChannel>> inputs;     // by "E/T"
  std::map<std::string, std::vector<v1::ArtifactFolder>> outputs;  // by "E/T"
};

struct Frame {
  Table table;  // cells that are absent are empty
  // A list of objects, one per row; absent cells are null, numbers are numbers.
  nlohmann::ordered_json records = nlohmann::ordered_json::array();
};

Frame MakeFrame(const FrameSource& source);

}  // namespace xp::xpctl
