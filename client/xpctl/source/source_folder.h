// The folder that a trial's program comes from, as it is sent: without what .gitignore and
// .xpignore leave out (those of the folders above up to the repository's top count too) and without
// .git; with the commit and the difference from it, for the record.
//
// Errors: RESOURCE_EXHAUSTED beyond 1 GiB (names the largest files), else those of WalkTree and
// HashTree. Functions; safe from any thread.
#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>
#include <vector>

#include "client/cpp/file_manifest.h"

namespace xp::xpctl {

struct SourceFolder {
  client::Folder folder;
  std::vector<std::string> left_out;           // neither file nor folder: sockets, links to nothing
  std::string git_commit;                      // empty: no repository
  std::optional<client::BlobSource> git_diff;  // of tracked files; empty: none, or beyond 16 MiB
};

absl::StatusOr<SourceFolder> ReadSourceFolder(const std::string& path);

}  // namespace xp::xpctl
