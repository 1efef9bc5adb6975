#include "worker/trainer/data/document.h"

#include <absl/strings/str_format.h>
#include <fstream>

#include "worker/trainer/files.h"

namespace xp::trainer {
namespace {

namespace fs = std::filesystem;

// Plain text, for vocabularies: each line is a document without a label.
absl::Status ReadText(const fs::path& path, const SourceOptions& options,
                      const OnDocument& on_document) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return ErrnoStatus("cannot open", path);
  std::string line;
  while (std::getline(in, line)) {
    if (line.ends_with('\r')) line.pop_back();
    if (absl::Status status = on_document({line, "", options.split}); !status.ok()) return status;
  }
  return in.bad() ? ErrnoStatus("cannot read", path) : absl::OkStatus();
}

const char* EndingOf(SourceFormat format) {
  switch (format) {
    case SourceFormat::kCsv:
      return ".csv";
    case SourceFormat::kTsv:
      return ".tsv";
    case SourceFormat::kJsonl:
      return ".jsonl";
    case SourceFormat::kText:
      return ".txt";
    case SourceFormat::kAclImdb:
      break;
  }
  return "";
}

absl::Status ReadFileOf(const fs::path& path, const SourceOptions& options,
                        const OnDocument& on_document) {
  switch (options.format) {
    case SourceFormat::kAclImdb:
      return ReadAclImdb(path, options, on_document);
    case SourceFormat::kCsv:
    case SourceFormat::kTsv:
      return ReadTable(path, options, on_document);
    case SourceFormat::kJsonl:
      return ReadJsonLines(path, options, on_document);
    case SourceFormat::kText:
      return ReadText(path, options, on_document);
  }
  return absl::InternalError("unknown source format");
}

}  // namespace

std::optional<SourceFormat> ParseSourceFormat(std::string_view name) {
  if (name == "aclimdb") return SourceFormat::kAclImdb;
  if (name == "csv") return SourceFormat::kCsv;
  if (name == "tsv") return SourceFormat::kTsv;
  if (name == "jsonl") return SourceFormat::kJsonl;
  if (name == "text") return SourceFormat::kText;
  return std::nullopt;
}

absl::StatusOr<SourceFormat> GuessSourceFormat(const fs::path& path) {
  std::error_code error;
  const std::string name = path.filename().string();
  for (const SourceFormat format : {SourceFormat::kJsonl, SourceFormat::kCsv, SourceFormat::kTsv}) {
    if (fs::exists(path / (std::string("train") + EndingOf(format)), error)) return format;
  }
  if (fs::is_directory(path, error) || name.find(".tar") != name.npos || name.ends_with(".tgz")) {
    return SourceFormat::kAclImdb;
  }
  if (name.ends_with(".csv")) return SourceFormat::kCsv;
  if (name.ends_with(".tsv")) return SourceFormat::kTsv;
  if (name.ends_with(".jsonl") || name.ends_with(".ndjson")) return SourceFormat::kJsonl;
  if (name.ends_with(".txt")) return SourceFormat::kText;
  return absl::InvalidArgumentError(absl::StrFormat(
      "%s: cannot tell its format from its name; say --format aclimdb, csv, tsv, jsonl or text",
      path.string()));
}

absl::Status ReadDocuments(const fs::path& path, const SourceOptions& options,
                           const OnDocument& on_document) {
  std::error_code error;
  if (!fs::exists(path, error)) {
    return absl::NotFoundError(path.string() + ": no such file or folder");
  }
  if (options.format == SourceFormat::kAclImdb || !fs::is_directory(path, error)) {
    return ReadFileOf(path, options, on_document);
  }
  SourceOptions of_split = options;
  of_split.split = Split::kTrain;
  const fs::path train = path / (std::string("train") + EndingOf(options.format));
  absl::Status status = ReadFileOf(train, of_split, on_document);
  const fs::path test = path / (std::string("test") + EndingOf(options.format));
  if (!status.ok() || !fs::exists(test, error)) return status;
  of_split.split = Split::kTest;
  return ReadFileOf(test, of_split, on_document);
}

}  // namespace xp::trainer
