#include "worker/trainer/cli/model_folder.h"

#include <iostream>
#include <memory>

#include "worker/trainer/cli/command.h"
#include "worker/trainer/cli/stop_signals.h"
#include "worker/trainer/hub/model_name.h"

namespace xp::trainer {
namespace {

// A bar for each file, one after the other.
class FileProgress {
 public:
  void Update(const std::string& file, uint64_t done, uint64_t total) {
    if (done == 0) return;
    if (file != file_) {
      Clear();
      file_ = file;
      progress_ = std::make_unique<Progress>(ProgressOptions{file, "bytes", StderrStyle()},
                                             SteadyNow(), std::cerr);
    }
    progress_->SetTotal(total);
    progress_->Update(done);
  }
  void Clear() {
    if (progress_) progress_->Clear();
  }

 private:
  std::string file_;
  std::unique_ptr<Progress> progress_;
};

}  // namespace

void AddHubOptions(CLI::App* command, HubOptions* options) {
  *options = HubOptionsFromEnvironment(FromEnvironment);
  command->add_option("--hub-endpoint", options->endpoint, "Where hub:NAME is fetched from")
      ->capture_default_str()
      ->group("hub:NAME");
  command->add_option("--hub-cache", options->cache, "Where fetched models are kept")
      ->capture_default_str()
      ->group("hub:NAME");
  command->add_flag("--hub-offline", options->offline, "Take models from the cache only")
      ->group("hub:NAME");
}

absl::StatusOr<std::string> ModelFolder(const std::string& model, HubFiles files,
                                        HubOptions options) {
  if (model.empty()) {
    return absl::InvalidArgumentError("--model is empty: it takes a model's folder, or hub:NAME");
  }
  if (!IsHubName(model)) return model;
  FileProgress progress;
  options.wait = WaitUnlessStopped;
  options.say = [&](const std::string& line) {
    progress.Clear();
    std::cerr << "xptrain: " << line << std::endl;
  };
  options.progress = [&](const std::string& file, uint64_t done, uint64_t total) {
    progress.Update(file, done, total);
  };
  const absl::StatusOr<std::filesystem::path> folder = FetchModel(model, files, options);
  progress.Clear();
  if (!folder.ok()) return folder.status();
  return folder->string();
}

}  // namespace xp::trainer
