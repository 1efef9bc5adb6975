// SHA-256, piece by piece. Not thread safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace xp::store {

class BlobHash {
 public:
  BlobHash();
  ~BlobHash();
  void Add(std::string_view bytes);
  // 64 lower-case hex digits; once.
  std::string Finish();

 private:
  evp_md_ctx_st* const context_;
};

}  // namespace xp::store
