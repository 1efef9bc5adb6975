#include "server/core/metric_point.h"

#include <bit>

namespace xp::core {

bool BitEqual(const MetricPoint& a, const MetricPoint& b) {
  const bool epochs_equal =
      a.has_epoch() ? std::bit_cast<uint64_t>(a.epoch) == std::bit_cast<uint64_t>(b.epoch)
                    : !b.has_epoch();
  return std::bit_cast<uint64_t>(a.value) == std::bit_cast<uint64_t>(b.value) && epochs_equal &&
         a.step == b.step && a.step_printed == b.step_printed && a.time_ms == b.time_ms &&
         a.log_offset == b.log_offset;
}

}  // namespace xp::core
