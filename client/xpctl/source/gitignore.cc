#include "client/xpctl/source/gitignore.h"

#include <cctype>
#include <cstdint>

namespace xp::xpctl {
namespace {

bool InNamedClass(std::string_view name, unsigned char c) {
  if (name == "alnum") return std::isalnum(c) != 0;
  if (name == "alpha") return std::isalpha(c) != 0;
  if (name == "blank") return c == ' ' || c == '\t';
  if (name == "cntrl") return std::iscntrl(c) != 0;
  if (name == "digit") return std::isdigit(c) != 0;
  if (name == "graph") return std::isgraph(c) != 0;
  if (name == "lower") return std::islower(c) != 0;
  if (name == "print") return std::isprint(c) != 0;
  if (name == "punct") return std::ispunct(c) != 0;
  if (name == "space") return std::isspace(c) != 0;
  if (name == "upper") return std::isupper(c) != 0;
  if (name == "xdigit") return std::isxdigit(c) != 0;
  return false;
}

// Matches `c` against the class that begins with '[' at `*at`, moving `*at` behind its ']'. Without
// a ']' nothing matches.
bool MatchesClass(std::string_view pattern, size_t* at, char c) {
  size_t i = *at + 1;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  bool matched = false;
  for (bool first = true; i < pattern.size() && (first || pattern[i] != ']'); first = false) {
    if (pattern.substr(i, 2) == "[:") {
      const size_t end = pattern.find(":]", i + 2);
      if (end != pattern.npos) {
        matched |= InNamedClass(pattern.substr(i + 2, end - i - 2), static_cast<unsigned char>(c));
        i = end + 2;
        continue;
      }
    }
    if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
    const auto low = static_cast<unsigned char>(pattern[i++]);
    auto high = low;
    if (i + 1 < pattern.size() && pattern[i] == '-' && pattern[i + 1] != ']') {
      ++i;
      if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
      high = static_cast<unsigned char>(pattern[i++]);
    }
    matched |= low <= static_cast<unsigned char>(c) && static_cast<unsigned char>(c) <= high;
  }
  if (i >= pattern.size()) return false;
  *at = i + 1;
  return matched != negated && c != '/';
}

// Remembers each pair of places that failed, so that no pattern takes more than pattern x path.
class Matcher {
 public:
  Matcher(std::string_view pattern, std::string_view path)
      : pattern_(pattern), path_(path), failed_((pattern.size() + 1) * (path.size() + 1)) {}

  bool Match(size_t p, size_t t) {
    uint8_t& failed = failed_[p * (path_.size() + 1) + t];
    if (failed != 0) return false;
    if (MatchHere(p, t)) return true;
    failed = 1;
    return false;
  }

 private:
  bool MatchHere(size_t p, size_t t) {
    for (; p < pattern_.size(); ++p, ++t) {
      if (pattern_[p] == '*') return MatchStar(p, t);
      if (t == path_.size()) return false;
      if (pattern_[p] == '?') {
        if (path_[t] == '/') return false;
      } else if (pattern_[p] == '[') {
        if (!MatchesClass(pattern_, &p, path_[t])) return false;
        --p;
      } else {
        if (pattern_[p] == '\\' && p + 1 < pattern_.size()) ++p;
        if (pattern_[p] != path_[t]) return false;
      }
    }
    return t == path_.size();
  }

  bool MatchStar(size_t p, size_t t) {
    size_t end = p;
    while (end < pattern_.size() && pattern_[end] == '*') ++end;
    const bool after_slash = p == 0 || pattern_[p - 1] == '/';
    if (end - p == 2 && after_slash && end == pattern_.size()) return t < path_.size();
    if (end - p == 2 && after_slash && pattern_[end] == '/') {
      // "**/": no folder, or any number of them.
      if (Match(end + 1, t)) return true;
      for (size_t i = t; i < path_.size(); ++i) {
        if (path_[i] == '/' && Match(end + 1, i + 1)) return true;
      }
      return false;
    }
    for (size_t i = t;; ++i) {
      if (Match(end, i)) return true;
      if (i == path_.size() || path_[i] == '/') return false;
    }
  }

  const std::string_view pattern_;
  const std::string_view path_;
  std::vector<uint8_t> failed_;
};

// Without trailing blanks, but for an escaped one.
std::string_view TrimEnd(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  while (line.ends_with(' ')) {
    size_t backslashes = 0;
    while (backslashes + 1 < line.size() && line[line.size() - 2 - backslashes] == '\\') {
      ++backslashes;
    }
    if (backslashes % 2 == 1) break;
    line.remove_suffix(1);
  }
  return line;
}

}  // namespace

bool MatchesWildcards(std::string_view pattern, std::string_view path) {
  return Matcher(pattern, path).Match(0, 0);
}

void IgnoreRules::AddFile(std::string_view folder, std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = TrimEnd(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    Rule rule;
    rule.folder = folder;
    if (line.front() == '!') {
      rule.negated = true;
      line.remove_prefix(1);
    }
    if (line.ends_with('/')) {
      rule.folders_only = true;
      line.remove_suffix(1);
    }
    rule.anchored = line.find('/') != line.npos;
    if (line.starts_with('/')) line.remove_prefix(1);
    if (line.empty()) continue;
    rule.pattern = line;
    rules_.push_back(std::move(rule));
  }
}

bool IgnoreRules::Ignores(std::string_view path, Kind kind) const {
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if (rule->folders_only && kind != Kind::kFolder) continue;
    std::string_view below = path;
    if (!rule->folder.empty()) {
      if (!path.starts_with(rule->folder) || path.size() <= rule->folder.size() ||
          path[rule->folder.size()] != '/') {
        continue;
      }
      below = path.substr(rule->folder.size() + 1);
    }
    if (!rule->anchored) below = below.substr(below.find_last_of('/') + 1);
    if (MatchesWildcards(rule->pattern, below)) return !rule->negated;
  }
  return false;
}

}  // namespace xp::xpctl
