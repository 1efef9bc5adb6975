// Where a folder stands in its git repository: for the record of what was run. Asks the git
// program; without one, or without a repository, nothing is known. Any thread.
#pragma once

#include <string>

namespace xp::xpctl {

struct GitState {
  std::string commit;  // empty: no repository
  std::string diff;    // of tracked files from it; empty: none, or beyond 16 MiB
};

GitState ReadGitState(const std::string& folder);

}  // namespace xp::xpctl
