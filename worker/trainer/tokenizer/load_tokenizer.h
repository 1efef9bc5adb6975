// A tokenizer from a Hugging Face model folder: tokenizer.json when it is there, else vocab.txt
// (WordPiece) or vocab.json with merges.txt (byte-level BPE), with tokenizer_config.json; then
// special_tokens.h says what the files beside them may say.
#pragma once

#include <absl/status/statusor.h>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "worker/trainer/tokenizer/tokenizer.h"

namespace xp::trainer {

// NOT_FOUND: no tokenizer files; INVALID_ARGUMENT: a file is corrupt or of a kind that xptrain
// does not know; FAILED_PRECONDITION: ICU lacks data that it needs. Messages name the file, and the
// line or byte where one is known.
absl::StatusOr<std::shared_ptr<const Tokenizer>> LoadTokenizer(const std::filesystem::path& dir);

// The file of `dir` that the tokens come from; it need not exist.
std::filesystem::path VocabularyFile(const std::filesystem::path& dir);

// All names that a tokenizer's file may have.
inline constexpr const char* kTokenizerFiles[] = {"tokenizer.json",
                                                  "tokenizer_config.json",
                                                  "special_tokens_map.json",
                                                  "added_tokens.json",
                                                  "vocab.txt",
                                                  "vocab.json",
                                                  "merges.txt"};

// The tokenizer files of `dir`, by name: what a copy of the model has to take along.
std::vector<std::string> TokenizerFiles(const std::filesystem::path& dir);

// The contents of a tokenizer.json. Its truncation and padding are not used: callers say what they
// want, as in transformers.
absl::StatusOr<TokenizerParts> ParseTokenizerJson(std::string_view text);

}  // namespace xp::trainer
