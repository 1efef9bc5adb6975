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
#include <vector>

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

struct SourceOptions {
  std::optional<SourceFormat> format;  // of all files; nullopt: each goes by its own name
  // Columns or keys. Empty: the first of text, sentence, review / label, labels, sentiment that
  // is there.
  std::string text_field;
  std::string label_field;
  Split split = Split::kTrain;  // of what a file holds; aclimdb says it itself
  // Called before the first document where their number is known by then (aclimdb); may be empty.
  std::function<void(uint64_t documents)> on_total;
};

// What a path stands for: a file, or what aclimdb is, which has both splits in it.
struct SourceFile {
  std::filesystem::path path;
  SourceFormat format = SourceFormat::kAclImdb;
  Split split = Split::kTrain;  // where the format does not say it itself
};

// A folder with a train file is that and perhaps a test file, each of its own format: train.jsonl
// (or .ndjson), .csv, .tsv; where options.format is set, those of its endings alone. Another folder
// or a tar is aclimdb, a file goes by its ending. NOT_FOUND: no such path; INVALID_ARGUMENT: its
// name does not say what it is, or a folder has two files for one split, both of which are named.
absl::StatusOr<std::vector<SourceFile>> FindSources(const std::filesystem::path& path,
                                                    const SourceOptions& options);

// Reads all documents of what FindSources finds, in an order that depends on the data alone. Its
// errors, and INVALID_ARGUMENT: not of this format; messages name file and line. What on_document
// returns comes back as it is. aclimdb's `unsup` reviews have no label and are left out; another
// class of texts beside neg and pos is INVALID_ARGUMENT, with its name.
absl::Status ReadDocuments(const std::filesystem::path& path, const SourceOptions& options,
                           const OnDocument& on_document);

// The single formats, for ReadDocuments, which sets options.format.
absl::Status ReadAclImdb(const std::filesystem::path& path, const SourceOptions& options,
                         const OnDocument& on_document);
absl::Status ReadTable(const std::filesystem::path& path, const SourceOptions& options,
                       const OnDocument& on_document);
absl::Status ReadJsonLines(const std::filesystem::path& path, const SourceOptions& options,
                           const OnDocument& on_document);

}  // namespace xp::trainer
