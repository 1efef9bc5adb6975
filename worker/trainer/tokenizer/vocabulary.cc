#include "worker/trainer/tokenizer/vocabulary.h"

#include <algorithm>

namespace xp::trainer {

void Vocabulary::Set(std::string_view token, uint32_t id) {
  ids_.insert_or_assign(std::string(token), id);
  max_id_ = std::max(max_id_, id);
}

}  // namespace xp::trainer
