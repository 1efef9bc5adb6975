#include "worker/trainer/tokenizer/wordpiece.h"

#include <algorithm>
#include <array>
#include <utility>

namespace xp::trainer {
namespace {

bool IsContinuationByte(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

constexpr uint64_t kHashSeed = 0x9E3779B97F4A7C15ull;

uint64_t Grow(uint64_t hash, char byte) {
  hash = (hash ^ uint8_t(byte)) * 0xD6E8FEB86659FD93ull;
  return hash ^ hash >> 32;
}

uint64_t HashOf(std::string_view text) {
  uint64_t hash = kHashSeed;
  for (const char byte : text) hash = Grow(hash, byte);
  return hash;
}

}  // namespace

void WordPiece::Pieces::Reserve(size_t count) {
  size_t places = 64;
  while (places < 2 * count) places *= 2;
  entries_.resize(places);
}

size_t WordPiece::Pieces::PlaceOf(std::string_view piece, uint64_t hash) const {
  const size_t mask = entries_.size() - 1;
  size_t at = hash & mask;
  while (!entries_[at].piece.empty() &&
         (entries_[at].hash != uint32_t(hash >> 32) || entries_[at].piece != piece)) {
    at = (at + 1) & mask;
  }
  return at;
}

void WordPiece::Pieces::Add(std::string_view piece, uint32_t id) {
  const uint64_t hash = HashOf(piece);
  entries_[PlaceOf(piece, hash)] = {piece, uint32_t(hash >> 32), id};
  max_bytes_ = std::max(max_bytes_, piece.size());
}

uint32_t WordPiece::Pieces::Find(std::string_view piece, uint64_t hash) const {
  const Entry& entry = entries_[PlaceOf(piece, hash)];
  return entry.piece.empty() ? Vocabulary::kNone : entry.id;
}

WordPiece::WordPiece(const Vocabulary* vocabulary, WordPieceOptions options)
    : vocabulary_(vocabulary),
      options_(std::move(options)),
      unknown_(vocabulary->Find(options_.unknown_token)) {
  whole_.Reserve(vocabulary_->size());
  continuing_.Reserve(vocabulary_->size());
  vocabulary_->ForEach([this](std::string_view token, uint32_t id) {
    if (!token.empty()) whole_.Add(token, id);
    if (!token.starts_with(options_.continuing_prefix)) return;
    token.remove_prefix(options_.continuing_prefix.size());
    if (!token.empty()) continuing_.Add(token, id);
  });
}

void WordPiece::Encode(std::string_view word, std::vector<uint32_t>& ids) const {
  const auto chars =
      word.size() - size_t(std::count_if(word.begin(), word.end(), IsContinuationByte));
  const size_t first = ids.size();
  if (chars > options_.max_chars_per_word) {
    ids.push_back(unknown_);
    return;
  }
  constexpr size_t kMaxKnownPiece = 256;  // bytes; beyond it the hash is computed for each try
  std::array<uint64_t, kMaxKnownPiece + 1> hashes;
  for (size_t begin = 0; begin < word.size();) {
    const Pieces& pieces = begin == 0 ? whole_ : continuing_;
    const size_t longest = std::min(word.size() - begin, pieces.max_bytes());
    hashes[0] = kHashSeed;
    for (size_t i = 0; i < std::min(longest, kMaxKnownPiece); ++i) {
      hashes[i + 1] = Grow(hashes[i], word[begin + i]);
    }
    size_t size = longest;
    uint32_t id = Vocabulary::kNone;
    for (; size > 0; --size) {
      if (begin + size < word.size() && IsContinuationByte(word[begin + size])) continue;
      const std::string_view piece = word.substr(begin, size);
      id = pieces.Find(piece, size <= kMaxKnownPiece ? hashes[size] : HashOf(piece));
      if (id != Vocabulary::kNone) break;
    }
    if (id == Vocabulary::kNone) {
      ids.resize(first);
      ids.push_back(unknown_);
      return;
    }
    ids.push_back(id);
    begin += size;
  }
}

}  // namespace xp::trainer
