#include "worker/trainer/data/document.h"

#include <absl/strings/str_format.h>
#include <algorithm>
#include <fstream>
#include <iterator>

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

struct Ending {
  const char* text;
  SourceFormat format;
  bool is_labelled;  // looked for in a folder without being asked for
};
constexpr Ending kEndings[] = {{".jsonl", SourceFormat::kJsonl, true},
                               {".ndjson", SourceFormat::kJsonl, true},
                               {".csv", SourceFormat::kCsv, true},
                               {".tsv", SourceFormat::kTsv, true},
                               {".txt", SourceFormat::kText, false}};

// The file of a split in a folder; nullopt: there is none.
absl::StatusOr<std::optional<SourceFile>> FindSplit(const fs::path& folder, Split split,
                                                    const SourceOptions& options) {
  const std::string name = split == Split::kTrain ? "train" : "test";
  std::optional<SourceFile> found;
  for (const auto& [ending, format, is_labelled] : kEndings) {
    if (options.format ? format != *options.format : !is_labelled) continue;
    const fs::path file = folder / (name + ending);
    std::error_code error;
    if (!fs::exists(file, error)) continue;
    if (found) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "%s has both %s and %s: which one holds the %s examples? Move one away, or name a file",
          folder.string(), found->path.filename().string(), name + ending, name));
    }
    found = SourceFile{file, format, split};
  }
  return found;
}

absl::StatusOr<SourceFormat> GuessFormat(const fs::path& path) {
  std::error_code error;
  const std::string name = path.filename().string();
  if (fs::is_directory(path, error)) return SourceFormat::kAclImdb;
  for (const Ending& ending : kEndings) {
    if (name.ends_with(ending.text)) return ending.format;
  }
  if (name.find(".tar") != name.npos || name.ends_with(".tgz")) return SourceFormat::kAclImdb;
  return absl::InvalidArgumentError(absl::StrFormat(
      "%s: cannot tell its format from its name; say --format aclimdb, csv, tsv, jsonl or text",
      path.string()));
}

absl::Status ReadFileOf(const fs::path& path, const SourceOptions& options,
                        const OnDocument& on_document) {
  switch (*options.format) {
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

absl::StatusOr<std::vector<SourceFile>> FindSources(const fs::path& path,
                                                    const SourceOptions& options) {
  std::error_code error;
  if (!fs::exists(path, error)) {
    return absl::NotFoundError(path.string() + ": no such file or folder");
  }
  if (options.format != SourceFormat::kAclImdb && fs::is_directory(path, error)) {
    absl::StatusOr<std::optional<SourceFile>> train = FindSplit(path, Split::kTrain, options);
    if (!train.ok()) return train.status();
    absl::StatusOr<std::optional<SourceFile>> test = FindSplit(path, Split::kTest, options);
    if (!test.ok()) return test.status();
    if (*train && *test) return std::vector{**std::move(train), **std::move(test)};
    if (*train) return std::vector{**std::move(train)};
    if (options.format) {
      const auto ending =
          std::find_if(std::begin(kEndings), std::end(kEndings),
                       [&](const Ending& one) { return one.format == *options.format; });
      return absl::NotFoundError(absl::StrFormat(
          "%s: no train%s here; --format is that of both train and test, without it each goes by "
          "its ending",
          path.string(), ending->text));
    }
  }
  if (options.format) return std::vector{SourceFile{path, *options.format, options.split}};
  absl::StatusOr<SourceFormat> guessed = GuessFormat(path);
  if (!guessed.ok()) return guessed.status();
  return std::vector{SourceFile{path, *guessed, options.split}};
}

absl::Status ReadDocuments(const fs::path& path, const SourceOptions& options,
                           const OnDocument& on_document) {
  absl::StatusOr<std::vector<SourceFile>> files = FindSources(path, options);
  if (!files.ok()) return files.status();
  for (const SourceFile& file : *files) {
    SourceOptions of_file = options;
    of_file.format = file.format;
    of_file.split = file.split;
    absl::Status status = ReadFileOf(file.path, of_file, on_document);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace xp::trainer
