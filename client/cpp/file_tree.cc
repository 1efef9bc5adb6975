#include "client/cpp/file_tree.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "client/cpp/file_manifest.h"
#include "client/cpp/system_error.h"

namespace xp::client {
namespace {

using FileId = std::pair<dev_t, ino_t>;

class Walker {
 public:
  Walker(const WalkOptions& options, Tree* tree) : options_(options), tree_(tree) {}

  absl::Status Enter(const std::string& path, const std::string& full_path, FileId id) {
    if (std::find(parents_.begin(), parents_.end(), id) != parents_.end()) {
      return absl::FailedPreconditionError(full_path +
                                           ": a link that leads back to a folder that holds it");
    }
    parents_.push_back(id);
    if (options_.enter) XP_RETURN_IF_ERROR(options_.enter(path, full_path));
    XP_ASSIGN_OR_RETURN(const std::vector<std::string> names, Names(full_path));
    for (const std::string& name : names) {
      absl::Status status = Visit(path.empty() ? name : path + "/" + name, full_path + "/" + name);
      if (status.ok()) continue;
      if (options_.on_trouble == OnTrouble::kFail) return status;
      tree_->troubles.push_back(std::move(status));
    }
    parents_.pop_back();
    return absl::OkStatus();
  }

 private:
  // A folder that is left out half-way is no parent of what comes after it.
  absl::Status EnterBelow(const std::string& path, const std::string& full_path, FileId id) {
    const size_t depth = parents_.size();
    absl::Status status = Enter(path, full_path, id);
    parents_.resize(depth);
    return status;
  }

  static absl::StatusOr<std::vector<std::string>> Names(const std::string& folder) {
    DIR* const dir = ::opendir(folder.c_str());
    if (dir == nullptr) return SystemError(errno, folder);
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(dir)) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(name);
    }
    ::closedir(dir);
    std::sort(names.begin(), names.end());
    return names;
  }

  absl::Status Visit(const std::string& path, const std::string& full_path) {
    struct stat info {};
    if (::stat(full_path.c_str(), &info) != 0) {
      if (errno != ENOENT && errno != ELOOP) return SystemError(errno, full_path);
      if (!Skips(path, EntryKind::kFile)) tree_->left_out.push_back(path);
      return absl::OkStatus();
    }
    if (S_ISDIR(info.st_mode)) {
      if (Skips(path, EntryKind::kFolder)) return absl::OkStatus();
      return EnterBelow(path, full_path, {info.st_dev, info.st_ino});
    }
    if (Skips(path, EntryKind::kFile)) return absl::OkStatus();
    if (!S_ISREG(info.st_mode)) {
      tree_->left_out.push_back(path);
      return absl::OkStatus();
    }
    XP_RETURN_IF_ERROR(Annotate(CheckRelativePath(path), full_path));
    if (tree_->files.size() >= options_.max_files) {
      return absl::FailedPreconditionError(
          absl::StrCat(full_path, ": more than ", options_.max_files, " files"));
    }
    const auto size = static_cast<uint64_t>(info.st_size);
    tree_->files.push_back({path, full_path, size, (info.st_mode & S_IXUSR) != 0});
    tree_->total_bytes += size;
    return absl::OkStatus();
  }

  bool Skips(const std::string& path, EntryKind kind) const {
    return options_.skip && options_.skip(path, kind);
  }

  const WalkOptions& options_;
  Tree* const tree_;
  std::vector<FileId> parents_;
};

}  // namespace

absl::StatusOr<Tree> WalkTree(const std::string& folder, const WalkOptions& options) {
  struct stat info {};
  if (::stat(folder.c_str(), &info) != 0) return SystemError(errno, folder);
  if (!S_ISDIR(info.st_mode)) return absl::FailedPreconditionError(folder + ": is no folder");
  Tree tree;
  XP_RETURN_IF_ERROR(Walker(options, &tree).Enter("", folder, {info.st_dev, info.st_ino}));
  std::sort(tree.files.begin(), tree.files.end(),
            [](const TreeFile& a, const TreeFile& b) { return a.path < b.path; });
  std::sort(tree.left_out.begin(), tree.left_out.end());
  return tree;
}

}  // namespace xp::client
