#include "client/xpctl/spec/spec_check.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "client/xpctl/spec/quantities.h"
#include "client/xpctl/spec/trial_message.h"
#include "proto/limits.h"
#include "proto/status.h"
#include "proto/validate.h"

namespace xp::xpctl {
namespace {

// "spec.command[1]: is bad" taken apart. Keys in brackets may hold anything.
struct Finding {
  std::vector<std::string> path;  // "spec", "command", "1"
  std::string what;               // "is bad"
};

Finding TakeApart(std::string_view message) {
  Finding finding;
  size_t at = 0;
  while (at < message.size()) {
    if (message[at] == '[') {
      size_t close = message.find(']', at);
      while (close != message.npos && close + 1 < message.size() &&
             std::string_view(".[: ").find(message[close + 1]) == std::string_view::npos) {
        close = message.find(']', close + 1);
      }
      if (close == message.npos) break;
      finding.path.emplace_back(message.substr(at + 1, close - at - 1));
      at = close + 1;
      continue;
    }
    if (message[at] == '.') ++at;
    const size_t end = std::min(message.find_first_of(".[: ", at), message.size());
    if (end == at) break;
    finding.path.emplace_back(message.substr(at, end - at));
    at = end;
  }
  if (message.substr(at).starts_with(": ")) at += 2;
  finding.what = message.substr(at);
  return finding;
}

// A part of the file: the node, and how deep the path that was asked for leads.
struct Place {
  const YamlNode* node = nullptr;
  std::string path;
  size_t depth = 0;
};

Place Walk(const YamlNode& from, std::string path, const std::vector<std::string>& steps) {
  Place place{&from, std::move(path), 0};
  for (const std::string& step : steps) {
    const YamlNode* next = nullptr;
    if (size_t index = 0; place.node->kind == YamlNode::Kind::kList) {
      if (!absl::SimpleAtoi(step, &index) || index >= place.node->items.size()) break;
      next = &place.node->items[index];
      absl::StrAppend(&place.path, "[", index, "]");
    } else {
      for (const YamlEntry& entry : place.node->entries) {
        if (entry.key.text == step) next = &entry.value;
      }
      if (next == nullptr) break;
      absl::StrAppend(&place.path, place.path.empty() ? "" : ".", step);
    }
    place.node = next;
    ++place.depth;
  }
  return place;
}

// The path of the API as the spec file writes it.
std::vector<std::string> AsFileWrites(std::vector<std::string> path, const v1::TrialSpec& spec) {
  if (!path.empty() && path[0] == "spec") path.erase(path.begin());
  if (path.empty()) return path;
  int index = 0;
  if (path[0] == "params" && path.size() > 1 && absl::SimpleAtoi(path[1], &index)) {
    return {"params", spec.params(index).key()};
  }
  if (path[0] == "inputs" && path.size() > 1 && absl::SimpleAtoi(path[1], &index)) {
    return {"inputs", spec.inputs(index).name()};
  }
  if (path.back() == "gpu_memory_bytes") path.back() = "gpu_memory";
  return path;
}

class Checker {
 public:
  Checker(const YamlNode& root, SpecErrors* errors) : root_(root), errors_(*errors) {}

  void Experiment(const v1::Experiment& experiment) {
    const absl::Status status = CheckExperimentFields("", experiment);
    if (status.ok()) return;
    const Finding finding = TakeApart(FromAbsl(status.message()));
    const Place place = Walk(root_, "", finding.path);
    errors_.Add(*place.node, place.path, finding.what);
  }

  void Trial(const SpecTrial& trial, const v1::Trial& message) {
    // The definitions were compiled where they were read.
    const absl::Status status =
        CheckTrialFields("", message, [](auto&&...) { return absl::OkStatus(); });
    if (status.ok()) return;
    Finding finding = TakeApart(FromAbsl(status.message()));
    const std::string entry = absl::StrCat("trials[", trial.entry, "]");
    const Place place = Find(AsFileWrites(std::move(finding.path), message.spec()), trial, entry);
    if (!said_.emplace(place.path, finding.what).second) return;
    if (!place.path.starts_with(entry)) {
      absl::StrAppend(&finding.what, " (in trial ", trial.name, ")");
    }
    errors_.Add(*place.node, place.path, finding.what);
  }

  // The server takes a submit in one message.
  void Size(size_t bytes) {
    if (bytes <= limits::kMessageMaxBytes) return;
    errors_.Add(*Walk(root_, "", {"trials"}).node, "trials",
                absl::StrCat("take ", ShowSize(bytes), " as they are sent, more than the ",
                             ShowSize(limits::kMessageMaxBytes),
                             " of one submit; put them into several files of the same experiment: "
                             "it takes what is new in each"));
  }

 private:
  // Where the value stands: in the trial's entry, else in `defaults`, a param in a matrix too. What
  // is nowhere belongs to the entry.
  Place Find(const std::vector<std::string>& steps, const SpecTrial& trial,
             const std::string& entry) const {
    const YamlNode& own = *Walk(root_, "", {"trials", std::to_string(trial.entry)}).node;
    const Place defaults = Walk(root_, "", {"defaults"});
    std::vector<Place> places{Walk(own, entry, steps)};
    if (defaults.depth == 1) places.push_back(Walk(*defaults.node, "defaults", steps));
    if (steps.size() == 2 && steps[0] == "params") {
      const std::vector<std::string> axis{"matrix", steps[1]};
      places.push_back(Walk(own, entry, axis));
      if (defaults.depth == 1) places.push_back(Walk(*defaults.node, "defaults", axis));
      places.push_back(Walk(root_, "", axis));
    }
    Place* best = &places[0];
    for (Place& place : places) {
      if (place.depth > best->depth) best = &place;
    }
    return std::move(*best);
  }

  const YamlNode& root_;
  SpecErrors& errors_;
  std::set<std::pair<std::string, std::string>> said_;
};

// As long as what will stand there, so that sizes are right.
void FillStandIns(const SpecTrial& trial, v1::TrialSpec* spec) {
  const std::string sha256(64, '0');
  for (v1::InputChannel& input : *spec->mutable_inputs()) {
    if (input.source_case() == v1::InputChannel::SOURCE_NOT_SET) input.set_manifest_sha256(sha256);
  }
  if (!trial.section.source_dir) return;
  spec->set_source_manifest_sha256(sha256);
  spec->set_source_git_commit(sha256);
  spec->set_source_git_diff_sha256(sha256);
}

}  // namespace

void CheckAsServer(const YamlNode& root, const SpecFile& spec, SpecErrors* errors) {
  Checker checker(root, errors);
  v1::SubmitExperimentRequest request;
  request.set_request_id(std::string(36, '0'));
  request.set_validate_only(true);
  ExperimentMessage(spec, request.mutable_experiment());
  checker.Experiment(request.experiment());
  for (const SpecTrial& trial : spec.trials) {
    v1::Trial* const message = request.add_trials();
    TrialMessage(trial, message);
    FillStandIns(trial, message->mutable_spec());
    checker.Trial(trial, *message);
  }
  checker.Size(request.ByteSizeLong());
}

}  // namespace xp::xpctl
