// Which files a list of patterns in gitignore's form leaves out (gitignore(5)): comments, `!`, a
// trailing `/` for folders, a `/` elsewhere that anchors, `*`, `?`, `[...]`, `**`; the last pattern
// that fits decides, and patterns of a deeper folder come after those of the folders above. What
// lies in an ignored folder cannot come back: whoever walks does not enter it.
//
// Not thread safe while rules are added; reading is safe from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace xp::xpctl {

class IgnoreRules {
 public:
  // The patterns of one ignore file that lies in `folder` (relative to the top, "" for the top
  // itself). Files must be added from the top down.
  void AddFile(std::string_view folder, std::string_view text);

  // `path` relative to the top; its parents are taken not to be ignored.
  enum class Kind { kFile, kFolder };
  bool Ignores(std::string_view path, Kind kind) const;

 private:
  struct Rule {
    std::string folder;  // where the ignore file lies
    std::string pattern;
    bool negated = false;
    bool folders_only = false;
    bool anchored = false;  // matched against the whole path below `folder`, else the last part
  };
  std::vector<Rule> rules_;
};

// Wildcards as git's: `*` and `?` do not match '/', `**` between slashes matches any folders.
bool MatchesWildcards(std::string_view pattern, std::string_view path);

}  // namespace xp::xpctl
