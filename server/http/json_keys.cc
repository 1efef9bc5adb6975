#include "server/http/json_keys.h"

#include <absl/strings/str_cat.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace xp::http {
namespace {

constexpr size_t kDepthMax = 100;  // Protobuf's own limit

// Walks a text without building it.
class KeyCheck : public nlohmann::json_sax<nlohmann::json> {
 public:
  absl::Status status() const { return status_; }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_array(std::size_t) override { return Enter(); }
  bool end_array() override { return Leave(); }
  bool start_object(std::size_t) override { return Enter(); }
  bool end_object() override { return Leave(); }

  bool key(string_t& key) override {
    if (open_.back().insert(key).second) return true;
    status_ = absl::InvalidArgumentError(
        absl::StrCat("the body has the key \"", key, "\" twice in one object; write it once"));
    return false;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    status_ = absl::InvalidArgumentError(
        absl::StrCat("the body is no JSON at byte ", position, ": ", error.what()));
    return false;
  }

 private:
  bool Enter() {
    open_.emplace_back();
    if (open_.size() <= kDepthMax) return true;
    status_ = absl::InvalidArgumentError(
        absl::StrCat("the body nests deeper than ", kDepthMax, " levels"));
    return false;
  }
  bool Leave() {
    open_.pop_back();
    return true;
  }

  std::vector<std::set<std::string>> open_;  // keys of the objects around; empty for arrays
  absl::Status status_;
};

}  // namespace

absl::Status CheckJsonKeys(std::string_view json) {
  KeyCheck check;
  nlohmann::json::sax_parse(json.begin(), json.end(), &check);
  return check.status();
}

}  // namespace xp::http
