#include "worker/trainer/tokenizer/normalizer.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>

#include <absl/strings/str_format.h>
#include <algorithm>
#include <cstdint>
#include <limits>
#include <new>

#include "worker/trainer/tokenizer/char_class.h"
#include "worker/trainer/tokenizer/utf8.h"

namespace xp::trainer {
namespace {

using Kind = NormalizerStep::Kind;

// ICU's own singleton; nullptr, with an error, for what is no form or where the data is missing.
const icu::Normalizer2* FormOf(Kind kind, UErrorCode& error) {
  switch (kind) {
    case Kind::kNfc:
      return icu::Normalizer2::getNFCInstance(error);
    case Kind::kNfd:
      return icu::Normalizer2::getNFDInstance(error);
    case Kind::kNfkc:
      return icu::Normalizer2::getNFKCInstance(error);
    case Kind::kNfkd:
      return icu::Normalizer2::getNFKDInstance(error);
    default:
      error = U_ILLEGAL_ARGUMENT_ERROR;
      return nullptr;
  }
}

bool IsForm(Kind kind) {
  return kind == Kind::kNfc || kind == Kind::kNfd || kind == Kind::kNfkc || kind == Kind::kNfkd;
}

// ICU counts bytes with an int32_t. Longer runs are cut where nothing combines across the cut.
constexpr size_t kLongRun = size_t{1} << 30;
constexpr size_t kLongestRun = std::numeric_limits<int32_t>::max();

// A character later than the reference's tables neither moves nor combines there, so the text
// falls into independent runs between such characters.
std::string NormalizedForm(std::string_view text, Kind kind) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* form = FormOf(kind, error);
  std::string out;
  out.reserve(text.size() + 16);
  icu::StringByteSink<std::string> sink(&out);
  size_t run = 0;
  const auto flush = [&](size_t end) {
    if (end - run > kLongestRun) error = U_MEMORY_ALLOCATION_ERROR;
    if (end == run || U_FAILURE(error)) return;
    const icu::StringPiece piece(text.data() + run, int32_t(end - run));
    form->normalizeUTF8(0, piece, sink, nullptr, error);
    run = end;
  };
  for (size_t at = 0; at < text.size();) {
    const DecodedChar c = DecodeValidUtf8(text, at);
    if (!HasNormalization(c.code_point)) {
      flush(at);
      out.append(text.substr(at, c.bytes));
      run = at + c.bytes;
    } else if (at - run >= kLongRun && form->hasBoundaryBefore(UChar32(c.code_point))) {
      flush(at);
    }
    at += c.bytes;
  }
  flush(text.size());
  if (U_FAILURE(error)) throw std::bad_alloc();  // all that is left once CheckForms has passed
  return out;
}

std::string Lowercased(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const DecodedChar c = DecodeValidUtf8(text, at);
    char32_t lower[2];
    const int count = ToLower(c.code_point, lower);
    for (int i = 0; i < count; ++i) AppendUtf8(lower[i], out);
    at += c.bytes;
  }
  return out;
}

std::string WithoutMarks(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const DecodedChar c = DecodeValidUtf8(text, at);
    if (!IsCombiningMark(c.code_point)) out.append(text.substr(at, c.bytes));
    at += c.bytes;
  }
  return out;
}

std::string Stripped(std::string_view text, const NormalizerStep& step) {
  size_t begin = text.size(), end = 0;  // of what is no whitespace
  for (size_t at = 0; at < text.size();) {
    const DecodedChar c = DecodeValidUtf8(text, at);
    if (!IsWhitespace(c.code_point)) {
      begin = std::min(begin, at);
      end = at + c.bytes;
    }
    at += c.bytes;
  }
  if (begin > end) return step.strip_left || step.strip_right ? "" : std::string(text);
  if (step.strip_right) text = text.substr(0, end);
  if (step.strip_left) text = text.substr(begin);
  return std::string(text);
}

std::string Replaced(std::string_view text, const NormalizerStep& step) {
  std::string out;
  for (size_t at = 0;;) {
    const size_t found = text.find(step.pattern, at);
    out.append(text.substr(at, found - at));
    if (found == text.npos) return out;
    out.append(step.content);
    at = found + step.pattern.size();
  }
}

std::string Step(std::string_view text, const NormalizerStep& step) {
  std::string out;
  switch (step.kind) {
    case Kind::kBert:
      BertNormalize(text, step.bert, out);
      return out;
    case Kind::kLowercase:
      return Lowercased(text);
    case Kind::kStripAccents:
      return WithoutMarks(text);
    case Kind::kStrip:
      return Stripped(text, step);
    case Kind::kReplace:
      return Replaced(text, step);
    case Kind::kPrepend:
      return text.empty() ? "" : step.content + std::string(text);
    default:
      return NormalizedForm(text, step.kind);
  }
}

}  // namespace

absl::Status CheckForms(const std::vector<NormalizerStep>& steps) {
  for (const NormalizerStep& step : steps) {
    UErrorCode error = U_ZERO_ERROR;
    if (IsForm(step.kind) && (FormOf(step.kind, error) == nullptr || U_FAILURE(error))) {
      return absl::FailedPreconditionError(absl::StrFormat(
          "ICU lacks the data of a Unicode normalisation that the tokenizer needs: %s",
          u_errorName(error)));
    }
  }
  return absl::OkStatus();
}

void Normalize(std::string_view text, const std::vector<NormalizerStep>& steps, std::string& out) {
  out.clear();
  if (steps.size() == 1 && steps[0].kind == Kind::kBert) {  // the usual one, without a copy
    BertNormalize(text, steps[0].bert, out);
    return;
  }
  out = text;
  for (const NormalizerStep& step : steps) out = Step(out, step);
}

}  // namespace xp::trainer
