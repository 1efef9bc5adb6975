#include "worker/trainer/model/vocabulary_fit.h"

#include <absl/strings/str_format.h>
#include <unordered_set>

#include "worker/trainer/files.h"
#include "worker/trainer/tokenizer/load_tokenizer.h"

namespace xp::trainer {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kPaddedTo = 8, kMostPadding = 127;
// RoBERTa's vocabulary has three tokens that no merge makes; more than a few of them are a sign.
constexpr size_t kMostUnmade = 16;

// Tokens of a byte-level vocabulary that are no single byte, no added token and no merge's result.
size_t CountUnmade(const TokenizerParts& parts) {
  if (parts.wordpiece || parts.bpe.ignore_merges) return 0;
  std::unordered_set<std::string> made;
  for (const auto& [left, right] : parts.bpe_merges) made.insert(left + right);
  for (const AddedToken& token : parts.added_tokens) made.insert(token.content);
  size_t unmade = 0;
  parts.vocabulary.ForEach([&](std::string_view token, uint32_t) {
    constexpr size_t kByteTokens = 2;  // bytes of the UTF-8 of what stands for one byte, at most
    if (token.size() > kByteTokens && !made.contains(std::string(token))) ++unmade;
  });
  return unmade;
}

absl::Status CheckLastLine(const fs::path& file) {
  absl::StatusOr<std::string> text = ReadFile(file);
  if (!text.ok()) return text.status();
  if (text->ends_with('\n')) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrFormat("%s: byte %d: the file ends within a line, with fewer tokens than "
                      "config.json's vocab_size: it was cut off",
                      file.string(), text->size()));
}

}  // namespace

absl::StatusOr<std::string> CheckVocabularyFit(const fs::path& dir, const Tokenizer& tokenizer,
                                               int64_t vocab_size, LargerTokenizer larger) {
  const fs::path file = VocabularyFile(dir);
  const int64_t tokens = tokenizer.id_limit(), lacking = vocab_size - tokens;
  const std::string numbers =
      absl::StrFormat("%s has ids up to %d, the vocab_size of %s is %d", file.string(), tokens - 1,
                      (dir / "config.json").string(), vocab_size);
  if (lacking < 0 && larger == LargerTokenizer::kRefused) {
    return absl::InvalidArgumentError(numbers);
  }
  if (lacking < 0) return numbers + ": texts with an id beyond it are refused";
  if (lacking > kMostPadding || (lacking > 0 && vocab_size % kPaddedTo != 0)) {
    if (file.extension() == ".txt") {
      if (absl::Status status = CheckLastLine(file); !status.ok()) return status;
    }
    return absl::StrFormat(
        "%s: %d tokens of the model are never used. If the file was cut off, "
        "results are worse than they should be",
        numbers, lacking);
  }
  if (const size_t unmade = CountUnmade(tokenizer.parts()); unmade > kMostUnmade) {
    return absl::StrFormat(
        "%s: %d of its tokens are made by none of the %d merges. If merges.txt "
        "was cut off, results are worse than they should be",
        file.string(), unmade, tokenizer.parts().bpe_merges.size());
  }
  return "";
}

}  // namespace xp::trainer
