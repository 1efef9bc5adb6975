#include "client/xpctl/commands/live_view.h"

#include <ostream>

#include "client/xpctl/change_watch.h"
#include "proto/status.h"

namespace xp::xpctl {
namespace {

// Between two drawings: on a terminal as often as eyes follow, elsewhere what a file can bear.
constexpr absl::Duration kPauseOnTerminal = absl::Milliseconds(250);
constexpr absl::Duration kPause = absl::Seconds(2);
constexpr absl::Duration kLongest = absl::Seconds(10);  // on a terminal, where durations grow

}  // namespace

void LiveView::Print(const Report& report) {
  const std::string now =
      RenderText(report.table, session_.world().out_terminal) +
      report.json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  if (now == before_) return;
  before_ = now;
  // Home and clear: the view begins at the top of the screen.
  if (session_.world().out_terminal.is_terminal) *session_.world().out << "\x1b[H\x1b[2J";
  session_.Print(report);
}

void LiveView::SayAway() {
  if (!said_away_) session_.Say("the server is away; waiting for it");
  said_away_ = true;
}

absl::Status LiveView::DrawPatiently(client::Client& client,
                                     const std::function<absl::Status(LiveView*)>& draw) {
  client::RetryPolicy policy;
  policy.give_up_after = absl::Hours(1);
  const client::Retrier patient(policy, client.retrier().environment());
  XP_RETURN_IF_ERROR(patient.Run([&](bool*) {
    const absl::Status status = draw(this);
    if (absl::IsUnavailable(status)) SayAway();
    return status;
  }));
  said_away_ = false;
  return absl::OkStatus();
}

absl::Status LiveView::Run(client::Client& client, const std::vector<std::string>& experiments,
                           const std::function<absl::Status(LiveView*)>& draw) {
  const bool terminal = session_.world().out_terminal.is_terminal;
  ChangeWatch watch(client, experiments);
  while (true) {
    XP_RETURN_IF_ERROR(DrawPatiently(client, draw));
    XP_ASSIGN_OR_RETURN(const ChangeWatch::News news,
                        watch.Wait(terminal ? kLongest : absl::Hours(1)));
    if (news == ChangeWatch::News::kOver) return DrawPatiently(client, draw);
    if (news == ChangeWatch::News::kAway) SayAway();
    client.retrier().environment().sleep(terminal ? kPauseOnTerminal : kPause);
  }
}

}  // namespace xp::xpctl
