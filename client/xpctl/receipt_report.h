// Receipts: what was scanned, matched, kept and dropped, for people and as JSON. Pure functions.
#pragma once

#include <google/protobuf/repeated_field.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "client/xpctl/session.h"
#include "xp/v1/metrics.pb.h"

namespace xp::xpctl {

// A table with one row per definition.
Table DefinitionTable(const google::protobuf::RepeatedPtrField<v1::DefinitionReceipt>& definitions);
nlohmann::ordered_json DefinitionJson(const v1::DefinitionReceipt& definition);

// One line for each definition that needs attention: never matched, gave no number, dropped some.
std::vector<std::string> DefinitionAdvice(
    const google::protobuf::RepeatedPtrField<v1::DefinitionReceipt>& definitions);

// Adds lines to a table of field and value, and "receipt" to its JSON.
void AddReceipt(const v1::Receipt& receipt, Report* report);

}  // namespace xp::xpctl
