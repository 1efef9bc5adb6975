// What `xptrain train` is told: the article's hyperparameters, with the Trainer's names and
// defaults unless said otherwise.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "worker/trainer/data/batch_plan.h"

namespace xp::trainer {

enum class ResumeMode { kAuto, kNever };

// kLayers: a layer's activations are computed again in the backward pass instead of being kept.
enum class GradientCheckpointing { kNone, kLayers };

struct TrainOptions {
  // Folders and files; an empty path: not wanted, or not given.
  std::filesystem::path model;      // config.json, tokenizer files, weights or none
  std::filesystem::path train;      // shards
  std::filesystem::path test;       // shards; empty: no evaluation
  std::filesystem::path ids;        // JSON lines of ids instead of shards
  std::filesystem::path model_out;  // the last model, best/ the best one
  std::filesystem::path output;     // eval_results.txt, predictions.csv, ...
  std::filesystem::path checkpoints;
  std::filesystem::path metrics_file;
  std::filesystem::path trace;  // each step as a JSON line, in full precision

  uint64_t epochs = 3;
  uint64_t max_steps = 0;  // optimiser steps; 0: as many as the epochs have
  uint64_t train_batch_size = 32;
  uint64_t eval_batch_size = 64;
  uint64_t gradient_accumulation_steps = 1;
  double learning_rate = 5e-5;
  uint64_t warmup_steps = 0;
  double warmup_ratio = 0;  // of all steps; used when warmup_steps is 0
  double weight_decay = 0;
  double adam_beta1 = 0.9, adam_beta2 = 0.999, adam_epsilon = 1e-8;
  double max_grad_norm = 1.0;  // 0: no clipping
  GradientCheckpointing gradient_checkpointing = GradientCheckpointing::kNone;
  double dropout = -1;  // replaces all of the model's own; below 0: as config.json says
  uint64_t seed = 42;
  Order order = Order::kByLength;
  int64_t pad_to = 0;  // 0: to the longest of the batch

  uint64_t logging_steps = 500;  // 0: no lines of the training loss
  uint64_t save_steps = 0;       // checkpoints besides those at the end of each epoch; 0: none
  uint64_t save_total_limit = 2;
  ResumeMode resume = ResumeMode::kAuto;

  std::string device = "auto";
  std::string precision = "auto";     // fp32, bf16, fp16; auto: bf16 on a GPU, fp32 on a CPU
  std::string loss_scaling = "auto";  // dynamic, none; auto: dynamic with fp16
  double initial_loss_scale = 65536;
  int threads = 0;  // 0: see SetThreads
};

}  // namespace xp::trainer
