// Folders as content-addressed blobs: a FileManifest (proto/xp/v1/blobs.proto) names each file by
// its SHA-256; its own bytes are a blob too, so that equal folders are equal blobs.
//
// Functions; safe from any thread.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "client/cpp/file_tree.h"
#include "xp/v1/blobs.pb.h"

namespace xp::client {

// The content of a blob that may have to be uploaded: a file, or bytes in memory.
struct BlobSource {
  std::string sha256;
  uint64_t size = 0;
  std::string path;  // empty: the content is `bytes`
  std::string bytes;
};

BlobSource BlobOfBytes(std::string bytes);
// Reads and hashes the file. Errors as HashFile.
absl::StatusOr<BlobSource> BlobOfFile(const std::string& path);

struct Folder {
  v1::FileManifest manifest;
  std::string manifest_sha256;
  std::vector<BlobSource> blobs;  // every file once by content, then the manifest itself
  uint64_t total_bytes = 0;       // of the files, as a folder
};

// Called after each file with the bytes hashed so far and in all.
using HashProgress = std::function<void(uint64_t done_bytes, uint64_t total_bytes)>;

// Hashes the files of a tree. FAILED_PRECONDITION: a file changed its size meanwhile.
absl::StatusOr<Folder> HashTree(const Tree& tree, const HashProgress& progress = nullptr);

// A folder or a single file (which becomes a folder with that one file) with all that it holds.
absl::StatusOr<Folder> ReadFolder(const std::string& path, const HashProgress& progress = nullptr);

// The bytes of a manifest: paths sorted in byte order. The blob's name is their SHA-256.
std::string SerializeManifest(v1::FileManifest manifest);

// INVALID_ARGUMENT unless it can be parsed, its paths are safe (CheckRelativePath), sorted and each
// there once, and no file lies where another needs a folder.
absl::StatusOr<v1::FileManifest> ParseManifest(std::string_view bytes);

// Relative, '/'-separated, UTF-8, without empty, "." or ".." parts and NUL; at most 4,096 bytes.
// What comes from a server is checked with this before it is written.
absl::Status CheckRelativePath(std::string_view path);

}  // namespace xp::client
