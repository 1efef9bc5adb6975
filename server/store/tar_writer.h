// A tar, written piece by piece into a sink. Not thread safe.
#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

struct archive;

namespace xp::store {

class TarWriter {
 public:
  // Any error of the sink ends the tar with it.
  using Sink = std::function<absl::Status(std::string_view bytes)>;
  explicit TarWriter(Sink sink);
  ~TarWriter();
  TarWriter(const TarWriter&) = delete;
  TarWriter& operator=(const TarWriter&) = delete;

  absl::Status Open();
  // A file from disk, `size` bytes of it. NOT_FOUND, UNAVAILABLE, DATA_LOSS (it is shorter), and
  // the sink's.
  absl::Status AddFile(const std::string& name, const std::string& path, uint64_t size);
  absl::Status AddText(const std::string& name, std::string_view text);
  absl::Status Close();

 private:
  absl::Status Begin(const std::string& name, uint64_t size);
  absl::Status Write(std::string_view bytes);
  absl::Status Failure();
  static ssize_t OnWrite(struct archive* tar, void* self, const void* bytes, size_t size);

  const Sink sink_;
  struct archive* tar_;
  absl::Status sink_status_;
};

}  // namespace xp::store
