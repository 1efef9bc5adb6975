#include "worker/trainer/tokenizer/bpe.h"

#include <absl/strings/str_format.h>
#include <algorithm>
#include <queue>
#include <tuple>

#include "worker/trainer/tokenizer/byte_level.h"
#include "worker/trainer/tokenizer/utf8.h"

namespace xp::trainer {
namespace {

// Below this the quadratic way is faster than a heap.
constexpr size_t kShortWord = 48;
constexpr uint32_t kGone = Vocabulary::kNone;

}  // namespace

absl::StatusOr<Bpe> Bpe::Create(const Vocabulary* vocabulary, const std::vector<Merge>& merges,
                                BpeOptions options) {
  Bpe bpe(vocabulary);
  bpe.options_ = std::move(options);
  uint32_t unknown = Vocabulary::kNone;
  if (!bpe.options_.unknown_token.empty()) unknown = vocabulary->Find(bpe.options_.unknown_token);
  for (int byte = 0; byte < 256; ++byte) {
    std::string token;
    AppendUtf8(ByteToChar(uint8_t(byte)), token);
    bpe.byte_ids_[byte] = vocabulary->Find(token);
    if (bpe.byte_ids_[byte] == Vocabulary::kNone) bpe.byte_ids_[byte] = unknown;
  }
  bpe.merges_.reserve(merges.size());
  for (size_t i = 0; i < merges.size(); ++i) {
    const auto& [left, right] = merges[i];
    for (const std::string& token : {left, right, left + right}) {
      if (vocabulary->Find(token) == Vocabulary::kNone) {
        return absl::InvalidArgumentError(
            absl::StrFormat("merge %d ('%s %s') needs the token '%s', which the vocabulary lacks",
                            i + 1, left, right, token));
      }
    }
    const uint64_t pair = uint64_t{vocabulary->Find(left)} << 32 | vocabulary->Find(right);
    bpe.merges_.insert_or_assign(pair, Merged{uint32_t(i), vocabulary->Find(left + right)});
  }
  return bpe;
}

const Bpe::Merged* Bpe::Find(uint32_t left, uint32_t right) const {
  const auto it = merges_.find(uint64_t{left} << 32 | right);
  return it == merges_.end() ? nullptr : &it->second;
}

void Bpe::Encode(std::string_view word, std::vector<uint32_t>& ids) const {
  if (options_.ignore_merges) {
    const uint32_t id = vocabulary_->Find(TokenOfBytes(word));
    if (id != Vocabulary::kNone) {
      ids.push_back(id);
      return;
    }
  }
  const size_t first = ids.size();
  for (const char byte : word) {
    const uint32_t id = byte_ids_[uint8_t(byte)];
    if (id != Vocabulary::kNone) ids.push_back(id);
  }
  if (ids.size() - first <= kShortWord) {
    MergeShort(ids, first);
  } else {
    MergeLong(ids, first);
  }
}

void Bpe::MergeShort(std::vector<uint32_t>& ids, size_t first) const {
  while (ids.size() - first > 1) {
    const Merged* best = nullptr;
    size_t where = 0;
    for (size_t i = first; i + 1 < ids.size(); ++i) {
      const Merged* merged = Find(ids[i], ids[i + 1]);
      if (merged != nullptr && (best == nullptr || merged->rank < best->rank)) {
        best = merged;
        where = i;
      }
    }
    if (best == nullptr) return;
    ids[where] = best->id;
    ids.erase(ids.begin() + long(where) + 1);
  }
}

// The same with a heap of (rank, position) over a linked list, so that a page of one letter does
// not take the square of its length.
void Bpe::MergeLong(std::vector<uint32_t>& ids, size_t first) const {
  struct Node {
    uint32_t id = 0;
    size_t previous = 0, next = 0;
  };
  constexpr size_t kEnd = size_t(-1);
  std::vector<Node> nodes(ids.size() - first);
  for (size_t i = 0; i < nodes.size(); ++i) {
    nodes[i] = {ids[first + i], i == 0 ? kEnd : i - 1, i + 1 == nodes.size() ? kEnd : i + 1};
  }
  using Candidate = std::tuple<uint32_t, size_t, uint32_t>;  // rank, left position, new id
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
  const auto offer = [&](size_t left) {
    if (left == kEnd || nodes[left].next == kEnd) return;
    const Merged* merged = Find(nodes[left].id, nodes[nodes[left].next].id);
    if (merged != nullptr) queue.emplace(merged->rank, left, merged->id);
  };
  for (size_t i = 0; i < nodes.size(); ++i) offer(i);
  while (!queue.empty()) {
    const auto [rank, left, id] = queue.top();
    queue.pop();
    Node& node = nodes[left];
    if (node.id == kGone || node.next == kEnd) continue;
    const Merged* merged = Find(node.id, nodes[node.next].id);
    if (merged == nullptr || merged->rank != rank || merged->id != id) continue;  // overtaken
    const size_t right = node.next;
    node.id = id;
    node.next = nodes[right].next;
    if (node.next != kEnd) nodes[node.next].previous = left;
    nodes[right].id = kGone;
    offer(node.previous);
    offer(left);
  }
  ids.resize(first);
  for (const Node& node : nodes) {
    if (node.id != kGone) ids.push_back(node.id);
  }
}

}  // namespace xp::trainer
