#include "worker/trainer/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <absl/strings/str_format.h>
#include <algorithm>
#include <utility>

namespace xp::trainer {
namespace {

constexpr double kBarSeconds = 0.1;
constexpr double kLineSeconds = 10;
constexpr size_t kUsualColumns = 80;
constexpr size_t kMostBar = 30, kLeastBar = 5;  // columns between the bar's ends

std::string Clock(double seconds) {
  const auto whole = uint64_t(seconds);
  return absl::StrFormat("%d:%02d", whole / 60, whole % 60);
}

// Bytes stand for columns: a character beyond ASCII, as in a file's name, has no fewer of them.
std::string Cut(std::string text, size_t columns) {
  if (text.size() <= columns) return text;
  while (columns > 0 && (static_cast<unsigned char>(text[columns]) & 0xC0) == 0x80) --columns;
  return text.substr(0, columns);
}

}  // namespace

int StderrColumns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

Progress::Progress(ProgressOptions options, Now now, std::ostream& out)
    : options_(std::move(options)), now_(std::move(now)), out_(out), start_(now_()) {}

double Progress::Seconds() const { return std::chrono::duration<double>(now_() - start_).count(); }

double Progress::Rate(uint64_t done, double seconds) const {
  return double(done - std::min(done, before_)) / std::max(seconds, 1e-9);
}

void Progress::Update(uint64_t done) {
  const double seconds = Seconds();
  if (options_.style == ProgressStyle::kSilent) return;
  if (options_.style == ProgressStyle::kBar) {
    if (drawn_ && seconds - shown_at_ < kBarSeconds) return;
    DrawBar(done, seconds);
  } else {
    if (seconds - shown_at_ < kLineSeconds) return;
    out_ << absl::StrFormat("%s: %d%s %s, %.0f %s/s\n", options_.what, done,
                            total_ > 0 ? absl::StrFormat(" of %d", total_) : "", options_.unit,
                            Rate(done, seconds), options_.unit)
         << std::flush;
  }
  shown_at_ = seconds;
}

// The bar gives way first, down to kLeastBar; then the rate goes, the time left, the bar itself.
std::string Progress::BarLine(uint64_t done, double rate, size_t columns) const {
  const std::string speed = absl::StrFormat(" (%.1f %s/s)", rate, options_.unit);
  if (total_ == 0) {
    const std::string line = absl::StrFormat("%s %d", options_.what, done);
    return Cut(line.size() + speed.size() <= columns ? line + speed : line, columns);
  }
  const double share = std::min(1.0, double(done) / double(total_));
  const std::string front = absl::StrFormat("%s %3.0f%%", options_.what, share * 100);
  const std::string count = absl::StrFormat(" %d/%d", done, total_);
  std::string left;
  if (rate > 0) left = ", " + Clock(double(total_ - std::min(done, total_)) / rate) + " left";
  for (const std::string& tail : {count + left + speed, count + left, count}) {
    const size_t taken = front.size() + 3 + tail.size();  // 3: " |" and "|"
    if (taken + kLeastBar > columns) continue;
    const size_t bar = std::min(kMostBar, columns - taken), filled = size_t(share * double(bar));
    return front + " |" + std::string(filled, '#') + std::string(bar - filled, ' ') + "|" + tail;
  }
  return Cut(front.size() + count.size() <= columns ? front + count : front, columns);
}

void Progress::DrawBar(uint64_t done, double seconds) {
  const int asked = options_.columns ? options_.columns() : 0;
  const size_t columns = asked > 0 ? size_t(asked) : kUsualColumns;
  // The last column stays free: some terminals go on to the next row once it is written.
  out_ << "\r\033[K" << BarLine(done, Rate(done, seconds), columns - 1) << std::flush;
  drawn_ = true;
}

void Progress::Clear() {
  if (drawn_) out_ << "\r\033[K" << std::flush;
  drawn_ = false;
}

void Progress::Finish(uint64_t done) {
  if (options_.style == ProgressStyle::kSilent) return;
  Clear();
  const double seconds = Seconds();
  out_ << absl::StrFormat("%s: %d %s in %.1f s (%.0f %s/s)\n", options_.what, done, options_.unit,
                          seconds, Rate(done, seconds), options_.unit)
       << std::flush;
}

}  // namespace xp::trainer
