// Progress on stderr: a line that is redrawn on a terminal; elsewhere nothing but what is said
// once. Not thread safe.
#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <string>

#include "client/xpctl/world.h"

namespace xp::xpctl {

class Progress {
 public:
  explicit Progress(World& world) : world_(world) {}
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Shows `line` in place of the one before; at most ten times a second unless it is the last.
  void Show(const std::string& line);
  // "uploading [=====     ] 1.2 GiB / 2.4 GiB".
  void ShowBytes(const std::string& what, uint64_t done, uint64_t total);
  // Prints a line that stays, above the one that is redrawn.
  void Say(const std::string& line);
  void Clear();

 private:
  World& world_;
  absl::Time shown_at_ = absl::InfinitePast();
  std::string line_;
};

// "[=====     ]", `width` columns in all.
std::string Bar(uint64_t done, uint64_t total, int width);

}  // namespace xp::xpctl
