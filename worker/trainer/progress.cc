#include "worker/trainer/progress.h"

#include <absl/strings/str_format.h>
#include <algorithm>
#include <utility>

namespace xp::trainer {
namespace {

constexpr double kBarSeconds = 0.1;
constexpr double kLineSeconds = 10;
constexpr int kBarWidth = 30;

std::string Clock(double seconds) {
  const auto whole = uint64_t(seconds);
  return absl::StrFormat("%d:%02d", whole / 60, whole % 60);
}

}  // namespace

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

void Progress::DrawBar(uint64_t done, double seconds) {
  const double rate = Rate(done, seconds);
  std::string bar;
  if (total_ > 0) {
    const double share = std::min(1.0, double(done) / double(total_));
    const int filled = int(share * kBarWidth);
    bar = absl::StrFormat("%3.0f%% |%s%s| %d/%d", share * 100, std::string(size_t(filled), '#'),
                          std::string(size_t(kBarWidth - filled), ' '), done, total_);
    if (rate > 0) bar += ", " + Clock(double(total_ - std::min(done, total_)) / rate) + " left";
  } else {
    bar = absl::StrFormat("%d", done);
  }
  out_ << "\r\033[K" << options_.what << ' ' << bar
       << absl::StrFormat(" (%.1f %s/s)", rate, options_.unit) << std::flush;
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
