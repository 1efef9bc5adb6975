#include "client/xpctl/run/deliver_run.h"

#include <absl/strings/str_cat.h>

#include <optional>
#include <utility>

#include "client/xpctl/run/run_messages.h"
#include "client/xpctl/run/run_reports.h"
#include "client/xpctl/run/work_conversation.h"
#include "proto/status.h"
#include "worker/runner/runner_control.h"

namespace xp::xpctl {
namespace {

constexpr absl::Duration kLook = absl::Milliseconds(100);  // between looks at a growing log
constexpr absl::Duration kHeartbeat = absl::Seconds(10);   // below the server's 15 s
constexpr absl::Duration kAnswerTimeout = absl::Seconds(30);
constexpr absl::Duration kStopGrace = absl::Seconds(120);  // the server's default

class Delivery {
 public:
  Delivery(client::Client& client, RunRecord* record, const DeliverOptions& options,
           std::shared_ptr<const capture::MetricRules> rules)
      : record_(*record),
        options_(options),
        reports_(record_, std::move(rules)),
        conversation_(client) {}

  absl::Status Run() {
    XP_RETURN_IF_ERROR(conversation_.Send(HelloOf(record_, options_.now())));
    XP_RETURN_IF_ERROR(Await([this] { return welcomed_; }, "a welcome"));
    if (confirmed_) return absl::OkStatus();
    if (record_.trial_uid.empty()) {
      XP_RETURN_IF_ERROR(Await([this] { return !record_.trial_uid.empty(); }, "the assignment"));
      XP_RETURN_IF_ERROR(SaveRun(record_));
      XP_RETURN_IF_ERROR(conversation_.Send(AcceptedOf(record_)));
      XP_RETURN_IF_ERROR(conversation_.Send(StartedOf(record_)));
    }
    XP_ASSIGN_OR_RETURN(const runner::RunnerState ended, FollowLog());
    if (confirmed_) return absl::OkStatus();
    XP_RETURN_IF_ERROR(
        SendAll(&metrics_at_, [this] { return reports_.NextOfMetrics(metrics_at_); }));
    XP_RETURN_IF_ERROR(conversation_.Send(
        ExitedOf(record_, ended, log_at_.offset, metrics_at_.offset, options_.now())));
    XP_RETURN_IF_ERROR(conversation_.Send(FinishedOf(record_, log_at_.offset, metrics_at_.offset)));
    return Await([this] { return confirmed_; }, "its confirmation");
  }

 private:
  // Reports as the log grows, until the process is gone and all of it is with the server.
  absl::StatusOr<runner::RunnerState> FollowLog() {
    while (true) {
      XP_ASSIGN_OR_RETURN(const runner::RunnerState state, runner::Probe(record_.Attempt()));
      const bool over = state.phase == runner::RunnerPhase::kExited ||
                        state.phase == runner::RunnerPhase::kVanished;
      const auto end = over ? capture::LogEnd::kFinal : capture::LogEnd::kMayGrow;
      XP_RETURN_IF_ERROR(SendAll(&log_at_, [&] { return reports_.NextOfLog(log_at_, end); }));
      if (over || confirmed_) return state;
      XP_RETURN_IF_ERROR(Listen(kLook));
    }
  }

  template <class NextReport>
  absl::Status SendAll(capture::LogPosition* at, NextReport next) {
    while (!confirmed_) {
      XP_ASSIGN_OR_RETURN(std::optional<v1::Report> report, next());
      if (!report) return absl::OkStatus();
      SetAttempt(record_, report->mutable_attempt());
      v1::WorkerMessage message;
      *message.mutable_report() = *std::move(report);
      const capture::LogPosition before = *at;
      answered_ = false;
      XP_RETURN_IF_ERROR(conversation_.Send(message));
      XP_RETURN_IF_ERROR(Await([this] { return answered_ || confirmed_; }, "an answer"));
      if (*at == before && !confirmed_) XP_RETURN_IF_ERROR(Listen(absl::Seconds(1)));
    }
    return absl::OkStatus();
  }

