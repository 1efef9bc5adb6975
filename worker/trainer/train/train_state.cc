#include "worker/trainer/train/train_state.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <absl/strings/str_format.h>
#include <algorithm>
#include <charconv>
#include <utility>

#include "worker/trainer/files.h"
#include "worker/trainer/model/checkpoint.h"
#include "worker/trainer/torch_runtime.h"
#include "worker/trainer/train/checkpoint_seal.h"

namespace xp::trainer {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::string_view kPrefix = "checkpoint-";
constexpr std::string_view kAsidePrefix = ".part-";
constexpr const char* kStateFile = "trainer_state.json";
constexpr const char* kOptimizerFile = "optimizer.safetensors";
constexpr const char* kRandom = "random_state";

Json ToJson(const TrainState& s) {
  return {{"step", s.step},
          {"epoch", s.epoch},
          {"batch", s.batch},
          {"evaluated_epochs", s.evaluated_epochs},
          {"loss_since_log", s.loss_since_log},
          {"logged_step", s.logged_step},
          {"loss_total", s.loss_total},
          {"best_loss", s.best_loss},
          {"best_epoch", s.best_epoch},
          {"seconds", s.seconds},
          {"loss_scale", s.scaler.scale},
          {"loss_scale_good_steps", s.scaler.good_steps},
          {"skipped_steps", s.scaler.skipped}};
}

TrainState FromJson(const Json& json) {
  TrainState s;
  json.at("step").get_to(s.step);
  json.at("epoch").get_to(s.epoch);
  json.at("batch").get_to(s.batch);
  json.at("evaluated_epochs").get_to(s.evaluated_epochs);
  json.at("loss_since_log").get_to(s.loss_since_log);
  json.at("logged_step").get_to(s.logged_step);
  json.at("loss_total").get_to(s.loss_total);
  json.at("best_loss").get_to(s.best_loss);
  json.at("best_epoch").get_to(s.best_epoch);
  json.at("seconds").get_to(s.seconds);
  json.at("loss_scale").get_to(s.scaler.scale);
  json.at("loss_scale_good_steps").get_to(s.scaler.good_steps);
  json.at("skipped_steps").get_to(s.scaler.skipped);
  return s;
}

// Puts `from` where `to` is, so that one of the two is there at each moment.
absl::Status Replace(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) == 0) {
    fs::remove_all(from, error);
    return absl::OkStatus();
  }
  fs::remove_all(to, error);  // there is none, or the file system cannot exchange
  fs::rename(from, to, error);
  if (!error) return absl::OkStatus();
  errno = error.value();
  return ErrnoStatus("cannot rename to", to);
}

uint64_t StepOf(const fs::path& dir) {
  const std::string name = dir.filename().string();
  uint64_t step = 0;
  const char* end = name.data() + name.size();
  if (!name.starts_with(kPrefix)) return 0;
  const auto parsed = std::from_chars(name.data() + kPrefix.size(), end, step);
  return parsed.ptr == end ? step : 0;
}

}  // namespace

CheckpointStore::CheckpointStore(fs::path root, Json settings)
    : root_(std::move(root)), settings_(std::move(settings)) {}

CheckpointStore::~CheckpointStore() {
  if (lock_ >= 0) ::close(lock_);
}

absl::Status CheckpointStore::Lock() {
  lock_ = ::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock_ < 0) return ErrnoStatus("cannot open", root_);
  // A file system without locks is no reason not to train.
  if (::flock(lock_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return absl::OkStatus();
  return absl::FailedPreconditionError(
      root_.string() +
      ": another xptrain trains into this checkpoint folder; wait for it or name "
      "another with --checkpoint-dir");
}

fs::path CheckpointStore::PathOf(uint64_t step) const {
  return root_ / absl::StrFormat("%s%d", kPrefix, step);
}

std::vector<fs::path> CheckpointStore::NewestFirst() const {
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(root_, error)) {
    if (StepOf(entry.path()) > 0) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end(),
            [](const fs::path& a, const fs::path& b) { return StepOf(a) > StepOf(b); });
  return found;
}

