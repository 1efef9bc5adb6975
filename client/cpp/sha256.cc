#include "client/cpp/sha256.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>

#include <cerrno>
#include <vector>

#include "client/cpp/file_descriptor.h"
#include "client/cpp/system_error.h"

namespace xp::client {
namespace {
constexpr size_t kReadBytes = 1024 * 1024;
}

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr);
}
Sha256::~Sha256() = default;

void Sha256::Update(std::string_view bytes) {
  EVP_DigestUpdate(state_->context, bytes.data(), bytes.size());
}

std::string Sha256::HexDigest() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_DigestFinal_ex(state_->context, digest, &size);
  std::string hex;
  hex.reserve(2 * size);
  for (unsigned int i = 0; i < size; ++i) {
    hex += "0123456789abcdef"[digest[i] >> 4];
    hex += "0123456789abcdef"[digest[i] & 15];
  }
  return hex;
}

std::string Sha256Hex(std::string_view bytes) {
  Sha256 hash;
  hash.Update(bytes);
  return hash.HexDigest();
}

absl::StatusOr<FileDigest> HashFile(const std::string& path) {
  // Non-blocking: a FIFO in the place of a file must not hang us.
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.ok()) return SystemError(errno, path);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return SystemError(errno, path);
  if (!S_ISREG(info.st_mode)) return absl::FailedPreconditionError(path + ": is no regular file");
  Sha256 hash;
  std::vector<char> buffer(kReadBytes);
  FileDigest result;
  while (true) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError(errno, path);
    if (got == 0) break;
    hash.Update({buffer.data(), static_cast<size_t>(got)});
    result.size += static_cast<uint64_t>(got);
  }
  result.sha256 = hash.HexDigest();
  return result;
}

bool IsSha256Hex(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

}  // namespace xp::client
