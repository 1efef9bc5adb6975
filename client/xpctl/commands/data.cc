// xpctl data push DIR --name N, data ls, data pull N DIR: prepared data, stored by content.
#include <absl/strings/str_cat.h>

#include <memory>

#include "client/cpp/blob_download.h"
#include "client/cpp/blob_upload.h"
#include "client/cpp/client.h"
#include "client/cpp/file_manifest.h"
#include "client/cpp/paging.h"
#include "client/xpctl/commands/commands.h"
#include "client/xpctl/exit_code.h"
#include "client/xpctl/format.h"
#include "client/xpctl/progress.h"
#include "client/xpctl/spec/quantities.h"
#include "proto/resource_name.h"

namespace xp::xpctl {
namespace {

struct DataOptions {
  std::string folder;
  std::string name;
  std::string description;
};

Report DatasetsReport(const std::vector<v1::DatasetVersion>& versions, absl::TimeZone zone) {
  Report report;
  report.table.columns = {{"dataset"},
                          {"files", Align::kRight},
                          {"size", Align::kRight},
                          {"created"},
                          {"description", Align::kLeft, /*elastic=*/true}};
  report.json["datasets"] = nlohmann::ordered_json::array();
  for (const v1::DatasetVersion& version : versions) {
    const std::string name = absl::StrCat(version.dataset(), "@", version.version());
    report.table.rows.push_back({name, absl::StrCat(version.file_count()),
                                 SizeCell(version.total_bytes()),
                                 TimeCell(version.create_time(), zone), version.description()});
    report.json["datasets"].push_back({{"dataset", version.dataset()},
                                       {"version", version.version()},
                                       {"manifest_sha256", version.manifest_sha256()},
                                       {"files", version.file_count()},
                                       {"bytes", version.total_bytes()},
                                       {"description", version.description()},
                                       {"create_time", JsonTime(version.create_time())}});
  }
  return report;
}

absl::StatusOr<int> Push(Session& session, const DataOptions& options) {
  XP_RETURN_IF_ERROR(CheckName("--name", options.name));
  XP_ASSIGN_OR_RETURN(client::Client* const client, session.Connect());
  Progress progress(session.world());
  XP_ASSIGN_OR_RETURN(const client::Folder folder,
                      client::ReadFolder(options.folder, [&](uint64_t done, uint64_t total) {
                        progress.ShowBytes("reading", done, total);
                      }));
  if (folder.manifest.files_size() == 0) {
    return absl::InvalidArgumentError(options.folder + ": there is no file in it");
  }
  client::TransferOptions transfer;
  transfer.progress = [&](const client::TransferProgress& at) {
    progress.ShowBytes("uploading", at.done_bytes, at.total_bytes);
  };
  XP_ASSIGN_OR_RETURN(const client::UploadResult sent,
                      client::UploadBlobs(*client, folder.blobs, transfer));
  progress.Clear();
  session.Say(absl::StrCat("uploaded ", ShowSize(sent.bytes_sent), "; ", sent.blobs_there, " of ",
                           folder.blobs.size(), " blobs were there already"));
  v1::CreateDatasetVersionRequest request;
  v1::DatasetVersion& version = *request.mutable_dataset_version();
  version.set_dataset(options.name);
  version.set_manifest_sha256(folder.manifest_sha256);
  version.set_description(options.description);
  XP_ASSIGN_OR_RETURN(const v1::DatasetVersion created,
                      client->Call(&v1::Datasets::Stub::CreateDatasetVersion, request));
  session.Print(DatasetsReport({created}, session.world().zone));
  return kExitOk;
}

absl::StatusOr<int> ListDatasets(Session& session, const DataOptions& options) {
  XP_ASSIGN_OR_RETURN(client::Client* const client, session.Connect());
  v1::ListDatasetVersionsRequest request;
  request.set_dataset(options.name);
  std::vector<v1::DatasetVersion> versions;
  XP_RETURN_IF_ERROR(client::ForEachPage(*client, &v1::Datasets::Stub::ListDatasetVersions, request,
                                         [&](const v1::ListDatasetVersionsResponse& page) {
                                           versions.insert(versions.end(),
                                                           page.dataset_versions().begin(),
                                                           page.dataset_versions().end());
                                         }));
  if (versions.empty() && session.format() == OutputFormat::kTable) {
    session.Say("no datasets yet; store one: xpctl data push DIR --name N");
    return kExitOk;
  }
  session.Print(DatasetsReport(versions, session.world().zone));
  return kExitOk;
}

absl::StatusOr<int> PullDataset(Session& session, const DataOptions& options) {
  XP_ASSIGN_OR_RETURN(client::Client* const client, session.Connect());
  v1::GetDatasetVersionRequest request;
  request.set_name(options.name);
  XP_ASSIGN_OR_RETURN(const v1::DatasetVersion version,
                      client->Call(&v1::Datasets::Stub::GetDatasetVersion, request));
  XP_ASSIGN_OR_RETURN(const v1::FileManifest manifest,
                      client::DownloadManifest(*client, version.manifest_sha256()));
  Progress progress(session.world());
  client::TransferOptions transfer;
  transfer.progress = [&](const client::TransferProgress& at) {
    progress.ShowBytes("downloading", at.done_bytes, at.total_bytes);
  };
  XP_RETURN_IF_ERROR(client::DownloadFolder(*client, manifest, options.folder,
                                            client::ExistingFiles::kRefuse, transfer));
  progress.Clear();
  session.Print(DatasetsReport({version}, session.world().zone));
  return kExitOk;
}

}  // namespace

void AddData(CLI::App& app, Action* action) {
  CLI::App* const command =
      app.add_subcommand("data", "Datasets: named, versioned folders of prepared data");
  command->require_subcommand(1);
  auto options = std::make_shared<DataOptions>();
  CLI::App* const push = command->add_subcommand(
      "push", "Store a folder as the next version; equal content adds none");
  push->add_option("DIR", options->folder, "Folder or file")->required();
  push->add_option("--name,-n", options->name, "Dataset")->required();
  push->add_option("--description", options->description, "For people");
  push->callback([options, action] {
    *action = [options](Session& session) { return Push(session, *options); };
  });
  CLI::App* const list =
      command->add_subcommand("ls", "The newest version of each dataset, or all of one");
  list->add_option("N", options->name, "Dataset");
  list->callback([options, action] {
    *action = [options](Session& session) { return ListDatasets(session, *options); };
  });
  CLI::App* const pull = command->add_subcommand("pull", "Bring a dataset into a folder");
  pull->add_option("N", options->name, "NAME (the newest) or NAME@VERSION")->required();
  pull->add_option("DIR", options->folder, "Folder; made if it is not there")->required();
  pull->callback([options, action] {
    *action = [options](Session& session) { return PullDataset(session, *options); };
  });
}

}  // namespace xp::xpctl
