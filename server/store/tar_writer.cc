#include "server/store/tar_writer.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "proto/status.h"
#include "server/store/blob_upload.h"

namespace xp::store {
namespace {
constexpr size_t kPieceBytes = 256 * 1024;
}

TarWriter::TarWriter(Sink sink) : sink_(std::move(sink)), tar_(archive_write_new()) {}

// Freed without a close after a failure: what was not written must not be written now.
TarWriter::~TarWriter() {
  if (!sink_status_.ok()) archive_write_fail(tar_);
  archive_write_free(tar_);
}

absl::Status TarWriter::Failure() {
  if (!sink_status_.ok()) return sink_status_;
  const char* text = archive_error_string(tar_);
  return sink_status_ = absl::InternalError(
             absl::StrCat("writing the tar: ", text != nullptr ? text : "unknown error"));
}

ssize_t TarWriter::OnWrite(struct archive* tar, void* self, const void* bytes, size_t size) {
  auto& writer = *static_cast<TarWriter*>(self);
  if (writer.sink_status_.ok()) {
    writer.sink_status_ = writer.sink_({static_cast<const char*>(bytes), size});
  }
  if (writer.sink_status_.ok()) return static_cast<ssize_t>(size);
  archive_set_error(tar, EIO, "the sink failed");
  return -1;
}

absl::Status TarWriter::Open() {
  archive_write_set_format_pax_restricted(tar_);
  archive_write_set_bytes_per_block(tar_, kPieceBytes);
  archive_write_set_bytes_in_last_block(tar_, 1);
  const int code = archive_write_open(tar_, this, nullptr, &TarWriter::OnWrite, nullptr);
  return code == ARCHIVE_OK ? absl::OkStatus() : Failure();
}

absl::Status TarWriter::Begin(const std::string& name, uint64_t size) {
  archive_entry* entry = archive_entry_new();
  archive_entry_set_pathname(entry, name.c_str());
  archive_entry_set_size(entry, static_cast<int64_t>(size));
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_entry_set_perm(entry, 0600);
  const int code = archive_write_header(tar_, entry);
  archive_entry_free(entry);
  return code == ARCHIVE_OK ? absl::OkStatus() : Failure();
}

absl::Status TarWriter::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = archive_write_data(tar_, bytes.data(), bytes.size());
    if (count <= 0) return Failure();
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return absl::OkStatus();
}

absl::Status TarWriter::AddFile(const std::string& name, const std::string& path, uint64_t size) {
  XP_ASSIGN_OR_RETURN(const auto reader, OpenBlobFile(path));
  if (reader->size() < size) {
    return absl::DataLossError(absl::StrCat(path, " has ", reader->size(), " bytes, not ", size));
  }
  XP_RETURN_IF_ERROR(Begin(name, size));
  for (uint64_t done = 0; done < size;) {
    XP_ASSIGN_OR_RETURN(const std::string piece,
                        reader->Read(done, std::min<uint64_t>(kPieceBytes, size - done)));
    XP_RETURN_IF_ERROR(Write(piece));
    done += piece.size();
  }
  return absl::OkStatus();
}

absl::Status TarWriter::AddText(const std::string& name, std::string_view text) {
  XP_RETURN_IF_ERROR(Begin(name, text.size()));
  return Write(text);
}

absl::Status TarWriter::Close() {
  return archive_write_close(tar_) == ARCHIVE_OK ? absl::OkStatus() : Failure();
}

}  // namespace xp::store
