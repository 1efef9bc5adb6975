// Token text to id. Immutable after it is built; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace xp::trainer {

class Vocabulary {
 public:
  static constexpr uint32_t kNone = 0xFFFFFFFF;

  // The later of two equal tokens wins, as in Hugging Face's readers.
  void Set(std::string_view token, uint32_t id);

  uint32_t Find(std::string_view token) const {
    const auto it = ids_.find(token);
    return it == ids_.end() ? kNone : it->second;
  }
  // Calls on_token(std::string_view, uint32_t id) for each token, in no order.
  template <typename OnToken>
  void ForEach(OnToken on_token) const {
    for (const auto& [token, id] : ids_) on_token(std::string_view(token), id);
  }
  size_t size() const { return ids_.size(); }
  uint32_t max_id() const { return max_id_; }  // 0 where there is no token

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  std::unordered_map<std::string, uint32_t, Hash, std::equal_to<>> ids_;
  uint32_t max_id_ = 0;
};

}  // namespace xp::trainer
