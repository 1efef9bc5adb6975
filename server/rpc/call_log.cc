#include "server/rpc/call_log.h"

#include <absl/strings/str_cat.h>
#include <spdlog/spdlog.h>

#include <exception>
#include <utility>

#include "proto/status.h"

namespace xp::rpc {
namespace {

spdlog::level::level_enum LevelOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kUnknown:
      return spdlog::level::err;
    case absl::StatusCode::kUnavailable:
      return spdlog::level::warn;
    case absl::StatusCode::kOk:
    case absl::StatusCode::kCancelled:
      return spdlog::level::debug;
    default:
      return spdlog::level::info;
  }
}

// Runs `call`; an exception, which none of ours throws, becomes a status that says what it was.
template <typename Call>
absl::Status Guarded(Call&& call) {
  try {
    return call();
  } catch (const std::exception& error) {
    return absl::InternalError(
        absl::StrCat("the server failed on this call (a bug; please report it): ", error.what()));
  }
}

}  // namespace

void CallLog::Wrap(MethodTable* table) {
  for (auto& [path, method] : table->unary()) {
    method.call = [this, path = path, inner = std::move(method.call)](
                      CallContext& context, const google::protobuf::Message& request,
                      google::protobuf::Message* response) {
      const absl::Duration start = clock_.Monotonic();
      const absl::Status status = Guarded([&] { return inner(context, request, response); });
      Note(path, context.peer(), clock_.Monotonic() - start, status);
      return status;
    };
  }
  for (auto& [path, method] : table->streams()) {
    method.call = [this, path = path, inner = std::move(method.call)](
                      CallContext& context, const google::protobuf::Message& request,
                      const SendMessage& send) {
      const absl::Duration start = clock_.Monotonic();
      const absl::Status status = Guarded([&] { return inner(context, request, send); });
      Note(path, context.peer(), clock_.Monotonic() - start, status);
      return status;
    };
  }
}

void CallLog::Note(std::string_view path, std::string_view peer, absl::Duration took,
                   const absl::Status& status) {
  const auto code = static_cast<size_t>(status.raw_code());
  ++counts_[code < kCodes ? code : static_cast<size_t>(absl::StatusCode::kUnknown)];
  const auto level = LevelOf(status.code());
  if (!spdlog::should_log(level)) return;
  spdlog::log(level, "call {} from {} took {:.1f} ms: {}", path, peer,
              absl::ToDoubleMilliseconds(took), FormatStatus(status));
}

std::array<uint64_t, CallLog::kCodes> CallLog::counts() const {
  std::array<uint64_t, kCodes> counts{};
  for (size_t i = 0; i < kCodes; ++i) counts[i] = counts_[i].load();
  return counts;
}

}  // namespace xp::rpc
