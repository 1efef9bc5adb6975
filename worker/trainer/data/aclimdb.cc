// The layout of the Large Movie Review Dataset: [aclImdb/]{train,test}/{neg,pos}/ID_RATING.txt,
// as a folder or a tar of it. The documents come sorted by path, so that both give the same.
#include <absl/strings/str_format.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <optional>
#include <set>
#include <system_error>
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

// Where a text lies: "aclImdb/train/neg/0_3.txt".
struct Place {
  std::string_view root;   // "aclImdb/", may be empty
  std::string_view key;    // "train/neg/0_3.txt"
  std::string_view split;  // "train"
  std::string_view label;  // "neg"

  bool is_review() const { return label == "neg" || label == "pos"; }
  // A class that would be lost: what is hidden is some program's own.
  bool is_other_class() const {
    return !is_review() && label != "unsup" && !label.starts_with('.');
  }
};

// nullopt: no text of a class, by its path.
std::optional<Place> PlaceOf(std::string_view path) {
  if (!path.ends_with(".txt")) return std::nullopt;
  std::array<size_t, 3> starts{};  // of the last three parts, the last first
  for (size_t i = 0, end = path.size(); i < 3; ++i) {
    const size_t slash = end == 0 ? path.npos : path.rfind('/', end - 1);
    if (slash == path.npos && i < 2) return std::nullopt;
    starts[i] = slash == path.npos ? 0 : slash + 1;
    end = slash == path.npos ? 0 : slash;
  }
  Place place{path.substr(0, starts[2]), path.substr(starts[2]),
              path.substr(starts[2], starts[1] - 1 - starts[2]),
              path.substr(starts[1], starts[0] - 1 - starts[1])};
  if (place.split != "train" && place.split != "test") return std::nullopt;
  return place;
}

absl::Status OtherClass(const fs::path& path, std::string_view folder) {
  return absl::InvalidArgumentError(absl::StrFormat(
      "%s: %s is no class of the aclImdb layout, which has neg and pos (and unsup, which is left "
      "out): take it away, or give texts and labels of your own as .csv, .tsv or .jsonl",
      path.string(), folder));
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

// What a folder holds, by name; nothing where there is none.
absl::StatusOr<std::vector<fs::path>> EntriesOf(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  if (error == std::errc::no_such_file_or_directory) return entries;
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    entries.push_back(entry->path());
  }
  std::sort(entries.begin(), entries.end());
  if (!error) return entries;
  errno = error.value();
  return ErrnoStatus("cannot read", folder);
}

// Adds the reviews of a class folder.
absl::Status ReadClass(const fs::path& root, const std::string& folder,
                       std::vector<Review>& reviews) {
  const absl::StatusOr<std::vector<fs::path>> files = EntriesOf(root / folder);
  if (!files.ok()) return files.status();
  for (const fs::path& file : *files) {
    const std::string key = folder + "/" + file.filename().string();
    const std::optional<Place> place = PlaceOf(key);
    if (!place) continue;
    if (place->is_other_class()) return OtherClass(root, folder);
    if (!place->is_review()) break;
    std::error_code unknown;
    if (!fs::is_regular_file(file, unknown)) {
      return absl::InvalidArgumentError(file.string() + ": is no regular file");
    }
    absl::StatusOr<std::string> text = ReadFile(file);
    if (!text.ok()) return text.status();
    reviews.push_back({key, *std::move(text)});
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Review>> ReadFolder(const fs::path& root) {
  std::vector<Review> reviews;
  for (const std::string split : {"train", "test"}) {
    const absl::StatusOr<std::vector<fs::path>> classes = EntriesOf(root / split);
    if (!classes.ok()) return classes.status();
    for (const fs::path& one : *classes) {
      std::error_code unknown;
      if (!fs::is_directory(one, unknown)) continue;
      absl::Status status = ReadClass(root, split + "/" + one.filename().string(), reviews);
      if (!status.ok()) return status;
    }
  }
  return reviews;
}

// In a tar whatever lies beside a review's class counts as one: other folders are no data set's.
absl::StatusOr<std::vector<Review>> ReadTar(const fs::path& path) {
  std::vector<Review> reviews;
  std::set<std::string, std::less<>> roots;          // with reviews in them
  std::map<std::string, std::string> other_classes;  // a root's, "train/neutral"
  ArchiveVisitor visitor;
  visitor.wants = [&](std::string_view name) {
    const std::optional<Place> place = PlaceOf(name);
    if (!place) return false;
    if (place->is_other_class()) {
      other_classes.emplace(place->root,
                            std::string(place->split) + "/" + std::string(place->label));
    }
    return place->is_review();
  };
  visitor.take = [&](std::string_view name, std::string content) {
    const Place place = *PlaceOf(name);
    roots.emplace(place.root);
    reviews.push_back({std::string(place.key), std::move(content)});
    return absl::OkStatus();
  };
  if (absl::Status status = ReadArchive(path, visitor); !status.ok()) return status;
  for (const auto& [root, folder] : other_classes) {
    if (roots.contains(root)) return OtherClass(path, root + folder);
  }
  return reviews;
}

}  // namespace

absl::Status ReadAclImdb(const fs::path& path, const SourceOptions& options,
                         const OnDocument& on_document) {
  std::error_code error;
  const bool inside = fs::is_directory(path / "aclImdb", error);
  absl::StatusOr<std::vector<Review>> reviews =
      fs::is_directory(path, error) ? ReadFolder(inside ? path / "aclImdb" : path) : ReadTar(path);
  if (!reviews.ok()) return reviews.status();
  return Emit(*std::move(reviews), path, options, on_document);
}

}  // namespace xp::trainer
