#include "client/xpctl/source/source_folder.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "client/xpctl/source/git_state.h"
#include "client/xpctl/source/gitignore.h"
#include "client/xpctl/spec/quantities.h"
#include "proto/limits.h"
#include "proto/status.h"

namespace xp::xpctl {
namespace {

namespace fs = std::filesystem;

void AddIgnoreFiles(const std::string& folder, const std::string& relative, IgnoreRules* rules) {
  for (const char* name : {".gitignore", ".xpignore"}) {
    std::ifstream stream(folder + "/" + name, std::ios::binary);
    if (!stream) continue;
    const std::string text(std::istreambuf_iterator<char>(stream), {});
    rules->AddFile(relative, text);
  }
}

// The top of the repository that holds `folder`, or `folder` itself.
fs::path RepositoryTop(const fs::path& folder) {
  std::error_code error;
  for (fs::path at = folder;; at = at.parent_path()) {
    if (fs::exists(at / ".git", error)) return at;
    if (at == at.parent_path()) return folder;
  }
}

absl::Status TooLarge(const client::Tree& tree, const std::string& path) {
  std::vector<client::TreeFile> files = tree.files;
  const size_t shown = std::min<size_t>(3, files.size());
  std::partial_sort(files.begin(), files.begin() + static_cast<std::ptrdiff_t>(shown), files.end(),
                    [](const auto& a, const auto& b) { return a.size > b.size; });
  std::string largest;
  for (size_t i = 0; i < shown; ++i) {
    absl::StrAppend(&largest, i > 0 ? ", " : "", files[i].path, " (", ShowSize(files[i].size), ")");
  }
  return absl::ResourceExhaustedError(absl::StrCat(
      path, ": the source folder holds ", ShowSize(tree.total_bytes), "; at most 1 GiB. Largest: ",
      largest, ". Leave files out with .xpignore, or send data as inputs"));
}

}  // namespace

absl::StatusOr<SourceFolder> ReadSourceFolder(const std::string& path) {
  std::error_code error;
  const fs::path folder = fs::weakly_canonical(path, error);
  if (error) return absl::NotFoundError(path + ": " + error.message());
  const fs::path top = RepositoryTop(folder);
  const std::string below = folder == top ? "" : folder.lexically_relative(top).string();

  IgnoreRules rules;
  // From the top down to the parent; the walk adds the folder's own and what lies below.
  if (!below.empty()) {
    AddIgnoreFiles(top.string(), "", &rules);
    fs::path at;
    for (const fs::path& part : fs::path(below).parent_path()) {
      at /= part;
      AddIgnoreFiles((top / at).string(), at.string(), &rules);
    }
  }
  const auto from_top = [&](std::string_view relative) {
    if (below.empty()) return std::string(relative);
    return relative.empty() ? below : below + "/" + std::string(relative);
  };
  client::WalkOptions options;
  options.enter = [&](std::string_view relative, const std::string& full_path) {
    AddIgnoreFiles(full_path, from_top(relative), &rules);
    return absl::OkStatus();
  };
  options.skip = [&](std::string_view relative, client::EntryKind kind) {
    const std::string_view name = relative.substr(relative.find_last_of('/') + 1);
    if (name == ".git") return true;
    return rules.Ignores(from_top(relative), kind == client::EntryKind::kFolder
                                                 ? IgnoreRules::Kind::kFolder
                                                 : IgnoreRules::Kind::kFile);
  };
  XP_ASSIGN_OR_RETURN(client::Tree tree, client::WalkTree(folder.string(), options));
  if (tree.total_bytes > limits::kSourceDirMaxBytes) return TooLarge(tree, path);
  SourceFolder source;
  XP_ASSIGN_OR_RETURN(source.folder, client::HashTree(tree));
  source.left_out = std::move(tree.left_out);
  GitState git = ReadGitState(folder.string());
  source.git_commit = std::move(git.commit);
  if (!git.diff.empty()) source.git_diff = client::BlobOfBytes(std::move(git.diff));
  return source;
}

}  // namespace xp::xpctl
