#include "client/xpctl/source/git_state.h"

#include <utility>

#include "client/xpctl/source/child_output.h"

namespace xp::xpctl {
namespace {

constexpr size_t kDiffMaxBytes = 16 * 1024 * 1024;

}  // namespace

GitState ReadGitState(const std::string& folder) {
  const auto commit = ChildOutput({"git", "-C", folder, "rev-parse", "HEAD"}, 1024);
  if (!commit.ok()) return {};
  GitState state;
  state.commit = commit->substr(0, commit->find('\n'));
  auto diff = ChildOutput(
      {"git", "-C", folder, "diff", "--no-color", "--no-ext-diff", "--binary", "HEAD", "--", "."},
      kDiffMaxBytes);
  if (diff.ok()) state.diff = *std::move(diff);
  return state;
}

}  // namespace xp::xpctl
