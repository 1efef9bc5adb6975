#include "worker/trainer/tokenizer/tokenizer_copy.h"

#include <utility>
#include <vector>

#include "worker/trainer/files.h"
#include "worker/trainer/tokenizer/load_tokenizer.h"

namespace xp::trainer {

absl::StatusOr<TokenizerCopy> ReadTokenizerCopy(const std::filesystem::path& dir) {
  TokenizerCopy copy;
  for (const std::string& name : TokenizerFiles(dir)) {
    absl::StatusOr<std::string> content = ReadFile(dir / name);
    if (!content.ok()) return content.status();
    copy[name] = *std::move(content);
  }
  return copy;
}

absl::Status WriteTokenizerCopy(const TokenizerCopy& copy, const std::filesystem::path& dir) {
  std::vector<std::string> names;
  for (const auto& [name, content] : copy) {
    if (absl::Status status = WriteFile(dir / name, content); !status.ok()) return status;
    names.push_back(name);
  }
  RemoveOthers(dir, TokenizerFiles(dir), names);
  return absl::OkStatus();
}

}  // namespace xp::trainer
