// The command line half of training_environment.h.
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "worker/runner/param_text.h"
#include "worker/runner/training_environment.h"

namespace xp::runner {
namespace {

constexpr std::string_view kPlaceholder = "{params.";

const Param* FindParam(const std::vector<Param>& params, std::string_view key) {
  const auto it =
      std::find_if(params.begin(), params.end(), [&](const Param& p) { return p.key == key; });
  return it == params.end() ? nullptr : &*it;
}

// Replaces each {params.key} in `word`; what was placed is added to `placed`.
std::string Place(std::string_view word, const std::vector<Param>& params,
                  std::set<std::string>* placed, std::vector<std::string>* notes) {
  std::string out;
  while (true) {
    const size_t start = word.find(kPlaceholder);
    const size_t end = start == std::string_view::npos ? start : word.find('}', start);
    if (end == std::string_view::npos) {
      out.append(word);
      return out;
    }
    const size_t key_start = start + kPlaceholder.size();
    const std::string_view key = word.substr(key_start, end - key_start);
    out.append(word.substr(0, start));
    if (const Param* param = FindParam(params, key)) {
      placed->insert(param->key);
      out.append(ParamAsArgument(*param));
    } else {
      const std::string whole(word.substr(start, end + 1 - start));
      out.append(whole);
      notes->push_back(absl::StrCat("command: ", whole,
                                    " is left as it is: the trial has no param of that name"));
    }
    word.remove_prefix(end + 1);
  }
}

}  // namespace

std::string ParamAsArgument(const Param& param) {
  switch (param.kind) {
    case ParamKind::kTrue:
      return "True";
    case ParamKind::kFalse:
      return "False";
    case ParamKind::kNull:
      return "";
    case ParamKind::kString:
    case ParamKind::kNumber:
    case ParamKind::kList:
    case ParamKind::kMap:
      return param.text;
  }
  return param.text;
}

std::string ParamAsJson(const Param& param) {
  switch (param.kind) {
    case ParamKind::kTrue:
      return "true";
    case ParamKind::kFalse:
      return "false";
    case ParamKind::kNull:
      return "null";
    case ParamKind::kNumber:
    case ParamKind::kList:
    case ParamKind::kMap:
      if (nlohmann::json::accept(param.text)) return param.text;
      break;  // .5, 0x10 and .inf are numbers in YAML alone
    case ParamKind::kString:
      break;
  }
  return TextAsJson(param.text);
}

std::string TextAsJson(std::string_view text) {
  return nlohmann::json(std::string(text))
      .dump(-1, ' ', /*ensure_ascii=*/true, nlohmann::json::error_handler_t::replace);
}

std::string ParamsToJson(const std::vector<Param>& params) {
  std::string out = "{";
  for (const Param& param : params) {
    absl::StrAppend(&out, out.size() > 1 ? ", " : "", TextAsJson(param.key), ": ",
                    ParamAsJson(param));
  }
  return out + "}";
}

absl::StatusOr<CommandLine> BuildCommandLine(const std::vector<std::string>& command,
                                             const std::vector<Param>& params,
                                             AppendParams append) {
  if (command.empty() || command[0].empty()) {
    return absl::InvalidArgumentError("command: empty: give at least the program's name");
  }
  CommandLine line;
  std::set<std::string> placed;
  for (const std::string& word : command) {
    line.argv.push_back(Place(word, params, &placed, &line.notes));
  }
  if (append == AppendParams::kYes) {
    std::vector<Param> sorted = params;
    std::sort(sorted.begin(), sorted.end(),
              [](const Param& a, const Param& b) { return a.key < b.key; });
    for (const Param& param : sorted) {
      if (param.kind == ParamKind::kNull || placed.contains(param.key)) continue;
      line.appended.push_back(absl::StrCat(param.key.size() == 1 ? "-" : "--", param.key));
      line.appended.push_back(ParamAsArgument(param));
    }
    line.argv.insert(line.argv.end(), line.appended.begin(), line.appended.end());
  }
  for (size_t i = 0; i < line.argv.size(); ++i) {
    if (line.argv[i].find('\0') != std::string::npos) {
      return absl::InvalidArgumentError(
          absl::StrCat("command[", i, "]: holds a NUL byte, which no argument can"));
    }
  }
  return line;
}

}  // namespace xp::runner
