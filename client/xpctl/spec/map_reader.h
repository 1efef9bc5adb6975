// Reads the fields of one map of a spec: each field is taken by its name and type; what nobody took
// is an unknown field, what is there twice is an error. Every problem goes to SpecErrors; a field
// with a problem is left as it was. Not thread safe.
#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "client/xpctl/spec/spec_errors.h"
#include "client/xpctl/spec/yaml_tree.h"

namespace xp::xpctl {

// kTextOnly: a number or boolean must be quoted to be text. kAnyScalar: it is taken as written
// (command arguments, environment, tags, labels: the text of the file is kept, so nothing is lost).
enum class TextRule { kTextOnly, kAnyScalar };

class MapReader {
 public:
  // `path` is the map's own, empty at the top. The node and errors must outlive the reader.
  MapReader(const YamlNode& node, std::string path, SpecErrors* errors);

  // False when the node is no map; said already.
  bool ok() const { return ok_; }
  std::string PathOf(std::string_view field) const;

  // The value of a field, or nullptr when the map has none. Marks the field as known.
  const YamlNode* Take(std::string_view field);

  void Text(std::string_view field, std::optional<std::string>* out);
  void Integer(std::string_view field, int64_t min, int64_t max, std::optional<int64_t>* out);
  void Boolean(std::string_view field, std::optional<bool>* out);
  void Duration(std::string_view field, std::optional<absl::Duration>* out);
  void Size(std::string_view field, std::optional<uint64_t>* out);
  // A map of scalars.
  void TextMap(std::string_view field, std::map<std::string, std::string>* out);

  // Complains about every field that nobody took. Call last.
  void Finish();

 private:
  const YamlNode& node_;
  const std::string path_;
  SpecErrors* const errors_;
  bool ok_;
  std::set<std::string, std::less<>> known_;
};

// A scalar as text; nullopt after a complaint.
std::optional<std::string> ReadText(const YamlNode& node, const std::string& path, TextRule rule,
                                    SpecErrors* errors);

// The one of `names` that `word` was probably meant to be, or empty.
std::string Nearest(std::string_view word, const std::vector<std::string>& names);

}  // namespace xp::xpctl
