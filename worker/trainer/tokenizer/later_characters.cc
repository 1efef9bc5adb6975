#include "worker/trainer/tokenizer/later_characters.h"

#include <algorithm>
#include <iterator>

namespace xp::trainer {
namespace {

struct Range {
  char32_t first, last;
};

constexpr Range kLetters[] = {
    {0x1C89, 0x1C8A},   {0xA7CB, 0xA7CD},   {0xA7DA, 0xA7DC},   {0x105C0, 0x105F3},
    {0x10D4A, 0x10D65}, {0x10D6F, 0x10D85}, {0x10EC2, 0x10EC4}, {0x11380, 0x11389},
    {0x1138B, 0x1138B}, {0x1138E, 0x1138E}, {0x11390, 0x113B5}, {0x113B7, 0x113B7},
    {0x113D1, 0x113D1}, {0x113D3, 0x113D3}, {0x11BC0, 0x11BE0}, {0x13460, 0x143FA},
    {0x16100, 0x1611D}, {0x16D40, 0x16D6C}, {0x18CFF, 0x18CFF}, {0x1E5D0, 0x1E5ED},
    {0x1E5F0, 0x1E5F0}, {0x2EBF0, 0x2EE5D}};

constexpr Range kNumbers[] = {{0x10D40, 0x10D49}, {0x116D0, 0x116E3}, {0x11BF0, 0x11BF9},
                              {0x16130, 0x16139}, {0x16D70, 0x16D79}, {0x1CCF0, 0x1CCF9},
                              {0x1E5F1, 0x1E5FA}};

constexpr Range kMarks[] = {{0x0897, 0x0897},   {0x10D69, 0x10D6D}, {0x10EFC, 0x10EFC},
                            {0x113B8, 0x113C0}, {0x113C2, 0x113C2}, {0x113C5, 0x113C5},
                            {0x113C7, 0x113CA}, {0x113CC, 0x113D0}, {0x113D2, 0x113D2},
                            {0x113E1, 0x113E2}, {0x11F5A, 0x11F5A}, {0x1611E, 0x1612F},
                            {0x1E5EE, 0x1E5EF}};

struct LowerRange {
  char32_t first, last;  // capitals
  char32_t lower;        // of the first
};

constexpr LowerRange kLower[] = {{0x1C89, 0x1C89, 0x1C8A},    {0xA7CB, 0xA7CB, 0x264},
                                 {0xA7CC, 0xA7CC, 0xA7CD},    {0xA7CE, 0xA7CE, 0xA7CF},
                                 {0xA7D2, 0xA7D2, 0xA7D3},    {0xA7D4, 0xA7D4, 0xA7D5},
                                 {0xA7DA, 0xA7DA, 0xA7DB},    {0xA7DC, 0xA7DC, 0x19B},
                                 {0x10D50, 0x10D65, 0x10D70}, {0x16EA0, 0x16EB8, 0x16EBB}};

template <typename Entry, size_t kCount>
const Entry* Find(const Entry (&ranges)[kCount], char32_t c) {
  const auto it = std::lower_bound(std::begin(ranges), std::end(ranges), c,
                                   [](const Entry& range, char32_t at) { return range.last < at; });
  return it != std::end(ranges) && it->first <= c ? &*it : nullptr;
}

}  // namespace

bool IsLaterLetter(char32_t c) { return Find(kLetters, c) != nullptr; }
bool IsLaterNumber(char32_t c) { return Find(kNumbers, c) != nullptr; }
bool IsLaterMark(char32_t c) { return Find(kMarks, c) != nullptr; }

char32_t LaterToLower(char32_t c) {
  const LowerRange* range = Find(kLower, c);
  return range == nullptr ? c : range->lower + (c - range->first);
}

}  // namespace xp::trainer
