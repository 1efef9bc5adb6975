// How every program of xp writes its log: to stderr, as text for people on a terminal, as one JSON
// object a line otherwise. Tables and data go to stdout; nothing else does.
//
//   {"time":"2026-11-23T09:24:16.123Z","level":"info","message":"..."}
#pragma once

#include <absl/status/status.h>

#include <string>
#include <string_view>

namespace xp {

enum class LogFormat {
  kAuto,  // text when stderr is a terminal
  kText,
  kJson,
};

// Makes spdlog's default logger write to stderr. `level` is one of trace, debug, info, warning,
// error, off; INVALID_ARGUMENT otherwise. Call it once, before there are other threads.
absl::Status SetUpLog(LogFormat format, std::string_view level);

// `text` as a JSON string with its quotes. Bytes that are no UTF-8 become U+FFFD.
std::string JsonString(std::string_view text);

}  // namespace xp
