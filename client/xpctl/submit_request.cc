#include "client/xpctl/submit_request.h"

#include <absl/strings/str_cat.h>

#include <map>

#include "client/xpctl/source/source_folder.h"
#include "client/xpctl/spec/trial_message.h"
#include "proto/status.h"

namespace xp::xpctl {
namespace {

class Planner {
 public:
  explicit Planner(const std::function<void(const std::string&)>& announce) : announce_(announce) {}

  absl::StatusOr<SubmitPlan> Plan(const SpecFile& spec) {
    ExperimentMessage(spec, plan_.request.mutable_experiment());
    for (const SpecTrial& trial : spec.trials) {
      v1::Trial* const message = plan_.request.add_trials();
      TrialMessage(trial, message);
      XP_RETURN_IF_ERROR(AddInputs(trial.section, message->mutable_spec()));
      if (trial.section.source_dir) {
        XP_RETURN_IF_ERROR(AddSource(*trial.section.source_dir, message->mutable_spec()));
      }
    }
    return std::move(plan_);
  }

 private:
  absl::Status AddInputs(const TrialSection& section, v1::TrialSpec* spec) {
    for (size_t i = 0; i < section.inputs.size(); ++i) {
      const SpecInput& input = section.inputs[i].second;
      if (input.kind != SpecInput::Kind::kLocal) continue;
      XP_ASSIGN_OR_RETURN(const std::string manifest, AddFolder(input.local));
      spec->mutable_inputs(static_cast<int>(i))->set_manifest_sha256(manifest);
    }
    return absl::OkStatus();
  }

  // The manifest of a folder of data.
  absl::StatusOr<std::string> AddFolder(const LocalPath& local) {
    if (const auto known = folders_.find(local.path); known != folders_.end()) return known->second;
    announce_(local.path);
    absl::StatusOr<client::Folder> folder = client::ReadFolder(local.path);
    if (!folder.ok()) return Annotate(folder.status(), local.field);
    if (folder->manifest.files_size() == 0) {
      plan_.warnings.push_back(local.field + ": there is no file in " + local.path);
    }
    AddBlobs(std::move(folder->blobs));
    folders_[local.path] = folder->manifest_sha256;
    return folder->manifest_sha256;
  }

  absl::Status AddSource(const LocalPath& local, v1::TrialSpec* spec) {
    auto known = sources_.find(local.path);
    if (known == sources_.end()) {
      announce_(local.path);
      absl::StatusOr<SourceFolder> source = ReadSourceFolder(local.path);
      if (!source.ok()) return Annotate(source.status(), local.field);
      for (const std::string& path : source->left_out) {
        plan_.warnings.push_back(local.field + ": left out " + path +
                                 ", which is neither a file nor a folder");
      }
      AddBlobs(std::move(source->folder.blobs));
      Source kept{source->folder.manifest_sha256, source->git_commit, ""};
      if (source->git_diff) {
        kept.git_diff = source->git_diff->sha256;
        plan_.blobs.push_back(*std::move(source->git_diff));
      }
      known = sources_.emplace(local.path, std::move(kept)).first;
    }
    spec->set_source_manifest_sha256(known->second.manifest);
    spec->set_source_git_commit(known->second.git_commit);
    spec->set_source_git_diff_sha256(known->second.git_diff);
    return absl::OkStatus();
  }

  void AddBlobs(std::vector<client::BlobSource> blobs) {
    for (client::BlobSource& blob : blobs) plan_.blobs.push_back(std::move(blob));
  }

  struct Source {
    std::string manifest;
    std::string git_commit;
    std::string git_diff;
  };
  const std::function<void(const std::string&)>& announce_;
  SubmitPlan plan_;
  std::map<std::string, std::string> folders_;  // path to manifest
  std::map<std::string, Source> sources_;
};

}  // namespace

absl::StatusOr<SubmitPlan> MakeSubmitPlan(
    const SpecFile& spec, const std::function<void(const std::string& path)>& announce) {
  return Planner(announce).Plan(spec);
}

}  // namespace xp::xpctl
