// MB/s of the tokenisers on English prose.
//   tokenizer_bench MODEL TEXT    a model folder; a file of texts, one a line
// Each case is the median of five runs over the whole file, each with new encoders: `repeated` has
// the texts as they are, `varied` has a letter changed in every third long word, so that the cache
// of words helps little. `ratio` is against the baseline of the same run: cutting the text at
// blanks and looking each piece up in a std::unordered_map. Not a test: nothing depends on the
// numbers.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "worker/trainer/tokenizer/load_tokenizer.h"

namespace xp::trainer {
namespace {

using Texts = std::vector<std::string>;

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

void ChangeLetters(Texts& texts) {
  std::mt19937 random(1);
  for (std::string& text : texts) {
    size_t word = 0;
    for (size_t at = 0; at <= text.size(); ++at) {
      if (at < text.size() && IsLetter(text[at])) continue;
      if (at - word > 3 && random() % 3 == 0) {
        text[word + 1 + random() % (at - word - 1)] = char('a' + random() % 26);
      }
      word = at + 1;
    }
  }
}

// Runs work(text) on each text, the texts dealt out to threads; MB/s of the median of five.
double Rate(const Texts& texts, int threads,
            const std::function<std::function<void(const std::string&)>()>& new_worker) {
  size_t bytes = 0;
  for (const std::string& text : texts) bytes += text.size();
  std::vector<double> seconds;
  for (int run = 0; run < 5; ++run) {
    const auto begin = std::chrono::steady_clock::now();
    std::vector<std::thread> running;
    for (int i = 0; i < threads; ++i) {
      running.emplace_back([&, i] {
        const auto work = new_worker();
        for (size_t at = size_t(i); at < texts.size(); at += size_t(threads)) work(texts[at]);
      });
    }
    for (std::thread& thread : running) thread.join();
    seconds.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  std::nth_element(seconds.begin(), seconds.begin() + 2, seconds.end());
  return double(bytes) / seconds[2] / 1e6;
}

double Baseline(const Texts& texts) {
  return Rate(texts, 1, [] {
    return [known = std::unordered_map<std::string, uint32_t>()](const std::string& text) mutable {
      for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find(' ', at), text.size());
        known.emplace(text.substr(at, end - at), uint32_t(known.size()));
        at = end + 1;
      }
    };
  });
}

void Report(const char* name, const Texts& texts,
            const std::shared_ptr<const Tokenizer>& tokenizer) {
  const double baseline = Baseline(texts);
  for (const int threads : {1, 2}) {
    const double rate = Rate(texts, threads, [&] {
      return [encoder = std::make_shared<Encoder>(tokenizer),
              ids = std::vector<uint32_t>()](const std::string& text) mutable {
        ids.clear();
        encoder->Encode(text, {}, ids);
      };
    });
    std::printf("%-10s %d thread%s %7.1f MB/s   ratio %.2f (baseline %.1f MB/s)\n", name, threads,
                threads == 1 ? " " : "s", rate, rate / baseline, baseline);
  }
}

int Main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: tokenizer_bench MODEL TEXT\n");
    return 2;
  }
  const auto tokenizer = LoadTokenizer(argv[1]);
  if (!tokenizer.ok()) {
    std::fprintf(stderr, "%s\n", std::string(tokenizer.status().message()).c_str());
    return 1;
  }
  std::ifstream in(argv[2]);
  Texts texts;
  for (std::string line; std::getline(in, line);) texts.push_back(line);
  Report("repeated", texts, *tokenizer);
  ChangeLetters(texts);
  Report("varied", texts, *tokenizer);
  return 0;
}

}  // namespace
}  // namespace xp::trainer

int main(int argc, char** argv) { return xp::trainer::Main(argc, argv); }
