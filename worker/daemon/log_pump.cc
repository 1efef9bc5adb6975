#include "worker/daemon/log_pump.h"

#include <absl/strings/str_cat.h>
#include <errno.h>
#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "proto/limits.h"
#include "worker/capture/log_tail.h"
#include "worker/daemon/report_message.h"
#include "worker/runner/file_io.h"

namespace xp::daemon {
namespace {

// Bytes without a mark get the time at which they were read when the runner has not noted them in
// this time: it is dead, or its log.times cannot be written. It notes every 50 ms.
constexpr absl::Duration kMarkPatience = absl::Seconds(1);

constexpr uint64_t kPunchAbove = 1ull << 30;  // bytes of log
constexpr uint64_t kPunchStep = 64ull << 20;  // at least this much at once

}  // namespace

LogPump::LogPump(const runner::AttemptFolder& folder,
                 std::shared_ptr<const capture::MetricRules> rules, absl::TimeZone zone,
                 Clock& clock)
    : path_(folder.LogFile()),
      rules_(std::move(rules)),
      zone_(zone),
      clock_(clock),
      marks_(folder.LogTimesFile()) {}

std::string LogPump::Restart(SourcePosition held) {
  window_.Restart(held);
  nearest_.Restart();
  const uint64_t given_back = GivenBackTo();
  if (held.position.offset >= given_back) return "";
  return absl::StrCat("log bytes ", held.position.offset, " to ", given_back,
                      " are lost: the server had them, so this worker gave them back to its disk; "
                      "the server wants them again (is it restored from an older backup?) and gets "
                      "NUL bytes");
}

uint64_t LogPump::GivenBackTo() const {
  const uint64_t size = FileSize();
  if (size < kPunchAbove) return 0;  // a hole in it is of a program that cut its log
  runner::UniqueFd fd(open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return 0;
  const off_t data = lseek(fd.get(), 0, SEEK_DATA);
  if (data >= 0) return static_cast<uint64_t>(data);
  return errno == ENXIO ? size : 0;  // nothing but a hole
}

uint64_t LogPump::FileSize() const {
  struct stat info;
  return stat(path_.c_str(), &info) == 0 ? static_cast<uint64_t>(info.st_size) : 0;
}

void LogPump::NoteArrivals(uint64_t file_size, capture::LogEnd end) {
  if (absl::Status status = marks_.Update(); !status.ok()) {
    spdlog::warn("{}", std::string(status.message()));
  }
  const auto covered = static_cast<uint64_t>(marks_.covered());
  for (const runner::LogMark& mark :
       marks_.MarksWithin(static_cast<int64_t>(timed_to_), marks_.covered())) {
    times_.Add({.offset = static_cast<uint64_t>(mark.offset), .time_ms = mark.time_ms});
  }
  marks_.Forget(marks_.covered());
  timed_to_ = std::max(timed_to_, covered);
  if (file_size <= timed_to_) {
    untimed_since_.reset();
    return;
  }
  const absl::Duration now = clock_.Monotonic();
  if (!untimed_since_.has_value()) untimed_since_ = now;
  if (end == capture::LogEnd::kFinal || now - *untimed_since_ >= kMarkPatience) {
    times_.Add({.offset = file_size, .time_ms = absl::ToUnixMillis(clock_.Now())});
    timed_to_ = file_size;
  }
}

absl::StatusOr<std::optional<v1::Report>> LogPump::Next(capture::LogEnd end, uint64_t elsewhere) {
  if (!window_.MaySend(clock_.Monotonic(), elsewhere)) return std::nullopt;
  const capture::LogPosition from = window_.next().position;
  // Only what has a time: then a report sent again has the same times as before.
  NoteArrivals(FileSize(), end);
  if (timed_to_ <= from.offset) return std::nullopt;
  const uint64_t wanted = std::min<uint64_t>(timed_to_ - from.offset, limits::kReportMaxBytes);
  auto read = capture::ReadTail(path_, from.offset, wanted);
  if (!read.ok()) return read.status();
  if (read->state != capture::TailState::kBytes) return std::nullopt;
  const bool last =
      end == capture::LogEnd::kFinal && from.offset + read->bytes.size() >= read->file_size;
  capture::Report report = capture::CutReport(
      *rules_, from, read->bytes, times_, &names_,
      {.end = last ? capture::LogEnd::kFinal : capture::LogEnd::kMayGrow, .zone = zone_});
  if (report.bytes() == 0) return std::nullopt;  // no whole line yet
  nearest_.Filter(&report.counters);
  v1::Report message = LogReportMessage(
      report, std::string_view(read->bytes).substr(0, report.bytes()), times_, *rules_);
  window_.Sent({.position = report.to});
  return message;
}

bool LogPump::Done() { return window_.idle() && window_.held().position.offset >= FileSize(); }

uint64_t LogPump::End() const { return std::max(FileSize(), window_.held().position.offset); }

void LogPump::PunchHoles() {
  const uint64_t held = window_.held().position.offset;
  times_.ForgetBefore(held);
  if (held < kPunchAbove || held - punched_to_ < kPunchStep) return;
  runner::UniqueFd fd(open(path_.c_str(), O_WRONLY | O_CLOEXEC));
  const uint64_t to = held / 4096 * 4096;  // whole blocks
  if (!fd.valid() ||
      fallocate(fd.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                static_cast<off_t>(punched_to_), static_cast<off_t>(to - punched_to_)) != 0) {
    spdlog::debug("{}: this file system cannot give back what was sent", path_);
  }
  punched_to_ = to;
}

}  // namespace xp::daemon
