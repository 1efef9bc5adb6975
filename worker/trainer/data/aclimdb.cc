// The layout of the Large Movie Review Dataset: [aclImdb/]{train,test}/{neg,pos}/ID_RATING.txt,
// as a folder or a tar of it. The documents come sorted by path, so that both give the same.
#include <absl/strings/str_format.h>
#include <algorithm>
#include <utility>
#include <vector>

#include "worker/trainer/data/archive.h"
#include "worker/trainer/data/document.h"
#include "worker/trainer/files.h"

namespace xp::trainer {
namespace {

namespace fs = std::filesystem;

struct Review {
  std::string key;  // "train/neg/0_3.txt"
  std::string text;
};

// The last three parts of a path when they are a review's: "train/neg/0_3.txt", else empty.
std::string_view ReviewKey(std::string_view path) {
  if (!path.ends_with(".txt")) return {};
  size_t at = path.size();
  for (int i = 0; i < 3; ++i) {
    if (at == 0) return {};
    const size_t slash = path.rfind('/', at - 1);
    at = slash == path.npos ? 0 : slash;
    if (at == 0 && i < 2) return {};
  }
  std::string_view key = path.substr(path[at] == '/' ? at + 1 : at);
  for (const char* folder : {"train/neg/", "train/pos/", "test/neg/", "test/pos/"}) {
    if (key.starts_with(folder)) return key;
  }
  return {};
}

absl::Status Emit(std::vector<Review> reviews, const fs::path& path, const SourceOptions& options,
                  const OnDocument& on_document) {
  if (reviews.empty()) {
    return absl::InvalidArgumentError(
        path.string() +
        ": no reviews here; expected train/pos/*.txt, train/neg/*.txt, test/pos/*.txt, "
        "test/neg/*.txt, alone or under aclImdb/");
  }
  if (options.on_total) options.on_total(reviews.size());
  std::sort(reviews.begin(), reviews.end(),
            [](const Review& a, const Review& b) { return a.key < b.key; });
  for (Review& review : reviews) {
    const Split split = review.key.starts_with("train/") ? Split::kTrain : Split::kTest;
    const std::string label = review.key.find("/pos/") != review.key.npos ? "pos" : "neg";
    if (absl::Status status = on_document({std::move(review.text), label, split}); !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Review>> ReadFolder(const fs::path& root) {
  std::vector<Review> reviews;
  std::error_code error;
  for (const char* folder : {"train/neg", "train/pos", "test/neg", "test/pos"}) {
    for (const auto& entry : fs::directory_iterator(root / folder, error)) {
      const std::string key = std::string(folder) + "/" + entry.path().filename().string();
      if (ReviewKey(key).empty()) continue;
      std::error_code unknown;
      if (!entry.is_regular_file(unknown)) {
        return absl::InvalidArgumentError(entry.path().string() + ": is no regular file");
      }
      absl::StatusOr<std::string> text = ReadFile(entry.path());
      if (!text.ok()) return text.status();
      reviews.push_back({key, *std::move(text)});
    }
  }
  return reviews;
}

}  // namespace

absl::Status ReadAclImdb(const fs::path& path, const SourceOptions& options,
                         const OnDocument& on_document) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    const bool inside = fs::is_directory(path / "aclImdb", error);
    absl::StatusOr<std::vector<Review>> reviews = ReadFolder(inside ? path / "aclImdb" : path);
    if (!reviews.ok()) return reviews.status();
    return Emit(*std::move(reviews), path, options, on_document);
  }
  std::vector<Review> reviews;
  ArchiveVisitor visitor;
  visitor.wants = [](std::string_view name) { return !ReviewKey(name).empty(); };
  visitor.take = [&](std::string_view name, std::string content) {
    reviews.push_back({std::string(ReviewKey(name)), std::move(content)});
    return absl::OkStatus();
  };
  if (absl::Status status = ReadArchive(path, visitor); !status.ok()) return status;
  return Emit(std::move(reviews), path, options, on_document);
}

}  // namespace xp::trainer