absl::Status CheckpointStore::Save(const TrainState& state, const Classifier& classifier,
                                   AdamW& optimizer, const TokenizerCopy& tokenizer,
                                   uint64_t keep) const {
  const fs::path dir = PathOf(state.step);
  const fs::path aside = root_ / absl::StrFormat("%s%d", kAsidePrefix, state.step);
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(root_, error)) {
    // Of a process that was killed meanwhile: it would take room for ever.
    if (entry.path().filename().string().starts_with(kAsidePrefix)) fs::remove_all(entry, error);
  }
  std::vector<at::Tensor> kept;
  std::vector<NamedArray> arrays;
  for (size_t i = 0; i < classifier.parameters().size(); ++i) {
    const Parameter& parameter = classifier.parameters()[i];
    AppendParts(parameter, optimizer.first_moments()[i], "exp_avg.", kept, arrays);
    AppendParts(parameter, optimizer.second_moments()[i], "exp_avg_sq.", kept, arrays);
  }
  kept.push_back(RandomState(classifier.device()).contiguous());
  const at::Tensor& random = kept.back();
  arrays.push_back({kRandom,
                    {DType::kU8,
                     {random.numel()},
                     static_cast<const char*>(random.data_ptr()),
                     uint64_t(random.numel())}});
  absl::Status status = SaveModel(aside, tokenizer, classifier);
  if (status.ok()) status = WriteSafetensors(aside / kOptimizerFile, arrays);
  if (status.ok()) status = WriteState(aside, state);
  if (!status.ok()) {
    fs::remove_all(aside, error);
    return status;
  }
  if (status = Replace(aside, dir); !status.ok()) return status;
  // So that the new name outlives a loss of power before another checkpoint goes.
  if (status = SyncPath(root_); !status.ok()) return status;
  uint64_t older = 0;
  for (const fs::path& other : NewestFirst()) {
    const uint64_t step = StepOf(other);
    if (step > state.step || (step < state.step && ++older >= std::max<uint64_t>(keep, 1))) {
      fs::remove_all(other, error);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckpointStore::WriteState(const fs::path& dir, const TrainState& state) const {
  absl::StatusOr<nlohmann::json> files = SumFiles(dir);
  if (!files.ok()) return files.status();
  nlohmann::json file = {{"state", ToJson(state)}, {"settings", settings_}, {"files", *files}};
  Seal(file);
  return WriteFile(dir / kStateFile, file.dump(2) + "\n");
}

absl::Status CheckpointStore::Remove(uint64_t step) const {
  std::error_code error;
  fs::remove_all(PathOf(step), error);
  if (!error) return absl::OkStatus();
  errno = error.value();
  return ErrnoStatus("cannot remove", PathOf(step));
}

absl::Status CheckpointStore::Load(const fs::path& dir, TrainState& state, Classifier& classifier,
                                   AdamW& optimizer) const {
  absl::StatusOr<nlohmann::json> file = ReadJson(dir / kStateFile);
  if (!file.ok()) return file.status();
  if (!IsWhole(*file)) {
    return absl::DataLossError((dir / kStateFile).string() +
                               ": its values are not those that were written: the CRC-32 does not "
                               "fit");
  }
  Json settings;
  try {
    state = FromJson(file->at("state"));
    settings = file->at("settings");
    const absl::Status whole = CheckFileSums(dir, file->value("files", nlohmann::json::object()));
    if (!whole.ok()) return whole;
  } catch (const nlohmann::json::exception& error) {
    return absl::DataLossError((dir / kStateFile).string() + ": " + error.what());
  }
  for (const auto& [key, value] : settings_.items()) {
    const Json found = settings.contains(key) ? settings[key] : Json();
    if (found == value) continue;
    return absl::FailedPreconditionError(absl::StrFormat(
        "%s was made with %s %s, this run has %s; start it with --resume never or an empty "
        "checkpoint folder",
        dir.string(), key, found.dump(), value.dump()));
  }
  absl::StatusOr<LoadReport> weights = LoadWeights(dir, HeadPolicy::kMustBeThere, classifier);
  if (!weights.ok()) return weights.status();
  absl::StatusOr<ArrayFile> moments = ReadSafetensors(dir / kOptimizerFile);
  if (!moments.ok()) return moments.status();
  const auto in_file = [&](const absl::Status& status) {
    return absl::Status(status.code(), absl::StrFormat("%s: %s", (dir / kOptimizerFile).string(),
                                                       status.message()));
  };
  for (size_t i = 0; i < classifier.parameters().size(); ++i) {
    const Parameter& parameter = classifier.parameters()[i];
    absl::Status status = CopyParts(parameter, *moments, "exp_avg.", optimizer.first_moments()[i]);
    if (status.ok()) {
      status = CopyParts(parameter, *moments, "exp_avg_sq.", optimizer.second_moments()[i]);
    }
    if (!status.ok()) return in_file(status);
  }
  const auto random = moments->arrays.find(kRandom);
  if (random == moments->arrays.end()) return in_file(absl::DataLossError("no random_state in it"));
  optimizer.set_steps(state.step - std::min(state.step, state.scaler.skipped));
  return SetRandomState(classifier.device(), ToTensor(random->second).to(at::kByte));
}

absl::StatusOr<std::optional<TrainState>> CheckpointStore::Resume(
    Classifier& classifier, AdamW& optimizer, std::vector<std::string>& warnings) const {
  for (const fs::path& dir : NewestFirst()) {
    TrainState state;
    const absl::Status status = Load(dir, state, classifier, optimizer);
    if (status.ok()) return state;
    const bool damaged =
        absl::IsDataLoss(status) || absl::IsInvalidArgument(status) || absl::IsNotFound(status);
    if (!damaged) return status;
    warnings.push_back("passing over " + dir.string() + ": " + std::string(status.message()));
  }
  return std::nullopt;
}

}  // namespace xp::trainer
