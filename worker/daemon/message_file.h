// Protobuf messages as durable files. Free functions; safe from any thread.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/str_cat.h>
#include <google/protobuf/message_lite.h>

#include <optional>
#include <string>

#include "proto/status.h"
#include "worker/runner/file_io.h"

namespace xp::daemon {

// On the disk when it returns OK.
inline absl::Status WriteMessage(const std::string& path,
                                 const google::protobuf::MessageLite& message) {
  return runner::WriteFileDurably(path, message.SerializeAsString());
}

// Empty when there is no such file. DATA_LOSS when it cannot be understood.
template <class Message>
absl::StatusOr<std::optional<Message>> ReadMessage(const std::string& path) {
  absl::StatusOr<std::string> bytes = runner::ReadSmallFile(path);
  if (absl::IsNotFound(bytes.status())) return std::optional<Message>();
  if (!bytes.ok()) return bytes.status();
  Message message;
  if (!message.ParseFromString(*bytes)) return absl::DataLossError(path + ": damaged");
  return std::optional<Message>(std::move(message));
}

}  // namespace xp::daemon
