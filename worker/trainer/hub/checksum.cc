#include "worker/trainer/hub/checksum.h"

#include <openssl/evp.h>

#include <fstream>
#include <memory>
#include <vector>

#include "worker/trainer/files.h"

namespace xp::trainer {
namespace {

std::string Hex(const unsigned char* bytes, unsigned count) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (unsigned i = 0; i < count; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

// OpenSSL's functions return 1 or they have not done it.
class Digest {
 public:
  explicit Digest(const EVP_MD* kind)
      : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free),
        good_(context_ && EVP_DigestInit_ex(context_.get(), kind, nullptr) == 1) {}

  void Add(const void* bytes, size_t count) {
    good_ = good_ && EVP_DigestUpdate(context_.get(), bytes, count) == 1;
  }

  // In hexadecimal digits; empty: there is none.
  std::string Sum() {
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    good_ = good_ && EVP_DigestFinal_ex(context_.get(), sum, &size) == 1;
    return good_ ? Hex(sum, size) : "";
  }

 private:
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context_;
  bool good_;
};

}  // namespace

bool IsContentHash(std::string_view etag) {
  return (etag.size() == 64 || etag.size() == 40) &&
         etag.find_first_not_of("0123456789abcdef") == etag.npos;
}

absl::Status CheckContent(const std::filesystem::path& file, const std::string& etag) {
  if (!IsContentHash(etag)) return absl::OkStatus();
  const bool blob = etag.size() == 40;
  Digest digest(blob ? EVP_sha1() : EVP_sha256());
  std::ifstream in(file, std::ios::binary);
  if (!in) return ErrnoStatus("cannot open", file);
  if (blob) {  // git hashes "blob SIZE\0" before the content
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    if (error) return ErrnoStatus("cannot read", file);
    const std::string header = "blob " + std::to_string(size);
    digest.Add(header.c_str(), header.size() + 1);
  }
  std::vector<char> buffer(1 << 20);
  while (in.read(buffer.data(), std::streamsize(buffer.size())) || in.gcount() > 0) {
    digest.Add(buffer.data(), size_t(in.gcount()));
  }
  if (in.bad()) return ErrnoStatus("cannot read", file);
  const std::string found = digest.Sum();
  if (found == etag) return absl::OkStatus();
  if (found.empty()) {
    return absl::FailedPreconditionError(file.string() + ": OpenSSL does not compute " +
                                         (blob ? "SHA-1" : "SHA-256") +
                                         " here (a FIPS policy?), so it cannot be checked");
  }
  return absl::DataLossError(file.string() + ": its checksum is " + found + ", the server's " +
                             etag);
}

}  // namespace xp::trainer
