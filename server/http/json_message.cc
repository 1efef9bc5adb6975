#include "server/http/json_message.h"

#include <absl/strings/str_cat.h>
#include <google/protobuf/util/json_util.h>

#include "server/http/json_keys.h"

namespace xp::http {

absl::Status ParseJson(std::string_view text, google::protobuf::Message* message) {
  if (text.empty()) return absl::OkStatus();
  if (absl::Status status = CheckJsonKeys(text); !status.ok()) return status;
  const auto parsed = google::protobuf::util::JsonStringToMessage(
      {text.data(), text.size()}, message, google::protobuf::util::JsonParseOptions());
  if (parsed.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the body is no ", message->GetTypeName(),
                   " as JSON: ", std::string(parsed.message().data(), parsed.message().size())));
}

absl::StatusOr<std::string> PrintJson(const google::protobuf::Message& message) {
  std::string text;
  const auto printed = google::protobuf::util::MessageToJsonString(message, &text);
  if (printed.ok()) return text;
  return absl::InternalError(
      absl::StrCat("the answer cannot be written as JSON: ",
                   std::string(printed.message().data(), printed.message().size())));
}

}  // namespace xp::http
