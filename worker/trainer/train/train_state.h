// Where a training stands, on disk: enough to go on as if it had never stopped. Needs LibTorch.
#pragma once

#include <absl/status/statusor.h>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "worker/trainer/model/classifier.h"
#include "worker/trainer/tokenizer/tokenizer_copy.h"
#include "worker/trainer/train/adamw.h"
#include "worker/trainer/train/loss_scaler.h"

namespace xp::trainer {

struct TrainState {
  uint64_t step = 0;              // optimiser steps done
  uint64_t epoch = 0;             // of the next batch
  uint64_t batch = 0;             // the next one within the epoch
  uint64_t evaluated_epochs = 0;  // how many epochs' evaluations are done
  double loss_since_log = 0;      // sum of the steps' losses
  uint64_t logged_step = 0;
  double loss_total = 0;
  double best_loss = 0;     // evaluation's, of best_epoch
  uint64_t best_epoch = 0;  // counted from 1; 0: none yet
  double seconds = 0;       // trained so far, all attempts together
  LossScalerState scaler;   // its `skipped` steps are part of `step`
};

// Folders checkpoint-STEP under one root. Each holds model.safetensors and config.json (a model
// folder of its own), optimizer.safetensors (moments, random numbers) and trainer_state.json, which
// has sizes and CRC-32 of all (checkpoint_seal.h).
class CheckpointStore {
 public:
  // `settings` names what must not change between attempts (batch size, seed, data, ...).
  CheckpointStore(std::filesystem::path root, nlohmann::ordered_json settings);
  ~CheckpointStore();
  CheckpointStore(const CheckpointStore&) = delete;
  CheckpointStore& operator=(const CheckpointStore&) = delete;

  // Until this object ends. FAILED_PRECONDITION: another process has it.
  absl::Status Lock();

  // Written aside, then renamed. Afterwards go older ones beyond `keep`, and those of later steps:
  // they are of a run that was given up, or damaged.
  absl::Status Save(const TrainState& state, const Classifier& classifier, AdamW& optimizer,
                    const TokenizerCopy& tokenizer, uint64_t keep) const;

  // OK if there is none of that step.
  absl::Status Remove(uint64_t step) const;

  // The newest whole one; nullopt when there is none. A damaged one (DATA_LOSS, INVALID_ARGUMENT,
  // NOT_FOUND) is passed over, and `warnings` says so. Any other error ends it, for the checkpoint
  // may well be whole: it cannot be read just now, or (FAILED_PRECONDITION, with the first
  // difference) belongs to other settings.
  absl::StatusOr<std::optional<TrainState>> Resume(Classifier& classifier, AdamW& optimizer,
                                                   std::vector<std::string>& warnings) const;

 private:
  absl::Status Load(const std::filesystem::path& dir, TrainState& state, Classifier& classifier,
                    AdamW& optimizer) const;
  absl::Status WriteState(const std::filesystem::path& dir, const TrainState& state) const;
  std::filesystem::path PathOf(uint64_t step) const;
  std::vector<std::filesystem::path> NewestFirst() const;

  const std::filesystem::path root_;
  const nlohmann::ordered_json settings_;
  int lock_ = -1;  // descriptor of the root
};

}  // namespace xp::trainer
