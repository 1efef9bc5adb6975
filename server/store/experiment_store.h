// Experiments: named questions that hold trials. Requests and answers are the API's messages; their
// forms (names, regexes, sizes) have been checked by the caller, what the database knows is checked
// here. Codes as in experiments.proto.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string_view>

#include "xp/v1/experiments.pb.h"

namespace xp::store {

enum class DeletePolicy {
  kOnlyEnded,    // FAILED_PRECONDITION names the first trial that has not ended
  kAlsoRunning,  // whatever its state (`--force`): its worker is told to end the run
};

// Inside a change (write_context.h).
class ExperimentWrites {
 public:
  virtual ~ExperimentWrites() = default;

  // The experiment and all its trials, queued; or only what is new of them. `trials[i].name` is the
  // bare name. With validate_only everything is checked and nothing stored.
  // ALREADY_EXISTS: request_id or a trial's name stands for other content; the message names the
  // first difference. FAILED_PRECONDITION: a blob is not here, or is no FileManifest. NOT_FOUND: a
  // dataset is not here. INVALID_ARGUMENT: a name twice in the request.
  virtual absl::StatusOr<v1::SubmitExperimentResponse> Submit(
      const v1::SubmitExperimentRequest& request) = 0;

  // ALREADY_EXISTS: the name is taken, or the request_id stands for other content.
  virtual absl::StatusOr<v1::Experiment> Create(const v1::CreateExperimentRequest& request) = 0;

  // NOT_FOUND; INVALID_ARGUMENT: a field that cannot be changed in the mask.
  virtual absl::StatusOr<v1::Experiment> Update(const v1::UpdateExperimentRequest& request) = 0;

  // Its name and those of its trials are free at once; the rest goes in the background.
  // NOT_FOUND; FAILED_PRECONDITION as DeletePolicy says.
  virtual absl::Status Delete(std::string_view name, DeletePolicy policy) = 0;
};

class ExperimentReads {
 public:
  virtual ~ExperimentReads() = default;

  // Names are compared without regard to case. NOT_FOUND names the nearest.
  virtual absl::StatusOr<v1::Experiment> Get(std::string_view name) = 0;

  // INVALID_ARGUMENT: filter, order_by, page_size or page_token.
  virtual absl::StatusOr<v1::ListExperimentsResponse> List(
      const v1::ListExperimentsRequest& request) = 0;
};

}  // namespace xp::store
