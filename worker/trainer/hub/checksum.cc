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

}  // namespace

absl::Status CheckContent(const std::filesystem::path& file, const std::string& etag) {
  const bool hex = etag.find_first_not_of("0123456789abcdef") == etag.npos;
  if (!hex || (etag.size() != 64 && etag.size() != 40)) return absl::OkStatus();
  const bool blob = etag.size() == 40;
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> digest(EVP_MD_CTX_new(),
                                                                  EVP_MD_CTX_free);
  EVP_DigestInit_ex(digest.get(), blob ? EVP_sha1() : EVP_sha256(), nullptr);
  std::ifstream in(file, std::ios::binary);
  if (!in) return ErrnoStatus("cannot open", file);
  if (blob) {  // git hashes "blob SIZE\0" before the content
    std::error_code error;
    std::string header = "blob " + std::to_string(std::filesystem::file_size(file, error));
    EVP_DigestUpdate(digest.get(), header.c_str(), header.size() + 1);
  }
  std::vector<char> buffer(1 << 20);
  while (in.read(buffer.data(), std::streamsize(buffer.size())) || in.gcount() > 0) {
    EVP_DigestUpdate(digest.get(), buffer.data(), size_t(in.gcount()));
  }
  unsigned char sum[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_DigestFinal_ex(digest.get(), sum, &size);
  const std::string found = Hex(sum, size);
  if (found == etag) return absl::OkStatus();
  return absl::DataLossError(file.string() + ": its checksum is " + found + ", the server's " +
                             etag);
}

}  // namespace xp::trainer
