#include "server/http/json_stream.h"

#include <absl/strings/str_cat.h>

#include <cstdint>
#include <memory>

#include "proto/limits.h"
#include "proto/status.h"
#include "server/http/connect_error.h"
#include "server/http/json_message.h"

namespace xp::http {
namespace {

constexpr size_t kHeadBytes = 5;
constexpr uint8_t kEndFlag = 2;

std::string Frame(uint8_t flags, std::string_view json) {
  std::string frame(1, static_cast<char>(flags));
  for (int shift = 24; shift >= 0; shift -= 8) {
    frame += static_cast<char>(json.size() >> shift);
  }
  return frame.append(json);
}

// The JSON of the request's one frame.
absl::StatusOr<std::string_view> Unwrap(std::string_view body) {
  if (body.size() < kHeadBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("the body has ", body.size(),
                     " bytes; a frame is a byte of flags, four of length, and its JSON"));
  }
  if (body[0] != 0) {
    return absl::UnimplementedError("the frame has flags; send it plain, with flags 0");
  }
  size_t size = 0;
  for (size_t i = 1; i < kHeadBytes; ++i) size = size << 8 | static_cast<uint8_t>(body[i]);
  if (size != body.size() - kHeadBytes) {
    return absl::InvalidArgumentError(absl::StrCat("the frame says ", size, " bytes, the body has ",
                                                   body.size() - kHeadBytes,
                                                   " of it; send one whole frame"));
  }
  return body.substr(kHeadBytes);
}

// What the call came to, and whether it came to its method.
absl::Status Run(const rpc::MethodTable& table, rpc::CallContext& context,
                 const JsonRequest& request, const WriteBytes& write, bool* called) {
  const rpc::ServerStreamMethod* method = table.FindServerStream(request.path);
  if (method == nullptr) {
    return absl::UnimplementedError(
        "no such server stream; unary methods take application/json, streams from the client gRPC");
  }
  XP_ASSIGN_OR_RETURN(const std::string_view json, Unwrap(request.body));
  const std::unique_ptr<google::protobuf::Message> message(method->request_prototype->New());
  XP_RETURN_IF_ERROR(ParseJson(json, message.get()));
  *called = true;
  absl::Status broken;
  const absl::Status status =
      method->call(context, *message, [&](const google::protobuf::Message& answer) {
        const absl::StatusOr<std::string> text = PrintJson(answer);
        if (!text.ok()) broken = text.status();
        return text.ok() && write(Frame(0, *text));
      });
  return broken.ok() ? status : broken;
}

}  // namespace

std::string EndOfStream(const absl::Status& status) {
  return Frame(kEndFlag,
               status.ok() ? "{}" : absl::StrCat("{\"error\":", ConnectErrorBody(status), "}"));
}

absl::Status StreamJson(const rpc::MethodTable& table, rpc::CallContext& context,
                        const JsonRequest& request, const WriteBytes& write) {
  bool called = false;
  absl::Status status = Run(table, context, request, write, &called);
  write(EndOfStream(status));
  return called ? absl::OkStatus() : status;
}

}  // namespace xp::http
