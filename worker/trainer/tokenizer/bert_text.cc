#include "worker/trainer/tokenizer/bert_text.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace xp::trainer {
namespace {

// Takes characters, gives them out in canonical order, without marks, in lower case.
class Writer {
 public:
  Writer(const BertNormalizerOptions& options, std::string& out) : options_(options), out_(out) {}

  void Put(char32_t c) {
    if (!options_.strip_accents) return Emit(c);
    char32_t pieces[4];
    const int count = DecomposeCanonical(c, pieces);
    for (int i = 0; i < count; ++i) PutDecomposed(pieces[i]);
  }

  // Gives out what waits for a starter.
  void Flush() {
    std::stable_sort(marks_.begin(), marks_.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [combining_class, c] : marks_) Emit(c);
    marks_.clear();
  }

 private:
  void PutDecomposed(char32_t c) {
    const uint8_t combining_class = CombiningClass(c);
    if (combining_class != 0) {
      marks_.emplace_back(combining_class, c);
      return;
    }
    if (!marks_.empty()) Flush();
    Emit(c);
  }

  void Emit(char32_t c) {
    if (options_.strip_accents && IsNonspacingMark(c)) return;
    if (!options_.lowercase) return AppendUtf8(c, out_);
    char32_t lower[2];
    const int count = ToLower(c, lower);
    for (int i = 0; i < count; ++i) AppendUtf8(lower[i], out_);
  }

  const BertNormalizerOptions& options_;
  std::string& out_;
  std::vector<std::pair<uint8_t, char32_t>> marks_;
};

}  // namespace

void BertNormalize(std::string_view text, const BertNormalizerOptions& options, std::string& out) {
  Writer writer(options, out);
  for (size_t at = 0; at < text.size();) {
    const DecodedChar decoded = DecodeValidUtf8(text, at);
    at += decoded.bytes;
    char32_t c = decoded.code_point;
    if (options.clean_text) {
      if (c == 0 || c == kReplacementCharacter || IsBertControl(c)) continue;
      if (IsWhitespace(c)) c = ' ';
    }
    const bool chinese = options.handle_chinese_chars && IsBertChinese(c);
    if (chinese) writer.Put(' ');
    writer.Put(c);
    if (chinese) writer.Put(' ');
  }
  writer.Flush();
}

}  // namespace xp::trainer
