// Characters of Unicode 15.1 to 17.0, which Debian 12's ICU (Unicode 15.0) does not know and the
// Hugging Face tokenizers' libraries do. Ranges are sorted and inclusive. Immutable, any thread.
#pragma once

namespace xp::trainer {

// \p{L}, \p{N} and marks that came with Unicode 15.1 and 16.0: Oniguruma's and the regex crate's
// tables end there.
bool IsLaterLetter(char32_t c);
bool IsLaterNumber(char32_t c);
bool IsLaterMark(char32_t c);

// The lower case of a capital of Unicode 16.0 and 17.0, as Rust's std has it; else c.
char32_t LaterToLower(char32_t c);

}  // namespace xp::trainer
