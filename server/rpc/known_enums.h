// Enums are open in proto3: a number that nobody has named arrives like any other. In a request it
// would mean nothing, so it is refused.
#pragma once

#include <absl/status/status.h>
#include <google/protobuf/message.h>

#include "server/rpc/method_table.h"

namespace xp::rpc {

// INVALID_ARGUMENT, with the field's path, the number and the names that there are, when an enum
// anywhere in `message` has a value without a name. Pure; safe from any thread.
absl::Status CheckEnums(const google::protobuf::Message& message);

// Puts the check before every method of the table.
void RefuseUnknownEnums(MethodTable* table);

}  // namespace xp::rpc
