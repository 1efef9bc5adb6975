#include "worker/trainer/train/result_places.h"

#include <unistd.h>

#include <absl/strings/str_format.h>
#include <algorithm>
#include <filesystem>
#include <string>

#include "worker/trainer/files.h"

namespace xp::trainer {
namespace {

namespace fs = std::filesystem;

bool LiesIn(const fs::path& file, const fs::path& dir) {
  std::error_code error;
  return !dir.empty() &&
         fs::equivalent(fs::weakly_canonical(fs::absolute(file, error), error).parent_path(), dir,
                        error);
}

absl::Status MakeResultFolder(const fs::path& dir, const TrainOptions& options) {
  if (dir.empty()) return absl::OkStatus();
  std::error_code error;
  for (const fs::path& channel : {options.train, options.test}) {
    if (channel.empty() || !fs::equivalent(dir, channel, error)) continue;
    return absl::InvalidArgumentError(dir.string() +
                                      " is an input channel: results there would change what "
                                      "later trainings begin with; name another folder");
  }
  fs::create_directories(dir, error);
  if (!fs::is_directory(dir, error)) {
    return absl::InvalidArgumentError("cannot make the folder " + dir.string() + " for results");
  }
  if (::access(dir.c_str(), W_OK | X_OK) != 0) return ErrnoStatus("cannot write into", dir);
  return absl::OkStatus();
}

// By its name a file of a model or of prepared data.
bool IsNamedAsInput(const fs::path& file) {
  const std::string ending = file.extension().string();
  const char* const inputs[] = {".xpshard", ".json", ".safetensors", ".bin", ".txt"};
  return std::find(std::begin(inputs), std::end(inputs), ending) != std::end(inputs);
}

absl::Status CheckLinesFile(const char* option, const fs::path& file, const TrainOptions& options) {
  std::error_code error;
  if (file.empty() || !fs::exists(file, error)) return absl::OkStatus();
  bool input = !options.ids.empty() && fs::equivalent(file, options.ids, error);
  for (const fs::path& dir : {options.train, options.test, options.model}) {
    input = input || (IsNamedAsInput(file) && LiesIn(file, dir));
  }
  if (!input) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("%s %s: that is an input; name another file", option, file.string()));
}

}  // namespace

absl::Status CheckModelStays(const TrainOptions& options) {
  std::error_code error;
  const fs::path model = fs::canonical(options.model, error);
  const std::string name = model.filename().string();
  const bool best = name == "best" && LiesIn(model, options.model_out);
  const bool kept =
      (name == "best" || name.starts_with("checkpoint-")) && LiesIn(model, options.checkpoints);
  if (!best && !kept) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "the model %s lies where this training keeps its own, which it replaces; copy it elsewhere, "
      "or name another %s",
      options.model.string(), kept ? "--checkpoint-dir" : "--model-dir"));
}

absl::Status MakeResultPlaces(const TrainOptions& options) {
  absl::Status status = CheckLinesFile("--trace", options.trace, options);
  if (status.ok()) status = CheckLinesFile("--metrics-file", options.metrics_file, options);
  for (const fs::path& dir : {options.model_out, options.output, options.checkpoints}) {
    if (status.ok()) status = MakeResultFolder(dir, options);
  }
  return status;
}

}  // namespace xp::trainer
