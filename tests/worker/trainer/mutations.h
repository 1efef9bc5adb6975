// Changed copies of good files, for the tests that nothing which a disk or a stranger may do to a
// file makes a reader crash. Run them under AddressSanitizer with XP_FUZZ_ROUNDS=10000.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <string>

namespace xp::trainer {

// How many changed copies a test makes: XP_FUZZ_ROUNDS, else `usual`.
inline int FuzzRounds(int usual) {
  const char* asked = std::getenv("XP_FUZZ_ROUNDS");
  return asked == nullptr ? usual : std::atoi(asked);
}

// The same copies for the same seed.
class Mutator {
 public:
  explicit Mutator(unsigned seed) : random_(seed) { testing::Test::RecordProperty("seed", seed); }

  // `good` with one to three changes; never empty.
  std::string operator()(const std::string& good) {
    std::string bad = good;
    for (unsigned change = 0, last = random_() % 3; change <= last; ++change) Change(bad);
    if (bad.empty()) bad = "x";
    return bad;
  }

 private:
  void Change(std::string& bad) {
    if (bad.empty()) return;
    const size_t at = random_() % bad.size(), some = random_() % 8 + 1;
    switch (random_() % 8) {
      case 0:
        bad.erase(at, some);
        break;
      case 1:
        bad.insert(at, std::string(some, char(random_())));
        break;
      case 2:
        bad.resize(at);
        break;
      case 3:  // a piece twice
        bad.insert(at, bad.substr(at, some * 16));
        break;
      case 4: {  // a number of the text
        constexpr const char* kNumbers[] = {
            "-1", "99999999999999999999", "4294967295", "1e999", "0.5", "16000001", "null", "[[]]"};
        const size_t digit = bad.find_first_of("0123456789", at);
        if (digit == bad.npos) break;
        const size_t end = std::min(bad.find_first_not_of("0123456789", digit), bad.size());
        bad.replace(digit, end - digit, kNumbers[random_() % std::size(kNumbers)]);
        break;
      }
      case 5:
        bad[at] = char(random_());
        break;
      default:
        bad[at] = char(bad[at] ^ (1 << random_() % 8));
    }
  }

  std::mt19937 random_;
};

}  // namespace xp::trainer
