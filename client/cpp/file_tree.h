// The files of a folder on this machine, in a fixed order. Symbolic links are followed (Hugging
// Face caches consist of them); a link back to a parent folder is an error, not an endless walk.
//
// Errors: NOT_FOUND, PERMISSION_DENIED, FAILED_PRECONDITION (a loop, too many files),
// INVALID_ARGUMENT (a name that is not UTF-8), each with the path. Functions; safe from any thread.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace xp::client {

struct TreeFile {
  std::string path;       // relative to the folder, '/'-separated
  std::string full_path;  // to open it
  uint64_t size = 0;      // bytes, when it was looked at
  bool executable = false;
};

enum class EntryKind { kFile, kFolder };

// What becomes of a walk when one entry cannot be taken.
enum class OnTrouble {
  kFail,     // the error is the answer
  kLeaveOut  // the entry goes to Tree::troubles, the rest is taken
};

struct WalkOptions {
  // Asked for each entry by its relative path; true leaves it out (a folder with all it holds).
  // Empty: nothing is left out. Called before the entries of a folder with the folder itself.
  std::function<bool(std::string_view path, EntryKind kind)> skip;
  // Called when a folder is entered, "" for the top: where ignore files are read.
  std::function<absl::Status(std::string_view path, const std::string& full_path)> enter;
  size_t max_files = 1'000'000;
  OnTrouble on_trouble = OnTrouble::kFail;
};

struct Tree {
  std::vector<TreeFile> files;         // by path, in byte order
  std::vector<std::string> left_out;   // sockets, pipes, devices and links to nothing, by path
  std::vector<absl::Status> troubles;  // with OnTrouble::kLeaveOut, in the order of the walk
  uint64_t total_bytes = 0;
};

absl::StatusOr<Tree> WalkTree(const std::string& folder, const WalkOptions& options = {});

}  // namespace xp::client
