// log.times: when the attempt's log had grown how far, so that a line read hours later still gets
// the time at which it arrived. The format is on one page: docs/attempt-folder.md.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xp::runner {

// "At `time_ms` (Unix milliseconds) the log was seen to hold `offset` bytes": the bytes between the
// mark before and this one arrived at that time, or up to 50 ms earlier.
struct LogMark {
  int64_t offset = 0;
  int64_t time_ms = 0;
  friend bool operator==(const LogMark&, const LogMark&) = default;
};

// Not thread safe. One writer per file.
class LogTimesWriter {
 public:
  // Creates the file. ALREADY_EXISTS when it is there, else the system's error.
  static absl::StatusOr<LogTimesWriter> Create(const std::string& path);
  LogTimesWriter(LogTimesWriter&& other) noexcept;
  LogTimesWriter& operator=(LogTimesWriter&&) = delete;
  ~LogTimesWriter();

  // Appends a mark in one write. An offset that does not grow is left out. After an error nothing
  // more is written (a mark in the middle of a torn one would shift all that follow).
  absl::Status Add(LogMark mark);
  absl::Status Sync();

 private:
  explicit LogTimesWriter(int fd) : fd_(fd) {}
  int fd_;
  LogMark last_;
  bool broken_ = false;
};

// Follows a growing file. Not thread safe.
class LogTimesReader {
 public:
  // The file need not exist yet.
  explicit LogTimesReader(std::string path) : path_(std::move(path)) {}
  LogTimesReader(const LogTimesReader&) = delete;
  LogTimesReader& operator=(const LogTimesReader&) = delete;
  ~LogTimesReader();

  // Takes in what has been written since. A torn or zero-filled tail ends the reading quietly: the
  // marks before it hold. DATA_LOSS when the file is of another format or version.
  absl::Status Update();

  // When the byte at `offset` arrived: the time of the first mark beyond it. Empty when no mark
  // covers it yet. Offsets below what was forgotten get the oldest mark that is left.
  std::optional<int64_t> ArrivalOf(int64_t offset) const;

  // The marks that say when the bytes of [from, to) arrived: all with from < offset <= to, and one
  // cut to `to` when the covering mark lies beyond. Bytes that no mark covers get none.
  std::vector<LogMark> MarksWithin(int64_t from, int64_t to) const;

  // How far marks reach.
  int64_t covered() const { return decoded_.offset; }

  // Drops the marks at or before `offset`, which nobody will ask for again.
  void Forget(int64_t offset);

 private:
  absl::Status Decode();

  const std::string path_;
  int fd_ = -1;
  int64_t read_to_ = 0;  // bytes of the file taken in
  std::string pending_;  // bytes taken in that are no whole mark yet
  bool header_seen_ = false;
  bool stopped_ = false;  // met a mark that cannot be one
  LogMark decoded_;       // the last mark decoded
  std::deque<LogMark> marks_;
};

// Appends the bytes of `mark` as they follow `previous`; the first of a file follows {0, 0}.
void EncodeLogMark(LogMark previous, LogMark mark, std::string* out);

inline constexpr std::string_view kLogTimesMagic = "XPTIMES1";  // the last byte is the version

}  // namespace xp::runner
