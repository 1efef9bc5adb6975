#include "worker/trainer/tokenizer/vocabulary.h"

namespace xp::trainer {

void Vocabulary::Set(std::string_view token, uint32_t id) {
  ids_.insert_or_assign(std::string(token), id);
  if (id >= tokens_.size()) tokens_.resize(size_t{id} + 1);
  tokens_[id] = token;
}

}  // namespace xp::trainer
