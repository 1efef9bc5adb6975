#include "server/store/blob_hash.h"

#include <absl/strings/escaping.h>
#include <openssl/evp.h>

namespace xp::store {

BlobHash::BlobHash() : context_(EVP_MD_CTX_new()) {
  EVP_DigestInit_ex(context_, EVP_sha256(), nullptr);
}

BlobHash::~BlobHash() { EVP_MD_CTX_free(context_); }

void BlobHash::Add(std::string_view bytes) {
  EVP_DigestUpdate(context_, bytes.data(), bytes.size());
}

std::string BlobHash::Finish() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_DigestFinal_ex(context_, digest, &size);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), size));
}

}  // namespace xp::store
