// Whether examples are such as a model takes: the one check between foreign numbers and its tables.
#pragma once

#include <absl/status/status.h>
#include <string_view>

#include "worker/trainer/data/shard.h"
#include "worker/trainer/model/config.h"

namespace xp::trainer {

// INVALID_ARGUMENT: more tokens than the model takes, or an id or token type that it lacks; with
// Labels::kRequired also a class index that it lacks. Names the example, counted from 0, of `which`
// ("training", or empty where there is one set). Any thread.
absl::Status CheckFit(const Examples& examples, const ModelConfig& config, Labels labels,
                      std::string_view which);

}  // namespace xp::trainer