  absl::Status Await(const std::function<bool()>& done, const char* what) {
    const absl::Duration began = options_.monotonic();
    while (!done()) {
      XP_RETURN_IF_ERROR(Listen(kLook));
      if (options_.monotonic() - began > kAnswerTimeout) {
        return absl::UnavailableError(absl::StrCat("the server did not send ", what));
      }
    }
    return absl::OkStatus();
  }

  // Takes one message, or lets `timeout` pass; keeps the lease.
  absl::Status Listen(absl::Duration timeout) {
    if (options_.cancelled && options_.cancelled()) return absl::CancelledError("ended");
    const absl::Duration now = options_.monotonic();
    if (now - heartbeat_at_ >= kHeartbeat && welcomed_) {
      heartbeat_at_ = now;
      XP_RETURN_IF_ERROR(conversation_.Send(HeartbeatOf(record_)));
    }
    XP_ASSIGN_OR_RETURN(const std::optional<v1::ServerMessage> message,
                        conversation_.Next(timeout));
    return message ? Take(*message) : absl::OkStatus();
  }

  absl::Status Take(const v1::ServerMessage& message) {
    switch (message.message_case()) {
      case v1::ServerMessage::kWelcome:
        welcomed_ = true;
        return TakeVerdict(message.welcome());
      case v1::ServerMessage::kAssignment:
        record_.trial_uid = message.assignment().attempt().trial_uid();
        record_.attempt = message.assignment().attempt().number();
        return absl::OkStatus();
      case v1::ServerMessage::kReportAck:
        TakeHeld(message.report_ack().held());
        answered_ = true;
        return absl::OkStatus();
      case v1::ServerMessage::kStop:
        return Stop(v1::EndReason_Name(message.stop().reason()));
      case v1::ServerMessage::kConfirmed:
        confirmed_ = true;
        return absl::OkStatus();
      case v1::ServerMessage::kRefused:
        // A full disk passes: the report is made again.
        if (message.refused().code() == static_cast<int>(absl::StatusCode::kResourceExhausted)) {
          answered_ = true;
          return absl::OkStatus();
        }
        return absl::FailedPreconditionError(message.refused().message());
      default:
        return absl::OkStatus();
    }
  }

  absl::Status TakeVerdict(const v1::Welcome& welcome) {
    for (const v1::Verdict& verdict : welcome.verdicts()) {
      for (const v1::SourceOffset& held : verdict.sources()) TakeHeld(held);
      switch (verdict.action()) {
        case v1::Verdict::CONFIRMED:
          confirmed_ = true;
          return absl::OkStatus();
        case v1::Verdict::STOP:
          return Stop(v1::EndReason_Name(verdict.stop_reason()));
        case v1::Verdict::FENCED:
        case v1::Verdict::FORGET:
          return absl::FailedPreconditionError("its trial was deleted or ended on the server");
        default:
          break;
      }
    }
    return absl::OkStatus();
  }

  void TakeHeld(const v1::SourceOffset& held) {
    capture::LogPosition& at =
        held.source() == v1::SOURCE_KIND_METRICS_FILE ? metrics_at_ : log_at_;
    at = {held.offset(), held.inside_over_long_line()};
  }

  absl::Status Stop(const std::string& reason) {
    return runner::RequestStop(record_.Attempt(), kStopGrace, reason);
  }

  RunRecord& record_;
  const DeliverOptions& options_;
  RunReports reports_;
  WorkConversation conversation_;
  capture::LogPosition log_at_;
  capture::LogPosition metrics_at_;
  absl::Duration heartbeat_at_;
  bool welcomed_ = false;
  bool answered_ = false;
  bool confirmed_ = false;
};

}  // namespace

absl::Status DeliverRun(client::Client& client, RunRecord* record, const DeliverOptions& options) {
  XP_ASSIGN_OR_RETURN(const auto rules,
                      capture::CompileMetricRules(record->metrics, record->preset));
  if (record->trial_uid.empty()) {
    // Repeated with the same request_id it creates nothing twice.
    const auto created =
        client.Call(&v1::Experiments::Stub::SubmitExperiment, SubmitRequestOf(*record));
    if (!created.ok()) return created.status();
  }
  return Delivery(client, record, options, rules).Run();
}

}  // namespace xp::xpctl
