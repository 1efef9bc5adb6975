// The normalisers of tokenizer.json that xptrain knows, one step after the other. Pure functions,
// any thread.
#pragma once

#include <absl/status/status.h>
#include <string>
#include <string_view>
#include <vector>

#include "worker/trainer/tokenizer/bert_text.h"

namespace xp::trainer {

struct NormalizerStep {
  enum class Kind {
    kBert,       // `bert`
    kLowercase,  // each character's full lower case, without context
    kNfc,        // Unicode 9's, as the reference: later characters stay as they are
    kNfd,
    kNfkc,
    kNfkd,
    kStripAccents,  // drops combining marks; decomposes nothing
    kStrip,         // drops whitespace at the ends: strip_left, strip_right
    kReplace,       // each `pattern`, literally, by `content`
    kPrepend,       // `content` before a text that is not empty
  };
  Kind kind = Kind::kBert;
  BertNormalizerOptions bert;
  bool strip_left = true, strip_right = true;
  std::string pattern;  // not empty
  std::string content;
};

// FAILED_PRECONDITION: this ICU lacks the data of a form that `steps` need. NFKC and NFKD are in
// its data package, which may have been made without them.
absl::Status CheckForms(const std::vector<NormalizerStep>& steps);

// Takes `text` (valid UTF-8) through all steps; `out` gets the result, whatever it held.
// `steps` have passed CheckForms. Throws std::bad_alloc, as strings do.
void Normalize(std::string_view text, const std::vector<NormalizerStep>& steps, std::string& out);

}  // namespace xp::trainer
