// One server stream as enveloped JSON: the method table's function behind
// `POST /xp.v1.Service/Method` with `Content-Type: application/connect+json` (the Connect
// protocol's streaming form). No sockets here.
//
// Request and answer are frames: a byte of flags, the length in four bytes, big-endian, the JSON.
// The request is one frame. The last frame of the answer has flag 2 and says how the call ended:
// {} or {"error": {"code", "message"}}; so a caller whose connection broke knows that it did.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "server/http/json_rpc.h"
#include "server/rpc/method_table.h"

namespace xp::http {

inline constexpr std::string_view kStreamContentType = "application/connect+json";

// False: the caller is gone.
using WriteBytes = std::function<bool(std::string_view bytes)>;

// Runs the call and writes the answer, its last frame included. Not OK: why the method was not
// called, for the log; what it came to it logs itself. Never throws. Safe from any thread, as the
// table is.
absl::Status StreamJson(const rpc::MethodTable& table, rpc::CallContext& context,
                        const JsonRequest& request, const WriteBytes& write);

// The last frame.
std::string EndOfStream(const absl::Status& status);

}  // namespace xp::http
