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
  if (!bpe.options_.unknown_token.empty()) {
    bpe.unknown_ = vocabulary->Find(bpe.options_.unknown_token);
    if (bpe.unknown_ == Vocabulary::kNone) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "the vocabulary lacks the unknown token '%s'", bpe.options_.unknown_token));
    }
  }
  for (int byte = 0; byte < 256; ++byte) {
    std::string token;
    AppendUtf8(ByteToChar(uint8_t(byte)), token);
    bpe.byte_ids_[byte] = vocabulary->Find(token);
  }
  size_t places = 64;
  while (places < 2 * merges.size()) places *= 2;
  bpe.merges_.resize(places);
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
    bpe.merges_[bpe.PlaceOf(pair)] = {pair, uint32_t(i), vocabulary->Find(left + right)};
  }
  return bpe;
}

size_t Bpe::PlaceOf(uint64_t pair) const {
  const size_t mask = merges_.size() - 1;
  size_t at = ((pair ^ pair >> 29) * 0x9E3779B97F4A7C15ull >> 20) & mask;
  while (merges_[at].rank != kNoRank && merges_[at].pair != pair) at = (at + 1) & mask;
  return at;
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
  AppendBytes(word, ids);
  if (ids.size() - first <= kShortWord) {
    MergeShort(ids, first);
  } else {
    MergeLong(ids, first);
  }
}

void Bpe::AppendBytes(std::string_view word, std::vector<uint32_t>& ids) const {
  bool after_unknown = false;
  for (const char byte : word) {
    const uint32_t id = byte_ids_[uint8_t(byte)];
    if (id != Vocabulary::kNone) {
      ids.push_back(id);
      after_unknown = false;
    } else if (unknown_ != Vocabulary::kNone) {
      if (!after_unknown || !options_.fuse_unknown) ids.push_back(unknown_);
      after_unknown = true;
    }
  }
}

void Bpe::MergeShort(std::vector<uint32_t>& ids, size_t first) const {
  struct Pair {
    uint32_t rank, id;  // of what this token and the next become
  };
  size_t count = ids.size() - first;
  if (count < 2) return;
  uint32_t* const tokens = ids.data() + first;
  std::array<Pair, kShortWord> pairs;
  const auto look = [&](size_t i) {
    const Merged& merged = Find(tokens[i], tokens[i + 1]);
    pairs[i] = {merged.rank, merged.id};
  };
  for (size_t i = 0; i + 1 < count; ++i) look(i);
  while (count > 1) {
    size_t best = 0;  // the leftmost of the lowest rank
    for (size_t i = 1; i + 1 < count; ++i) {
      if (pairs[i].rank < pairs[best].rank) best = i;
    }
    if (pairs[best].rank == kNoRank) break;
    tokens[best] = pairs[best].id;
    --count;
    for (size_t i = best + 1; i < count; ++i) {
      tokens[i] = tokens[i + 1];
      pairs[i] = pairs[i + 1];
    }
    if (best > 0) look(best - 1);
    if (best + 1 < count) look(best);
  }
  ids.resize(first + count);
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
    const Merged& merged = Find(nodes[left].id, nodes[nodes[left].next].id);
    if (merged.rank != kNoRank) queue.emplace(merged.rank, left, merged.id);
  };
  for (size_t i = 0; i < nodes.size(); ++i) offer(i);
  while (!queue.empty()) {
    const auto [rank, left, id] = queue.top();
    queue.pop();
    Node& node = nodes[left];
    if (node.id == kGone || node.next == kEnd) continue;
    const Merged& merged = Find(node.id, nodes[node.next].id);
    if (merged.rank != rank || merged.id != id) continue;  // overtaken
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
