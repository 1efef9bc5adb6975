// Parameters out of a spec file: the text stays as the file has it (`5e-5` stays `5e-5`), only its
// kind is told. Functions; errors go to SpecErrors.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/xpctl/spec/spec_errors.h"
#include "client/xpctl/spec/yaml_tree.h"
#include "xp/v1/trials.pb.h"

namespace xp::xpctl {

// One value; lists and maps become compact JSON in which numbers keep their digits. nullopt after
// a complaint.
std::optional<v1::Param> ReadParam(const std::string& key, const YamlNode& value,
                                   const std::string& path, SpecErrors* errors);

// A `params:` map, in the order of the file.
std::vector<v1::Param> ReadParams(const YamlNode& node, const std::string& path,
                                  SpecErrors* errors);

// Sets or replaces by key: a replaced one keeps its place, a new one stands last.
void SetParam(const v1::Param& param, std::vector<v1::Param>* params);

}  // namespace xp::xpctl
