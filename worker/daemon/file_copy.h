// Copies of files and folders that cost nothing where the file system can share blocks. Free
// functions; safe from any thread. Errors: the file system's, with the path.
#pragma once

#include <absl/status/status.h>

#include <string>

namespace xp::daemon {

enum class CopyHow {
  kOwn,    // a copy of its own: reflink, else the bytes; it may be written to
  kShare,  // reflink, else a hard link, else the bytes
};

// `to` must not exist; its folder must.
absl::Status CopyFile(const std::string& from, const std::string& to, CopyHow how);

// Copies a folder with all it holds under `to`, which must not exist: built aside and renamed, so
// that it is there whole or not at all. Symbolic links stay links; sockets and pipes are left out.
absl::Status CopyFolder(const std::string& from, const std::string& to, CopyHow how);

// Makes the folder and its parents.
absl::Status MakeFolder(const std::string& path);

// Removes a file or a folder with all it holds; nothing there is fine.
absl::Status RemoveAll(const std::string& path);

}  // namespace xp::daemon
