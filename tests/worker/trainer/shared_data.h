// Data that is too large for the repository: the real vocabularies and reviews. Tests that need it
// say why they are skipped; set XP_SHARED to the folder, else it is looked for beside the sources.
#pragma once

#include <cstdlib>
#include <filesystem>

namespace xp::trainer {

inline std::filesystem::path SharedData() {
  namespace fs = std::filesystem;
  if (const char* named = std::getenv("XP_SHARED")) return fs::path(named) / "data";
  for (fs::path dir = XP_SOURCE_DIR; dir.has_relative_path(); dir = dir.parent_path()) {
    if (fs::exists(dir / "shared/data/tokenizers")) return dir / "shared/data";
  }
  return {};
}

}  // namespace xp::trainer

#define XP_NEEDS_SHARED_DATA()                                                             \
  if (SharedData().empty()) {                                                              \
    GTEST_SKIP() << "the real vocabularies are not here (set XP_SHARED to their folder); " \
                    "the small cases of this file ran";                                    \
  }
