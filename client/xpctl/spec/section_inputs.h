// The parts of a section that name files on this machine: `source_dir` and `inputs`. That a path is
// there is checked here, so that a mistake is told with its line.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/xpctl/spec/trial_section.h"

namespace xp::xpctl {

std::optional<LocalPath> ReadSourceDir(MapReader* map, const std::string& folder,
                                       SpecErrors* errors);

// Each value a local path, `dataset:NAME[@VERSION]` or `file:///absolute/path/on/the/worker`.
std::vector<std::pair<std::string, SpecInput>> ReadInputs(MapReader* map, const std::string& folder,
                                                          SpecErrors* errors);

}  // namespace xp::xpctl
