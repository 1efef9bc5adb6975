// Everything that is wrong with a spec file, collected: one line each with file, line, column and
// the field's path, so that a person corrects them in one go. Not thread safe.
#pragma once

#include <absl/status/status.h>

#include <string>
#include <string_view>
#include <vector>

#include "client/xpctl/spec/yaml_tree.h"

namespace xp::xpctl {

class SpecErrors {
 public:
  // `file` as messages name it.
  explicit SpecErrors(std::string file) : file_(std::move(file)) {}

  void Add(const YamlNode& where, std::string_view path, std::string_view what);
  // "line L, column C: what", as ParseYaml says it.
  void AddSyntax(std::string_view message);

  bool empty() const { return errors_.empty(); }
  // OK, or INVALID_ARGUMENT with all lines ("spec.yaml:12:7: trials[0].name: ..."), by position.
  absl::Status ToStatus() const;

 private:
  struct Error {
    int line;
    int column;
    std::string text;
  };
  const std::string file_;
  std::vector<Error> errors_;
};

}  // namespace xp::xpctl
