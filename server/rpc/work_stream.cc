#include "server/rpc/work_stream.h"

#include <absl/strings/str_cat.h>
#include <grpc/grpc.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "proto/status.h"
#include "proto/validate.h"

namespace xp::rpc {
namespace {

// Ends the call with `status` while its handler waits in Read. ServerContext::TryCancel would do,
// but its code is always CANCELLED; this is the same with a code that tells the worker why.
void EndCall(grpc::ServerContext& context, const absl::Status& status) {
  const std::string message(status.message());
  grpc_call_cancel_with_status(context.c_call(), static_cast<grpc_status_code>(status.raw_code()),
                               message.c_str(), nullptr);
}

void WriteAll(fleet::Outbox& outbox, grpc::ServerContext& context, WorkStream& stream) {
  while (std::optional<v1::ServerMessage> message = outbox.Next()) {
    if (!stream.Write(*message)) break;
  }
  // CANCELLED is the reader's own close: the worker has gone, or is told by the handler's status.
  const absl::Status why = outbox.status();
  if (!why.ok() && why.code() != absl::StatusCode::kCancelled) EndCall(context, why);
}

absl::Status ReadAll(fleet::WorkerSession& session, WorkStream& stream) {
  v1::WorkerMessage message;
  while (stream.Read(&message)) {
    XP_RETURN_IF_ERROR(CheckMessageSize(message.ByteSizeLong()));
    XP_RETURN_IF_ERROR(session.Handle(message));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ServeWork(fleet::Fleet& fleet, size_t outbox_max, grpc::ServerContext& context,
                       WorkStream& stream) {
  v1::WorkerMessage first;
  if (!stream.Read(&first)) return absl::OkStatus();
  if (!first.has_hello()) {
    return absl::InvalidArgumentError("hello: a stream begins with it; another message came first");
  }
  const auto outbox = std::make_shared<fleet::Outbox>(outbox_max);
  XP_ASSIGN_OR_RETURN(std::unique_ptr<fleet::WorkerSession> session,
                      fleet.Connect(first.hello(), outbox));
  std::thread writer([&] { WriteAll(*outbox, context, stream); });
  absl::Status status = ReadAll(*session, stream);
  session.reset();
  // What the fleet closed it with goes before what the broken Read led to.
  if (const absl::Status why = outbox->status(); !why.ok()) status = why;
  outbox->Close(absl::CancelledError("the stream has ended"));
  writer.join();
  return status;
}

}  // namespace xp::rpc
