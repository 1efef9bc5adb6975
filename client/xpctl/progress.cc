#include "client/xpctl/progress.h"

#include <algorithm>
#include <ostream>

#include "client/xpctl/spec/quantities.h"

namespace xp::xpctl {

std::string Bar(uint64_t done, uint64_t total, int width) {
  const int inside = std::max(1, width - 2);
  const double part = total == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(total);
  const auto full = static_cast<size_t>(std::clamp(part, 0.0, 1.0) * inside);
  return "[" + std::string(full, '=') + std::string(static_cast<size_t>(inside) - full, ' ') + "]";
}

void Progress::Show(const std::string& line) {
  if (!world_.err_terminal.is_terminal) return;
  const absl::Time now = world_.now();
  if (now - shown_at_ < absl::Milliseconds(100)) return;
  shown_at_ = now;
  line_ = Elide(line, std::max(1, world_.err_terminal.width - 1));
  *world_.err << "\r\x1b[K" << line_ << std::flush;
}

void Progress::ShowBytes(const std::string& what, uint64_t done, uint64_t total) {
  Show(what + " " + Bar(done, total, 32) + " " + ShowSize(done) + " / " + ShowSize(total));
}

void Progress::Say(const std::string& line) {
  const std::string below = line_;
  Clear();
  *world_.err << line << '\n';
  if (!below.empty()) *world_.err << below;
  line_ = below;
  *world_.err << std::flush;
}

void Progress::Clear() {
  if (line_.empty()) return;
  *world_.err << "\r\x1b[K" << std::flush;
  line_.clear();
}

}  // namespace xp::xpctl
