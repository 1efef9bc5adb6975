// Checks of what people send: the server makes them before anything is stored, xpctl before
// anything is sent. Each message names the field's path as the .proto spells it
// ("trials[2].spec.env[XP_FOO]: ..."), what was found and what would be accepted.
// All return INVALID_ARGUMENT or OK where nothing else is said. Pure functions; safe from any
// thread.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <google/protobuf/repeated_field.h>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "xp/v1/experiments.pb.h"
#include "xp/v1/trials.pb.h"

namespace xp {

// Compiles metric definitions and a preset as the worker will and says what is wrong with them;
// `field` is the path of the message that holds both (its fields are `metric_definitions`, or
// `definitions` for backfill, and `metrics_preset`). Given by who calls: the one compile function
// lives in worker/capture, on which nothing here depends.
using CheckDefinitions = std::function<absl::Status(
    std::string_view definitions_field, std::string_view preset_field,
    const google::protobuf::RepeatedPtrField<v1::MetricDefinition>& definitions,
    const std::string& preset)>;

// RESOURCE_EXHAUSTED beyond limits::kMessageMaxBytes: what is sent in one message can be split.
absl::Status CheckMessageSize(size_t bytes);

// A whole submit: the experiment's own fields, every trial, names unique without regard to case.
absl::Status CheckSubmit(const v1::SubmitExperimentRequest& request,
                         const CheckDefinitions& check_definitions);

// description, rank_by, tags and notes; not the name.
absl::Status CheckExperimentFields(std::string_view field, const v1::Experiment& experiment);

// spec, tags, notes; not the name.
absl::Status CheckTrialFields(std::string_view field, const v1::Trial& trial,
                              const CheckDefinitions& check_definitions);

absl::Status CheckTags(std::string_view field,
                       const google::protobuf::Map<std::string, std::string>& tags);
absl::Status CheckText(std::string_view field, std::string_view text, size_t max_bytes);

// Empty, or 1-128 bytes without control characters.
absl::Status CheckRequestId(std::string_view request_id);

// 64 lower-case hex digits.
absl::Status CheckSha256(std::string_view field, std::string_view sha256);

// A path of an artifact or a manifest: relative, '/'-separated, no empty, "." or ".." parts, no
// NUL, at most 4,096 bytes.
absl::Status CheckRelativePath(std::string_view field, std::string_view path);

// "NAME" or "NAME@VERSION".
struct DatasetRef {
  std::string name;
  int32_t version = 0;  // 0: the newest
};
absl::StatusOr<DatasetRef> ParseDatasetRef(std::string_view field, std::string_view text);

}  // namespace xp
