// xpctl artifacts E/T, artifacts pull E/T DIR: what a trial left behind.
#include <absl/strings/str_cat.h>

#include <memory>
#include <utility>

#include "client/cpp/blob_download.h"
#include "client/cpp/client.h"
#include "client/cpp/paging.h"
#include "client/xpctl/commands/commands.h"
#include "client/xpctl/exit_code.h"
#include "client/xpctl/format.h"
#include "client/xpctl/progress.h"

namespace xp::xpctl {
namespace {

struct ArtifactsOptions {
  std::string name;
  std::string folder;
  int attempt = 0;
};

absl::StatusOr<std::vector<v1::Artifact>> Find(client::Client& client,
                                               const ArtifactsOptions& options) {
  v1::ListArtifactsRequest request;
  request.set_name(options.name);
  request.set_attempt(options.attempt);
  std::vector<v1::Artifact> artifacts;
  XP_RETURN_IF_ERROR(client::ForEachPage(
      client, &v1::Artifacts::Stub::ListArtifacts, request,
      [&](const v1::ListArtifactsResponse& page) {
        artifacts.insert(artifacts.end(), page.artifacts().begin(), page.artifacts().end());
      }));
  return artifacts;
}

Report ArtifactsReport(const std::vector<v1::Artifact>& artifacts) {
  Report report;
  report.table.columns = {
      {"artifact"}, {"size", Align::kRight}, {"attempt", Align::kRight}, {"sha256"}};
  report.json["artifacts"] = nlohmann::ordered_json::array();
  for (const v1::Artifact& artifact : artifacts) {
    Cell digest(artifact.sha256().substr(0, 12));
    digest.raw = artifact.sha256();
    report.table.rows.push_back({artifact.path(), SizeCell(artifact.size()),
                                 absl::StrCat(artifact.attempt()), std::move(digest)});
    report.json["artifacts"].push_back({{"path", artifact.path()},
                                        {"size", artifact.size()},
                                        {"sha256", artifact.sha256()},
                                        {"executable", artifact.executable()},
                                        {"attempt", artifact.attempt()},
                                        {"create_time", JsonTime(artifact.create_time())}});
  }
  return report;
}

absl::StatusOr<int> ListArtifacts(Session& session, const ArtifactsOptions& options) {
  if (options.name.empty()) return absl::InvalidArgumentError("artifacts: name a trial, E/T");
  XP_ASSIGN_OR_RETURN(client::Client* const client, session.Connect());
  XP_ASSIGN_OR_RETURN(const std::vector<v1::Artifact> artifacts, Find(*client, options));
  if (artifacts.empty() && session.format() == OutputFormat::kTable) {
    session.Say(options.name + " has left no artifacts");
    return kExitOk;
  }
  session.Print(ArtifactsReport(artifacts));
  return kExitOk;
}

absl::StatusOr<int> PullArtifacts(Session& session, const ArtifactsOptions& options) {
  XP_ASSIGN_OR_RETURN(client::Client* const client, session.Connect());
  XP_ASSIGN_OR_RETURN(const std::vector<v1::Artifact> artifacts, Find(*client, options));
  if (artifacts.empty()) {
    return absl::NotFoundError(options.name + " has left no artifacts to pull");
  }
  v1::FileManifest manifest;
  for (const v1::Artifact& artifact : artifacts) {
    v1::ManifestFile& file = *manifest.add_files();
    file.set_path(artifact.path());
    file.set_size(artifact.size());
    file.set_sha256(artifact.sha256());
    file.set_executable(artifact.executable());
  }
  Progress progress(session.world());
  client::TransferOptions transfer;
  transfer.progress = [&](const client::TransferProgress& at) {
    progress.ShowBytes("downloading", at.done_bytes, at.total_bytes);
  };
  XP_RETURN_IF_ERROR(client::DownloadFolder(*client, manifest, options.folder,
                                            client::ExistingFiles::kRefuse, transfer));
  progress.Clear();
  session.Print(ArtifactsReport(artifacts));
  return kExitOk;
}

}  // namespace

void AddArtifacts(CLI::App& app, Action* action) {
  auto options = std::make_shared<ArtifactsOptions>();
  CLI::App* const command =
      app.add_subcommand("artifacts", "List what a trial left behind; bring it here");
  command->require_subcommand(0, 1);
  command->add_option("E/T", options->name, "Trial");
  command->add_option("--attempt", options->attempt, "Of this attempt (the latest that has any)")
      ->check(CLI::PositiveNumber);
  command->callback([options, action] {
    if (!*action)
      *action = [options](Session& session) { return ListArtifacts(session, *options); };
  });
  CLI::App* const pull = command->add_subcommand("pull", "Bring the files into a folder");
  pull->add_option("E/T", options->name, "Trial")->required();
  pull->add_option("DIR", options->folder, "Folder; made if it is not there")->required();
  pull->callback([options, action] {
    *action = [options](Session& session) { return PullArtifacts(session, *options); };
  });
}

}  // namespace xp::xpctl
