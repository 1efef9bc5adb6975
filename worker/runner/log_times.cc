#include "worker/runner/log_times.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "worker/runner/file_io.h"

namespace xp::runner {
namespace {

constexpr size_t kVarintMaxBytes = 10;

void AppendVarint(uint64_t value, std::string* out) {
  while (value >= 0x80) {
    out->push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out->push_back(static_cast<char>(value));
}

enum class Varint { kWhole, kTorn, kInvalid };

Varint TakeVarint(std::string_view* bytes, uint64_t* value) {
  *value = 0;
  for (size_t i = 0; i < kVarintMaxBytes; ++i) {
    if (i == bytes->size()) return Varint::kTorn;
    const uint64_t byte = static_cast<unsigned char>((*bytes)[i]);
    *value |= (byte & 0x7f) << (7 * i);
    if ((byte & 0x80) == 0) {
      bytes->remove_prefix(i + 1);
      return Varint::kWhole;
    }
  }
  return Varint::kInvalid;
}

// Wall clocks jump backwards too: signed differences as small unsigned numbers.
uint64_t ZigZag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}
int64_t UnZigZag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

}  // namespace

void EncodeLogMark(LogMark previous, LogMark mark, std::string* out) {
  AppendVarint(static_cast<uint64_t>(mark.offset - previous.offset), out);
  AppendVarint(ZigZag(mark.time_ms - previous.time_ms), out);
}

absl::StatusOr<LogTimesWriter> LogTimesWriter::Create(const std::string& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0 && errno == EEXIST) return absl::AlreadyExistsError(path + ": exists already");
  if (fd < 0) return ErrnoStatus(errno, path);
  LogTimesWriter writer(fd);
  if (absl::Status status = WriteAll(fd, kLogTimesMagic); !status.ok()) return status;
  return writer;
}

LogTimesWriter::LogTimesWriter(LogTimesWriter&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), last_(other.last_), broken_(other.broken_) {}

LogTimesWriter::~LogTimesWriter() {
  if (fd_ >= 0) close(fd_);
}

absl::Status LogTimesWriter::Add(LogMark mark) {
  if (broken_) return absl::FailedPreconditionError("log.times: an earlier write failed");
  if (mark.offset <= last_.offset) return absl::OkStatus();
  std::string bytes;
  EncodeLogMark(last_, mark, &bytes);
  ssize_t n;
  do {
    n = write(fd_, bytes.data(), bytes.size());
  } while (n < 0 && errno == EINTR);
  if (n < 0) return ErrnoStatus(errno, "log.times");  // nothing was written: try again later
  if (static_cast<size_t>(n) != bytes.size()) {
    broken_ = true;
    return absl::ResourceExhaustedError("log.times: a mark was written in part");
  }
  last_ = mark;
  return absl::OkStatus();
}

absl::Status LogTimesWriter::Sync() {
  return fdatasync(fd_) == 0 ? absl::OkStatus() : ErrnoStatus(errno, "log.times");
}

LogTimesReader::~LogTimesReader() {
  if (fd_ >= 0) close(fd_);
}

absl::Status LogTimesReader::Update() {
  if (fd_ < 0) {
    fd_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd_ < 0) return errno == ENOENT ? absl::OkStatus() : ErrnoStatus(errno, path_);
  }
  char buffer[16384];
  while (true) {
    const ssize_t n = pread(fd_, buffer, sizeof buffer, read_to_);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, path_);
    if (n == 0) return absl::OkStatus();
    read_to_ += n;
    pending_.append(buffer, static_cast<size_t>(n));
    if (absl::Status status = Decode(); !status.ok()) return status;
  }
}

absl::Status LogTimesReader::Decode() {
  if (!header_seen_) {
    if (pending_.size() < kLogTimesMagic.size()) return absl::OkStatus();
    if (std::string_view(pending_).substr(0, kLogTimesMagic.size()) != kLogTimesMagic) {
      return absl::DataLossError(path_ + ": not a log.times file of version 1");
    }
    pending_.erase(0, kLogTimesMagic.size());
    header_seen_ = true;
  }
  std::string_view bytes = pending_;
  while (!stopped_) {
    std::string_view rest = bytes;
    uint64_t grown, later;
    const Varint first = TakeVarint(&rest, &grown);
    if (first == Varint::kTorn) break;
    const Varint second = first == Varint::kWhole ? TakeVarint(&rest, &later) : first;
    if (second == Varint::kTorn) break;
    const uint64_t room = static_cast<uint64_t>(INT64_MAX - decoded_.offset);
    if (second == Varint::kInvalid || grown == 0 || grown > room) {
      stopped_ = true;  // a tail of zeros after a crash, or worse: what came before holds
      break;
    }
    decoded_.offset += static_cast<int64_t>(grown);
    decoded_.time_ms = static_cast<int64_t>(static_cast<uint64_t>(decoded_.time_ms) +
                                            static_cast<uint64_t>(UnZigZag(later)));
    marks_.push_back(decoded_);
    bytes = rest;
  }
  pending_.erase(0, stopped_ ? pending_.size() : pending_.size() - bytes.size());
  return absl::OkStatus();
}

namespace {

// The first mark whose offset lies beyond `offset`.
template <typename Marks>
auto FirstBeyond(const Marks& marks, int64_t offset) {
  return std::upper_bound(marks.begin(), marks.end(), offset,
                          [](int64_t at, const LogMark& mark) { return at < mark.offset; });
}

}  // namespace

std::optional<int64_t> LogTimesReader::ArrivalOf(int64_t offset) const {
  const auto it = FirstBeyond(marks_, offset);
  if (it == marks_.end()) return std::nullopt;
  return it->time_ms;
}

std::vector<LogMark> LogTimesReader::MarksWithin(int64_t from, int64_t to) const {
  std::vector<LogMark> within;
  for (auto it = FirstBeyond(marks_, from); it != marks_.end() && from < to; ++it) {
    within.push_back({std::min(it->offset, to), it->time_ms});
    if (it->offset >= to) break;
  }
  return within;
}

void LogTimesReader::Forget(int64_t offset) {
  const auto keep = FirstBeyond(marks_, offset);
  marks_.erase(marks_.begin(), marks_.begin() + (keep - marks_.cbegin()));
}

}  // namespace xp::runner
