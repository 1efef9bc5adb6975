#include "server/http/json_rpc.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <google/protobuf/descriptor.h>

#include <memory>

#include "proto/status.h"
#include "server/http/connect_error.h"
#include "server/http/json_message.h"
#include "server/http/json_stream.h"

namespace xp::http {
namespace {

JsonResponse Fail(int http_status, absl::Status status) {
  return {http_status, ConnectErrorBody(status), std::move(status)};
}

JsonResponse Fail(absl::Status status) { return Fail(HttpStatus(status.code()), status); }

bool IsJson(std::string_view content_type) {
  const std::string_view type = content_type.substr(0, content_type.find(';'));
  return absl::EqualsIgnoreCase(ToAbsl(type), "application/json");
}

bool IsDeclared(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos || slash == 0) return false;
  const auto* service = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
      std::string(path.substr(1, slash - 1)));
  return service != nullptr &&
         service->FindMethodByName(std::string(path.substr(slash + 1))) != nullptr;
}

// Why a path has no unary method: it is a stream, or there is no such thing.
absl::Status NoUnaryMethod(std::string_view path) {
  if (IsDeclared(path)) {
    return absl::UnimplementedError(
        absl::StrCat("this method is a stream: a server's is answered to ",
                     ToAbsl(kStreamContentType), ", a client's over gRPC alone"));
  }
  return absl::NotFoundError("no such method; paths are /xp.v1.SERVICE/METHOD, see proto/xp/v1");
}

}  // namespace

bool IsMethodPath(const rpc::MethodTable& table, std::string_view path) {
  return table.FindUnary(path) != nullptr || table.FindServerStream(path) != nullptr ||
         IsDeclared(path);
}

JsonResponse CallJson(const rpc::MethodTable& table, rpc::CallContext& context,
                      const JsonRequest& request) {
  const rpc::UnaryMethod* method = table.FindUnary(request.path);
  if (method == nullptr) return Fail(NoUnaryMethod(request.path));
  if (!IsJson(request.content_type)) {
    return Fail(415, absl::InvalidArgumentError(
                         absl::StrCat("Content-Type is '", ToAbsl(request.content_type),
                                      "'; accepted are application/json and, for server streams, ",
                                      ToAbsl(kStreamContentType))));
  }
  if (!request.encoding.empty() && request.encoding != "identity") {
    return Fail(absl::UnimplementedError(
        absl::StrCat("Content-Encoding '", ToAbsl(request.encoding), "'; send identity")));
  }
  std::unique_ptr<google::protobuf::Message> message(method->request_prototype->New());
  if (absl::Status status = ParseJson(request.body, message.get()); !status.ok()) {
    return Fail(std::move(status));
  }
  std::unique_ptr<google::protobuf::Message> response(method->response_prototype->New());
  if (const absl::Status status = method->call(context, *message, response.get()); !status.ok()) {
    return {HttpStatus(status.code()), ConnectErrorBody(status), absl::OkStatus()};
  }
  absl::StatusOr<std::string> printed = PrintJson(*response);
  if (!printed.ok()) return Fail(printed.status());
  return {200, *std::move(printed), absl::OkStatus()};
}

}  // namespace xp::http
