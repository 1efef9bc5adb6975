#include "worker/trainer/files.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <absl/strings/str_format.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "worker/trainer/tokenizer/utf8.h"

namespace xp::trainer {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// nlohmann's byte offset, said as a line: people open files in editors.
std::string Position(std::string_view text, size_t byte) {
  const std::string_view before = text.substr(0, byte > 0 ? byte - 1 : 0);
  size_t line = 1, column = 1;
  for (const char c : before) {
    ++column;
    if (c == '\n') {
      ++line;
      column = 1;
    }
  }
  return absl::StrFormat("line %d, column %d", line, column);
}

constexpr auto kOverwrite = fs::copy_options::overwrite_existing;

// False where the file system has no such thing, or for any other reason: a copy says which.
bool Clone(const fs::path& from, const fs::path& to) {
  const int in = ::open(from.c_str(), O_RDONLY | O_CLOEXEC);
  if (in < 0) return false;
  const int out = ::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  const bool cloned = out >= 0 && ::ioctl(out, FICLONE, in) == 0;
  if (out >= 0) ::close(out);
  ::close(in);
  return cloned;
}

}  // namespace

absl::Status ErrnoStatus(std::string_view what, const fs::path& file) {
  const std::string message =
      absl::StrFormat("%s %s: %s", what, file.string(), std::strerror(errno));
  if (errno == ENOENT || errno == ENOTDIR) return absl::NotFoundError(message);
  if (errno == EACCES || errno == EPERM) return absl::PermissionDeniedError(message);
  if (errno == EISDIR || errno == ELOOP || errno == ENAMETOOLONG) {
    return absl::InvalidArgumentError(message);
  }
  if (errno == ENOMEM || errno == ENOSPC || errno == EDQUOT || errno == EFBIG) {
    return absl::ResourceExhaustedError(message);
  }
  return absl::UnavailableError(message);
}

absl::StatusOr<std::string> ReadFile(const fs::path& file) {
  std::error_code error;
  if (fs::is_directory(file, error)) {
    return absl::InvalidArgumentError(file.string() + " is a folder, not a file");
  }
  std::ifstream in(file, std::ios::binary);
  if (!in) return ErrnoStatus("cannot open", file);
  std::string text, block(1 << 16, '\0');
  while (in) {  // `<< in.rdbuf()` would take a read error for the end
    in.read(block.data(), std::streamsize(block.size()));
    text.append(block, 0, size_t(in.gcount()));
  }
  if (in.bad()) return ErrnoStatus("cannot read", file);
  return text;
}

size_t FindDeepNesting(std::string_view json, size_t most) {
  size_t depth = 0;
  bool in_text = false;
  for (size_t at = 0; at < json.size(); ++at) {
    const char c = json[at];
    if (in_text) {
      if (c == '\\') ++at;
      in_text = c != '"';
    } else if (c == '"') {
      in_text = true;
    } else if (c == '{' || c == '[') {
      if (++depth > most) return at;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return json.size();
}

absl::StatusOr<json> ParseJson(std::string_view text) {
  // Not for the parser, which has no recursion, but for who prints what it made.
  if (const size_t deep = FindDeepNesting(text, kMaxJsonNesting); deep < text.size()) {
    return absl::InvalidArgumentError(Position(text, deep + 1) + ": the JSON nests too deeply");
  }
  try {
    return json::parse(text);
  } catch (const json::parse_error& error) {
    std::string what = error.what();
    const size_t colon = what.find(": ");  // "... parse error at line 1, column 2: WORDS"
    if (colon != what.npos) what = what.substr(colon + 2);
    return absl::InvalidArgumentError(Position(text, error.byte) +
                                      ": not JSON: " + ReplaceInvalidUtf8(what));
  } catch (const json::out_of_range& error) {
    // "... number overflow parsing '1e999'", the one thing that the parser throws besides.
    const std::string_view what = error.what();
    const size_t quote = what.find('\'');
    const std::string_view number =
        quote == what.npos ? what : what.substr(quote + 1, what.rfind('\'') - quote - 1);
    const size_t at = text.find(number);
    return absl::InvalidArgumentError(Position(text, at == text.npos ? 1 : at + 1) +
                                      ": a number too large: " + std::string(number));
  }
}

absl::StatusOr<json> ReadJson(const fs::path& file) {
  absl::StatusOr<std::string> text = ReadFile(file);
  if (!text.ok()) return text.status();
  absl::StatusOr<json> value = ParseJson(*text);
  if (value.ok()) return value;
  return absl::InvalidArgumentError(file.string() + ": " + std::string(value.status().message()));
}

absl::Status SyncPath(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus("cannot open", path);
  const int failed = ::fsync(fd);
  const int saved = errno;
  ::close(fd);
  errno = saved;
  return failed != 0 ? ErrnoStatus("cannot sync", path) : absl::OkStatus();
}

absl::Status CommitFile(const fs::path& aside, const fs::path& file) {
  if (absl::Status status = SyncPath(aside); !status.ok()) return status;
  if (::rename(aside.c_str(), file.c_str()) != 0) return ErrnoStatus("cannot rename to", file);
  return SyncPath(file.has_parent_path() ? file.parent_path() : fs::path("."));
}

absl::Status WriteFile(const fs::path& file, std::string_view content) {
  return WriteFile(file, [content](std::ostream& out) {
    out.write(content.data(), std::streamsize(content.size()));
  });
}

absl::Status WriteFile(const fs::path& file, const std::function<void(std::ostream&)>& write) {
  std::error_code error;
  if (file.has_parent_path()) fs::create_directories(file.parent_path(), error);
  fs::path aside = file;
  aside += ".part";
  absl::Status status;
  {
    std::ofstream out(aside, std::ios::binary | std::ios::trunc);
    if (out) write(out);
    out.flush();
    if (!out) status = ErrnoStatus("cannot write", aside);
  }
  if (status.ok()) status = CommitFile(aside, file);
  if (!status.ok()) fs::remove(aside, error);  // on a full disk it would keep the room
  return status;
}

absl::Status CopyFile(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (to.has_parent_path()) fs::create_directories(to.parent_path(), error);
  if (fs::equivalent(from, to, error)) return absl::OkStatus();
  fs::path aside = to;
  aside += ".part";
  fs::remove(aside, error);  // one that was left could be read-only, as what it was a copy of
  absl::Status status;
  if (!Clone(from, aside) && !fs::copy_file(from, aside, kOverwrite, error)) {
    errno = error.value();
    status = ErrnoStatus("cannot copy " + from.string() + " to", aside);
  }
  if (status.ok()) status = CommitFile(aside, to);
  if (!status.ok()) fs::remove(aside, error);
  return status;
}

void RemoveOthers(const fs::path& dir, const std::vector<std::string>& names,
                  const std::vector<std::string>& kept) {
  std::error_code error;
  for (const std::string& name : names) {
    if (std::find(kept.begin(), kept.end(), name) == kept.end()) fs::remove(dir / name, error);
  }
}

}  // namespace xp::trainer
