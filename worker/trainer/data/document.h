// Labelled texts as they come out of a data set, before any tokeniser.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace xp::trainer {

enum class Split { kTrain, kTest };

struct Document {
  std::string text;
  std::string label;  // "neg", "pos", "1", ...; empty where the format has none (plain text)
  Split split = Split::kTrain;
};

// An error from on_document ends the reading and is returned.
using OnDocument = std::function<absl::Status(Document)>;

enum class SourceFormat { kAclImdb, kCsv, kTsv, kJsonl, kText };

// "aclimdb", "csv", "tsv", "jsonl", "text"; nullopt for anything else.
std::optional<SourceFormat> ParseSourceFormat(std::string_view name);

// By what the path looks like: a folder with a train.jsonl, train.csv or train.tsv is of that
// format, another folder or a tar is aclimdb, a file goes by its ending.
// INVALID_ARGUMENT when it says nothing, with what would.
absl::StatusOr<SourceFormat> GuessSourceFormat(const std::filesystem::path& path);

struct SourceOptions {
  SourceFormat format = SourceFormat::kAclImdb;
  // Columns or keys. Empty: the first of text, sentence, review / label, labels, sentiment that
  // is there.
  std::string text_field;
  std::string label_field;
  Split split = Split::kTrain;  // of what a file holds; aclimdb says it itself
  // Called before the first document where their number is known by then (aclimdb); may be empty.
  std::function<void(uint64_t documents)> on_total;
};

// Reads all documents in an order that depends on the data alone. `path` is a file, a folder with
// train.csv and perhaps test.csv (.tsv, .jsonl) in it, or what aclimdb is. NOT_FOUND: no such path;
// INVALID_ARGUMENT: not of this format; messages name file and line. What on_document returns
// comes back as it is. aclimdb's `unsup` reviews have no label and are left out.
absl::Status ReadDocuments(const std::filesystem::path& path, const SourceOptions& options,
                           const OnDocument& on_document);

// The single formats, for ReadDocuments.
absl::Status ReadAclImdb(const std::filesystem::path& path, const SourceOptions& options,
                         const OnDocument& on_document);
absl::Status ReadTable(const std::filesystem::path& path, const SourceOptions& options,
                       const OnDocument& on_document);
absl::Status ReadJsonLines(const std::filesystem::path& path, const SourceOptions& options,
                           const OnDocument& on_document);

}  // namespace xp::trainer
