#include "client/xpctl/spec/section_inputs.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <filesystem>
#include <map>

#include "proto/resource_name.h"
#include "proto/status.h"

namespace xp::xpctl {
namespace {

namespace fs = std::filesystem;

std::string Resolve(const std::string& folder, const std::string& path) {
  return (fs::path(folder) / path).lexically_normal().string();
}

YamlNode Position(const YamlNode& node) {
  YamlNode position;
  position.line = node.line;
  position.column = node.column;
  return position;
}

std::optional<SpecInput> ReadDataset(const YamlNode& node, const std::string& path,
                                     std::string_view text, SpecErrors* errors) {
  const size_t at = text.find('@');
  const absl::Status name = CheckName(path, text.substr(0, at));
  int version = 0;
  if (!name.ok()) {
    errors->Add(node, "", FromAbsl(name.message()));
    return std::nullopt;
  }
  if (at != text.npos &&
      (!absl::SimpleAtoi(ToAbsl(text.substr(at + 1)), &version) || version < 1)) {
    errors->Add(node, path, "after the @ a version belongs: 1, 2, 3 ...");
    return std::nullopt;
  }
  SpecInput input;
  input.kind = SpecInput::Kind::kDataset;
  input.text = text;
  return input;
}

std::optional<SpecInput> ReadInput(const YamlNode& node, const std::string& path,
                                   const std::string& folder, SpecErrors* errors) {
  const auto text = ReadText(node, path, TextRule::kTextOnly, errors);
  if (!text) return std::nullopt;
  SpecInput input;
  if (text->starts_with("dataset:")) {
    return ReadDataset(node, path, std::string_view(*text).substr(8), errors);
  }
  if (text->starts_with("file://")) {
    input.kind = SpecInput::Kind::kWorkerPath;
    input.text = text->substr(7);
    if (!input.text.starts_with("/")) {
      errors->Add(node, path, "write file:/// and an absolute path on the worker");
      return std::nullopt;
    }
    return input;
  }
  if (const size_t scheme = text->find("://"); scheme != text->npos) {
    errors->Add(node, path,
                text->substr(0, scheme + 3) +
                    " not yet; write a local path, dataset:NAME or "
                    "file:///path/on/the/worker");
    return std::nullopt;
  }
  input.local = {Resolve(folder, *text), path, Position(node)};
  std::error_code error;
  if (text->empty() || !fs::exists(input.local.path, error)) {
    errors->Add(node, path,
                "there is no file or folder " + input.local.path +
                    "; a relative path begins at the spec file's folder");
    return std::nullopt;
  }
  return input;
}

}  // namespace

std::optional<LocalPath> ReadSourceDir(MapReader* map, const std::string& folder,
                                       SpecErrors* errors) {
  std::optional<std::string> text;
  map->Text("source_dir", &text);
  if (!text) return std::nullopt;
  const YamlNode& node = *map->Take("source_dir");
  LocalPath local{Resolve(folder, *text), map->PathOf("source_dir"), Position(node)};
  std::error_code error;
  if (text->empty() || !fs::is_directory(local.path, error)) {
    errors->Add(
        node, local.field,
        "there is no folder " + local.path + "; a relative path begins at the spec file's folder");
    return std::nullopt;
  }
  return local;
}

std::vector<std::pair<std::string, SpecInput>> ReadInputs(MapReader* map, const std::string& folder,
                                                          SpecErrors* errors) {
  std::vector<std::pair<std::string, SpecInput>> inputs;
  const YamlNode* const node = map->Take("inputs");
  if (node == nullptr) return inputs;
  MapReader channels(*node, map->PathOf("inputs"), errors);
  if (!channels.ok()) return inputs;
  std::map<std::string, std::string> folded;
  for (const YamlEntry& entry : node->entries) {
    const std::string& channel = entry.key.text;
    const std::string path = channels.PathOf(channel);
    if (const absl::Status name = CheckName(path, channel); !name.ok()) {
      errors->Add(entry.key, "", FromAbsl(name.message()));
      continue;
    }
    const auto [first, fresh] = folded.emplace(FoldName(channel), channel);
    if (!fresh && first->second != channel) {
      errors->Add(entry.key, path, "is the same channel as " + first->second);
    }
    if (auto input = ReadInput(entry.value, path, folder, errors)) {
      inputs.emplace_back(channel, *std::move(input));
    }
  }
  return inputs;
}

}  // namespace xp::xpctl
