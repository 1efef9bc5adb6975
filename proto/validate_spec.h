// Checks of a TrialSpec (validate.h says how). Apart from the rest because it is half of it.
#pragma once

#include <absl/status/status.h>

#include <string_view>

#include "proto/validate.h"
#include "xp/v1/trials.pb.h"

namespace xp {

absl::Status CheckSpec(std::string_view field, const v1::TrialSpec& spec,
                       const CheckDefinitions& check_definitions);

}  // namespace xp
