// A vocabulary learnt from text: counts words, then writes vocab.txt (WordPiece) or vocab.json and
// merges.txt (byte-level BPE), with tokenizer_config.json. The same text in the same or another
// order gives the same files. Not thread-safe.
#pragma once

#include <absl/status/statusor.h>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace xp::trainer {

enum class VocabKind { kWordPiece, kByteLevel };

struct VocabOptions {
  VocabKind kind = VocabKind::kWordPiece;
  size_t size = 8000;      // tokens, special ones included
  uint64_t min_count = 2;  // of a pair, to be merged
  bool lowercase = true;   // WordPiece only: lower case, accents stripped
};

// The files that VocabBuilder writes.
std::vector<std::string> VocabFileNames(VocabKind kind);

class VocabBuilder {
 public:
  explicit VocabBuilder(VocabOptions options) : options_(options) {}

  void Add(std::string_view text);

  // Returns how many tokens the vocabulary has; fewer than asked for when the text is too short.
  // FAILED_PRECONDITION when no text was added, INVALID_ARGUMENT when the size is too small.
  absl::StatusOr<size_t> Write(const std::filesystem::path& dir) const;

 private:
  absl::StatusOr<size_t> WriteWordPiece(const std::filesystem::path& dir) const;
  absl::StatusOr<size_t> WriteByteLevel(const std::filesystem::path& dir) const;

  const VocabOptions options_;
  std::unordered_map<std::string, uint64_t> words_;
};

}  // namespace xp::trainer
