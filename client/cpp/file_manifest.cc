#include "client/cpp/file_manifest.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "client/cpp/sha256.h"
#include "client/cpp/system_error.h"
#include "client/cpp/utf8.h"

namespace xp::client {
namespace {
constexpr size_t kPathMaxBytes = 4096;
}

absl::Status CheckRelativePath(std::string_view path) {
  const auto bad = [](const char* what) {
    return absl::InvalidArgumentError(absl::StrCat("the path ", what));
  };
  if (path.empty()) return bad("is empty");
  if (path.size() > kPathMaxBytes) return bad("is longer than 4,096 bytes");
  if (path.find('\0') != path.npos) return bad("has a NUL byte in it");
  if (!IsUtf8(path)) return bad("is not UTF-8; rename the file");
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    if (part.empty()) return bad("has an empty part");
    if (part == "." || part == "..") return bad("has a part \".\" or \"..\"");
    begin = end + 1;
  }
  return absl::OkStatus();
}

BlobSource BlobOfBytes(std::string bytes) {
  BlobSource blob;
  blob.sha256 = Sha256Hex(bytes);
  blob.size = bytes.size();
  blob.bytes = std::move(bytes);
  return blob;
}

absl::StatusOr<BlobSource> BlobOfFile(const std::string& path) {
  XP_ASSIGN_OR_RETURN(FileDigest digest, HashFile(path));
  return BlobSource{std::move(digest.sha256), digest.size, path, ""};
}

std::string SerializeManifest(v1::FileManifest manifest) {
  std::sort(
      manifest.mutable_files()->begin(), manifest.mutable_files()->end(),
      [](const v1::ManifestFile& a, const v1::ManifestFile& b) { return a.path() < b.path(); });
  return manifest.SerializeAsString();
}

absl::StatusOr<v1::FileManifest> ParseManifest(std::string_view bytes) {
  v1::FileManifest manifest;
  if (!manifest.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::InvalidArgumentError("this blob is no file manifest");
  }
  std::set<std::string_view> folders;
  std::string_view previous;
  for (const v1::ManifestFile& file : manifest.files()) {
    XP_RETURN_IF_ERROR(
        Annotate(CheckRelativePath(file.path()), "manifest: \"" + file.path() + "\""));
    if (!IsSha256Hex(file.sha256())) {
      return absl::InvalidArgumentError("manifest: \"" + file.path() + "\" has no SHA-256");
    }
    if (!previous.empty() && file.path() <= previous) {
      return absl::InvalidArgumentError("manifest: \"" + file.path() +
                                        "\" is there twice or out of order");
    }
    previous = file.path();
    for (size_t slash = previous.find('/'); slash != previous.npos;
         slash = previous.find('/', slash + 1)) {
      folders.insert(previous.substr(0, slash));
    }
  }
  for (const v1::ManifestFile& file : manifest.files()) {
    if (folders.count(file.path()) != 0) {
      return absl::InvalidArgumentError("manifest: \"" + file.path() +
                                        "\" is both a file and a folder");
    }
  }
  return manifest;
}

absl::StatusOr<Folder> HashTree(const Tree& tree, const HashProgress& progress) {
  Folder folder;
  std::set<std::string> seen;
  for (const TreeFile& file : tree.files) {
    XP_ASSIGN_OR_RETURN(BlobSource blob, BlobOfFile(file.full_path));
    if (blob.size != file.size) {
      return absl::FailedPreconditionError(file.full_path + ": changed while it was read");
    }
    v1::ManifestFile* const entry = folder.manifest.add_files();
    entry->set_path(file.path);
    entry->set_size(blob.size);
    entry->set_sha256(blob.sha256);
    entry->set_executable(file.executable);
    folder.total_bytes += blob.size;
    if (seen.insert(blob.sha256).second) folder.blobs.push_back(std::move(blob));
    if (progress) progress(folder.total_bytes, tree.total_bytes);
  }
  BlobSource manifest = BlobOfBytes(SerializeManifest(folder.manifest));
  folder.manifest_sha256 = manifest.sha256;
  folder.blobs.push_back(std::move(manifest));
  return folder;
}

absl::StatusOr<Folder> ReadFolder(const std::string& path, const HashProgress& progress) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return SystemError(errno, path);
  if (S_ISDIR(info.st_mode)) {
    XP_ASSIGN_OR_RETURN(const Tree tree, WalkTree(path));
    if (!tree.left_out.empty()) {
      return absl::FailedPreconditionError(path + "/" + tree.left_out.front() +
                                           ": neither a file nor a folder (a link to nothing?)");
    }
    return HashTree(tree, progress);
  }
  Tree tree;
  const auto size = static_cast<uint64_t>(info.st_size);
  const std::string name = path.substr(path.find_last_of('/') + 1);
  XP_RETURN_IF_ERROR(Annotate(CheckRelativePath(name), path));
  tree.files.push_back({name, path, size, (info.st_mode & S_IXUSR) != 0});
  tree.total_bytes = size;
  return HashTree(tree, progress);
}

}  // namespace xp::client
