#include "worker/trainer/data/archive.h"

#ifdef XP_TRAINER_ARCHIVE
#include <archive.h>
#include <archive_entry.h>

#include <absl/strings/str_format.h>
#include <cerrno>
#include <memory>

#endif

namespace xp::trainer {

#ifdef XP_TRAINER_ARCHIVE
namespace {

constexpr size_t kReadBlock = 1 << 20;
constexpr int64_t kMaxFileBytes = 64 << 20;

struct Close {
  void operator()(archive* handle) const { archive_read_free(handle); }
};

}  // namespace

absl::Status ReadArchive(const std::filesystem::path& path, const ArchiveVisitor& visitor) {
  const std::unique_ptr<archive, Close> handle(archive_read_new());
  const auto failed = [&] {
    const char* reason = archive_error_string(handle.get());
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s: not a readable tar archive: %s", path.string(), reason ? reason : "unknown reason"));
  };
  archive_read_support_filter_all(handle.get());
  archive_read_support_format_tar(handle.get());
  if (archive_read_open_filename(handle.get(), path.c_str(), kReadBlock) != ARCHIVE_OK) {
    return failed();
  }
  archive_entry* entry = nullptr;
  std::string content;
  for (;;) {
    const int next = archive_read_next_header(handle.get(), &entry);
    if (next == ARCHIVE_EOF) return absl::OkStatus();
    if (next < ARCHIVE_WARN) return failed();
    const char* name = archive_entry_pathname(entry);
    if (name == nullptr || archive_entry_filetype(entry) != AE_IFREG || !visitor.wants(name)) {
      continue;
    }
    const int64_t size = archive_entry_size(entry);
    if (size > kMaxFileBytes) {
      return absl::InvalidArgumentError(
          absl::StrFormat("%s: %s has %d bytes; a review has not", path.string(), name, size));
    }
    content.resize(size_t(size));
    if (archive_read_data(handle.get(), content.data(), content.size()) != la_ssize_t(size)) {
      return failed();
    }
    if (absl::Status status = visitor.take(name, content); !status.ok()) return status;
  }
}

#else

absl::Status ReadArchive(const std::filesystem::path& path, const ArchiveVisitor&) {
  return absl::UnimplementedError(path.string() +
                                  ": this xptrain was built without libarchive; unpack it and name "
                                  "the folder");
}

#endif

}  // namespace xp::trainer
