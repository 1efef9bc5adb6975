#include "client/xpctl/submit_request.h"

#include <absl/strings/str_cat.h>

#include <map>

#include "client/xpctl/source/source_folder.h"
#include "proto/status.h"

namespace xp::xpctl {
namespace {

void SetDuration(absl::Duration duration, google::protobuf::Duration* out) {
  const int64_t ms = absl::ToInt64Milliseconds(duration);
  out->set_seconds(ms / 1000);
  out->set_nanos(static_cast<int32_t>(ms % 1000 * 1'000'000));
}

class Planner {
 public:
  explicit Planner(const std::function<void(const std::string&)>& announce) : announce_(announce) {}

  absl::StatusOr<SubmitPlan> Plan(const SpecFile& spec) {
    v1::Experiment& experiment = *plan_.request.mutable_experiment();
    experiment.set_name(spec.experiment);
    experiment.set_description(spec.description);
    experiment.set_rank_by(spec.rank_by);
    experiment.set_notes(spec.notes);
    experiment.mutable_tags()->insert(spec.tags.begin(), spec.tags.end());
    for (const SpecTrial& trial : spec.trials) {
      XP_RETURN_IF_ERROR(AddTrial(trial, plan_.request.add_trials()));
    }
    return std::move(plan_);
  }

 private:
  absl::Status AddTrial(const SpecTrial& from, v1::Trial* trial) {
    const TrialSection& section = from.section;
    trial->set_name(from.name);
    trial->mutable_tags()->insert(section.tags.begin(), section.tags.end());
    trial->set_notes(section.notes.value_or(""));
    trial->set_priority(static_cast<int32_t>(section.priority.value_or(0)));
    v1::TrialSpec& spec = *trial->mutable_spec();
    for (const std::string& argument : *section.command) spec.add_command(argument);
    for (const v1::Param& param : section.params) *spec.add_params() = param;
    if (section.append_params) spec.set_append_params(*section.append_params);
    spec.mutable_env()->insert(section.env.begin(), section.env.end());
    if (section.metrics) {
      for (const v1::MetricDefinition& metric : *section.metrics) {
        *spec.add_metric_definitions() = metric;
      }
    }
    spec.set_metrics_preset(section.metrics_preset.value_or(""));
    XP_RETURN_IF_ERROR(AddInputs(section, &spec));
    if (section.source_dir) XP_RETURN_IF_ERROR(AddSource(*section.source_dir, &spec));
    v1::Resources& resources = *spec.mutable_resources();
    resources.set_gpus(static_cast<int32_t>(section.gpus.value_or(0)));
    resources.set_gpu_memory_bytes(section.gpu_memory.value_or(0));
    resources.mutable_labels()->insert(section.labels.begin(), section.labels.end());
    if (section.timeout) SetDuration(*section.timeout, spec.mutable_timeout());
    spec.set_retries(static_cast<int32_t>(section.retries.value_or(0)));
    spec.set_resume(section.resume.value_or(false));
    if (section.stop_grace) SetDuration(*section.stop_grace, spec.mutable_stop_grace());
    spec.set_checkpoint_dir(section.checkpoint_dir.value_or(""));
    return absl::OkStatus();
  }

  absl::Status AddInputs(const TrialSection& section, v1::TrialSpec* spec) {
    for (const auto& [channel, input] : section.inputs) {
      v1::InputChannel& out = *spec->add_inputs();
      out.set_name(channel);
      switch (input.kind) {
        case SpecInput::Kind::kDataset:
          out.set_dataset(input.text);
          break;
        case SpecInput::Kind::kWorkerPath:
          out.set_worker_path(input.text);
          break;
        case SpecInput::Kind::kLocal: {
          XP_ASSIGN_OR_RETURN(const std::string manifest, AddFolder(input.local));
          out.set_manifest_sha256(manifest);
          break;
        }
      }
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
