// CSV (RFC 4180: quotes, quotes doubled, line breaks inside them) and TSV (no quoting: a field ends
// at a tab). The first line names the columns.
#include <absl/strings/str_format.h>
#include <fstream>
#include <vector>

#include "worker/trainer/data/document.h"
#include "worker/trainer/files.h"
#include "worker/trainer/tokenizer/utf8.h"

namespace xp::trainer {
namespace {

namespace fs = std::filesystem;

class RowReader {
 public:
  RowReader(std::istream& in, const fs::path& path, SourceFormat format)
      : in_(*in.rdbuf()), path_(path), tsv_(format == SourceFormat::kTsv) {}

  // The line that the row of the last Next began on, counted from 1.
  size_t line() const { return row_line_; }

  // False at the end. INVALID_ARGUMENT for a quote that is not closed, ErrnoStatus's codes where
  // the file cannot be read; both name the file.
  absl::StatusOr<bool> Next(std::vector<std::string>& row) {
    try {
      return Parse(row);
    } catch (const std::ios_base::failure&) {  // a stream would catch it, its buffer does not
      return ErrnoStatus("cannot read", path_);
    }
  }

 private:
  static constexpr int kEof = std::char_traits<char>::eof();

  absl::StatusOr<bool> Parse(std::vector<std::string>& row) {
    row.clear();
    row_line_ = next_line_;
    if (in_.sgetc() == kEof) return false;
    row.emplace_back();
    for (;;) {
      const int c = in_.sbumpc();
      if (c == kEof) return true;
      if (c == '\n') {
        ++next_line_;
        return true;
      }
      if (c == '\r' && (in_.sgetc() == '\n' || in_.sgetc() == kEof)) continue;
      if (c == (tsv_ ? '\t' : ',')) {
        row.emplace_back();
      } else if (c == '"' && !tsv_ && row.back().empty()) {
        if (!Quoted(row.back())) {
          return absl::InvalidArgumentError(absl::StrFormat(
              "%s: line %d: a quote is opened and never closed", path_.string(), row_line_));
        }
      } else {
        row.back().push_back(char(c));
      }
    }
  }

  bool Quoted(std::string& field) {
    for (;;) {
      const int c = in_.sbumpc();
      if (c == kEof) return false;
      if (c == '\n') ++next_line_;
      if (c != '"') {
        field.push_back(char(c));
        continue;
      }
      if (in_.sgetc() != '"') return true;
      field.push_back(char(in_.sbumpc()));
    }
  }

  std::streambuf& in_;
  const fs::path& path_;
  const bool tsv_;
  size_t next_line_ = 1;
  size_t row_line_ = 1;
};

std::string Joined(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

absl::StatusOr<size_t> FindColumn(const std::vector<std::string>& header, const std::string& asked,
                                  std::vector<std::string> usual, const char* option) {
  if (!asked.empty()) usual = {asked};
  for (const std::string& name : usual) {
    for (size_t i = 0; i < header.size(); ++i) {
      if (header[i] == name) return i;
    }
  }
  return absl::InvalidArgumentError(
      absl::StrFormat("line 1: no column %s; the columns are: %s; name one with %s", Joined(usual),
                      Joined(header), option));
}

}  // namespace

absl::Status ReadTable(const fs::path& path, const SourceOptions& options,
                       const OnDocument& on_document) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return ErrnoStatus("cannot open", path);
  const auto in_file = [&](const absl::Status& status) {
    return absl::InvalidArgumentError(path.string() + ": " + std::string(status.message()));
  };
  RowReader rows(in, path, *options.format);
  std::vector<std::string> row;
  absl::StatusOr<bool> more = rows.Next(row);
  if (!more.ok()) return more.status();
  if (*more && row[0].starts_with("\xEF\xBB\xBF")) row[0].erase(0, 3);  // Excel's byte order mark
  const std::vector<std::string> header = row;
  absl::StatusOr<size_t> text =
      FindColumn(header, options.text_field, {"text", "sentence", "review"}, "--text-field");
  if (!text.ok()) return in_file(text.status());
  absl::StatusOr<size_t> label =
      FindColumn(header, options.label_field, {"label", "labels", "sentiment"}, "--label-field");
  if (!label.ok()) return in_file(label.status());
  for (;;) {
    more = rows.Next(row);
    if (!more.ok()) return more.status();
    if (!*more) return absl::OkStatus();
    if (row.size() == 1 && row[0].empty()) continue;  // an empty line
    if (row.size() != header.size()) {
      return in_file(absl::InvalidArgumentError(absl::StrFormat(
          "line %d: %d fields, the header has %d", rows.line(), row.size(), header.size())));
    }
    if (row[*label].empty()) {
      return in_file(
          absl::InvalidArgumentError(absl::StrFormat("line %d: the label is empty", rows.line())));
    }
    std::string& name = row[*label];
    if (!IsValidUtf8(name)) name = ReplaceInvalidUtf8(name);  // as in texts; it goes into JSON
    absl::Status status = on_document({row[*text], name, options.split});
    if (!status.ok()) return status;
  }
}

}  // namespace xp::trainer
