#include "client/xpctl/commands/live_view.h"

#include <ostream>

#include "proto/status.h"

namespace xp::xpctl {
namespace {
constexpr absl::Duration kPeriod = absl::Seconds(2);
}

void LiveView::Print(const Report& report) {
  if (!live_) {
    session_.Print(report);
    return;
  }
  const std::string now =
      RenderText(report.table, session_.world().out_terminal) +
      report.json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  if (now == before_) return;
  before_ = now;
  // Home and clear: the view begins at the top of the screen.
  if (session_.world().out_terminal.is_terminal) *session_.world().out << "\x1b[H\x1b[2J";
  session_.Print(report);
}

absl::Status LiveView::Run(const std::function<absl::StatusOr<Live>(LiveView*)>& draw) {
  live_ = true;
  client::RetryPolicy policy;
  policy.give_up_after = absl::Hours(1);
  const client::Retrier patient(policy, session_.world().retry);
  while (true) {
    Live state = Live::kGoesOn;
    bool away = false;
    XP_RETURN_IF_ERROR(patient.Run([&](bool*) -> absl::Status {
      const absl::StatusOr<Live> drawn = draw(this);
      if (absl::IsUnavailable(drawn.status()) && !away) {
        away = true;
        session_.Say("the server is away; waiting for it");
      }
      if (drawn.ok()) state = *drawn;
      return drawn.status();
    }));
    if (state == Live::kDone) return absl::OkStatus();
    session_.world().retry.sleep(kPeriod);
  }
}

}  // namespace xp::xpctl
