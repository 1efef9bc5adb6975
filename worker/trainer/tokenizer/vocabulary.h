// Token text <-> id. Immutable after it is built; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

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
  // Empty for an id that no token has.
  std::string_view Token(uint32_t id) const {
    return id < tokens_.size() ? std::string_view(tokens_[id]) : std::string_view();
  }
  // Calls on_token(std::string_view, uint32_t id) for each token, in no order.
  template <typename OnToken>
  void ForEach(OnToken on_token) const {
    for (const auto& [token, id] : ids_) on_token(std::string_view(token), id);
  }
  size_t size() const { return ids_.size(); }
  uint32_t max_id() const { return tokens_.empty() ? 0 : uint32_t(tokens_.size() - 1); }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  std::unordered_map<std::string, uint32_t, Hash, std::equal_to<>> ids_;
  std::vector<std::string> tokens_;  // by id
};

}  // namespace xp::trainer
