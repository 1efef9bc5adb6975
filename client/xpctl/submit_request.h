// A spec file as the request that creates it, with the blobs that it refers to. Hashes folders,
// each once, however many trials name it.
//
// Errors: those of ReadFolder and ReadSourceFolder, with the field's path. Any thread.
#pragma once

#include <absl/status/statusor.h>

#include <functional>

#include <string>
#include <vector>

#include "client/cpp/file_manifest.h"
#include "client/xpctl/spec/spec_file.h"
#include "xp/v1/experiments.pb.h"

namespace xp::xpctl {

struct SubmitPlan {
  v1::SubmitExperimentRequest request;  // without its request_id
  std::vector<client::BlobSource> blobs;
  std::vector<std::string> warnings;  // for people: files that were left out
};

// `announce` is called before each folder that is read.
absl::StatusOr<SubmitPlan> MakeSubmitPlan(
    const SpecFile& spec, const std::function<void(const std::string& path)>& announce);

}  // namespace xp::xpctl
