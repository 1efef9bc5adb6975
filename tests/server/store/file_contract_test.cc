// Blobs, manifests, datasets, artifacts, backup.
#include <archive.h>
#include <archive_entry.h>

#include "tests/server/store/store_kit.h"

namespace xp::store {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

class FileContract : public StoreContract {
 protected:
  // A manifest of one file, uploaded with it; its name.
  std::string Manifest(const std::string& path, const std::string& content) {
    EXPECT_OK(kit.Upload(content));
    v1::FileManifest manifest;
    v1::ManifestFile* file = manifest.add_files();
    file->set_path(path);
    file->set_sha256(Sha256(content));
    file->set_size(content.size());
    EXPECT_OK(kit.Upload(manifest.SerializeAsString()));
    return Sha256(manifest.SerializeAsString());
  }
  absl::StatusOr<v1::DatasetVersion> AddDataset(const std::string& manifest) {
    v1::CreateDatasetVersionRequest request;
    request.mutable_dataset_version()->set_dataset("imdb");
    request.mutable_dataset_version()->set_manifest_sha256(manifest);
    return kit.Do<v1::DatasetVersion>(
        [&](WriteContext& c) { return c.files().CreateDatasetVersion(request); });
  }
  bool IsHere(const std::string& sha256) { return kit.store().blobs().Open(sha256).ok(); }
};

TEST_P(FileContract, UploadGoesOnWhereItWasCut) {
  const std::string content(100'000, 'c');
  v1::UploadBlobsRequest::Header header;
  header.set_sha256(Sha256(content));
  header.set_size(content.size());
  {
    auto upload = kit.store().blobs().Upload(header);
    ASSERT_OK(upload);
    ASSERT_OK((*upload)->Append(content.substr(0, 40'000)));
    EXPECT_CODE(kit.store().blobs().Upload(header), kAborted);
    EXPECT_CODE((*upload)->Finish(), kFailedPrecondition);
  }
  v1::FindMissingBlobsRequest find;
  find.add_sha256(header.sha256());
  EXPECT_EQ(kit.store().blobs().FindMissing(find)->missing(0).held_bytes(), 40'000u);
  EXPECT_CODE(kit.store().blobs().Upload(header), kFailedPrecondition);  // offset 0
  header.set_offset(40'000);
  auto upload = kit.store().blobs().Upload(header);
  ASSERT_OK(upload);
  ASSERT_OK((*upload)->Append(content.substr(40'000)));
  ASSERT_OK((*upload)->Finish());
  EXPECT_EQ(kit.store().blobs().FindMissing(find)->missing_size(), 0);
  EXPECT_EQ(*(*kit.store().blobs().Open(header.sha256()))->Read(99'990, 100), std::string(10, 'c'));
}

TEST_P(FileContract, WrongContentIsDroppedAndTooMuchIsRefused) {
  v1::UploadBlobsRequest::Header header;
  header.set_sha256(Sha256("good"));
  header.set_size(4);
  auto upload = *kit.store().blobs().Upload(header);
  EXPECT_CODE(upload->Append("evil!"), kOutOfRange);
  upload.reset();
  upload = *kit.store().blobs().Upload(header);
  ASSERT_OK(upload->Append("evil"));
  EXPECT_CODE(upload->Finish(), kDataLoss);
  upload.reset();
  EXPECT_OK(kit.Upload("good"));
  EXPECT_OK(kit.Upload("good"));  // again: checked and dropped
}

TEST_P(FileContract, BlobsGoWhenPinAndReferencesAreGone) {
  const std::string manifest = Manifest("a.txt", "text");
  ASSERT_OK(kit.Upload("alone"));
  const auto version = AddDataset(manifest);
  ASSERT_OK(version);
  EXPECT_EQ(version->version(), 1);
  EXPECT_EQ(AddDataset(manifest)->version(), 1);  // equal content adds none
  ASSERT_OK(kit.store().RunMaintenance());
  EXPECT_TRUE(IsHere(Sha256("alone")));
  kit.clock.Advance(absl::Hours(25));
  for (int i = 0; i < 4; ++i) ASSERT_OK(kit.store().RunMaintenance());
  EXPECT_FALSE(IsHere(Sha256("alone")));
  EXPECT_TRUE(IsHere(Sha256("text")));
  ASSERT_OK(kit.Do([](WriteContext& c) { return c.files().DeleteDatasetVersion("imdb@1"); }));
  for (int i = 0; i < 6; ++i) ASSERT_OK(kit.store().RunMaintenance());
  EXPECT_FALSE(IsHere(manifest));
  EXPECT_FALSE(IsHere(Sha256("text")));
}

TEST_P(FileContract, TrialKeepsTheDatasetVersionOfItsSubmit) {
  const std::string first = Manifest("a.txt", "one");
  ASSERT_OK(AddDataset(first));
  v1::SubmitExperimentRequest request;
  request.mutable_experiment()->set_name("e");
  v1::Trial* trial = request.add_trials();
  trial->set_name("a");
  *trial->mutable_spec() = MakeSpec();
  v1::InputChannel* input = trial->mutable_spec()->add_inputs();
  input->set_name("train");
  input->set_dataset("IMDB");
  ASSERT_OK(kit.Do<v1::SubmitExperimentResponse>(
      [&](WriteContext& c) { return c.experiments().Submit(request); }));
  ASSERT_OK(AddDataset(Manifest("a.txt", "two")));
  const v1::InputChannel stored = kit.Get("e/a").spec().inputs(0);
  EXPECT_EQ(stored.dataset(), "imdb@1");
  EXPECT_EQ(stored.resolved_manifest_sha256(), first);
  EXPECT_CODE(kit.Do([](WriteContext& c) { return c.files().DeleteDatasetVersion("imdb@1"); }),
              kFailedPrecondition);
}

TEST_P(FileContract, ManifestsWithBadPathsAreRefused) {
  for (const std::string path : {"../up", "/abs", "a//b", "a/./b", ""}) {
    const auto answer = AddDataset(Manifest(path, "text"));
    EXPECT_CODE(answer, kInvalidArgument);
    EXPECT_THAT(std::string(answer.status().message()), HasSubstr("files[0].path"));
  }
  ASSERT_OK(kit.Upload("no manifest \xff"));
  EXPECT_CODE(AddDataset(Sha256("no manifest \xff")), kInvalidArgument);
}

TEST_P(FileContract, AManifestTellsTheSizesOfItsBlobs) {
  ASSERT_OK(kit.Upload("text"));
  v1::FileManifest manifest;
  manifest.add_files()->set_path("a.txt");
  manifest.mutable_files(0)->set_sha256(Sha256("text"));
  manifest.mutable_files(0)->set_size(5);
  ASSERT_OK(kit.Upload(manifest.SerializeAsString()));
  const auto answer = AddDataset(Sha256(manifest.SerializeAsString()));
  EXPECT_CODE(answer, kInvalidArgument);
  EXPECT_THAT(
      std::string(answer.status().message()),
      HasSubstr("files[0].size: 'a.txt' is said to have 5 bytes; the blob of its sha256 has 4"));
}

TEST_P(FileContract, APathOfAManifestIsAFileOrAFolder) {
  ASSERT_OK(kit.Upload(""));
  const auto add = [&](const std::vector<std::string>& paths) {
    v1::FileManifest manifest;
    for (const std::string& path : paths) {
      manifest.add_files()->set_path(path);
      manifest.mutable_files()->rbegin()->set_sha256(Sha256(""));
    }
    EXPECT_OK(kit.Upload(manifest.SerializeAsString()));
    return AddDataset(Sha256(manifest.SerializeAsString())).status();
  };
  // What sorts between the file and what lies in it does not hide it.
  const absl::Status clash = add({"x", "x-1", "x.d/y", "x/y"});
  EXPECT_CODE(clash, kInvalidArgument);
  EXPECT_THAT(std::string(clash.message()), HasSubstr("files[3].path: 'x/y' lies in 'x'"));
  EXPECT_OK(add({"x-1", "x.d/y", "x/y", "x/y2/z", "xy"}));
}

TEST_P(FileContract, AVersionOrAnAttemptThatIsNotThereNamesTheNewest) {
  ASSERT_OK(AddDataset(Manifest("a.txt", "one")));
  const auto version = kit.store().files().GetDatasetVersion("IMDB@7");
  EXPECT_CODE(version, kNotFound);
  EXPECT_THAT(std::string(version.status().message()),
              HasSubstr("dataset imdb has no version 7; its newest is 1"));
  v1::ListArtifactsRequest list;
  list.set_name("e/a");
  list.set_attempt(7);
  const std::string uid = kit.Submit("e", {"a"})[0];
  EXPECT_THAT(std::string(kit.store().files().ListArtifacts(list).status().message()),
              HasSubstr("no attempt of the trial has begun yet"));
  kit.Run(uid);
  EXPECT_THAT(std::string(kit.store().files().ListArtifacts(list).status().message()),
              HasSubstr("the trial has no attempt 7; its latest is 1"));
}

TEST_P(FileContract, ArtifactsReplaceByPathAndAreFenced) {
  const std::string uid = kit.Submit("e", {"a"})[0];
  kit.Run(uid);
  const auto attach = [&](int attempt, const std::string& content) {
    EXPECT_OK(kit.Upload(content));
    v1::CreateArtifactsRequest request;
    request.set_trial_uid(uid);
    request.set_attempt(attempt);
    v1::Artifact* artifact = request.add_artifacts();
    artifact->set_path("model/weights");
    artifact->set_sha256(Sha256(content));
    return kit.Do([&](WriteContext& c) { return c.files().CreateArtifacts(request); });
  };
  ASSERT_OK(attach(1, "v1"));
  ASSERT_OK(attach(1, "v2"));
  v1::ListArtifactsRequest list;
  list.set_name("e/a");
  const auto artifacts = kit.store().files().ListArtifacts(list);
  ASSERT_OK(artifacts);
  ASSERT_EQ(artifacts->artifacts_size(), 1);
  EXPECT_EQ(artifacts->artifacts(0).sha256(), Sha256("v2"));
  EXPECT_CODE(attach(2, "v3"), kNotFound);
}

TEST_P(FileContract, AnArtifactHasTheSizeOfItsBlobAndIsAFileOrAFolder) {
  const std::string uid = kit.Submit("e", {"a"})[0];
  kit.Run(uid);
  ASSERT_OK(kit.Upload("text"));
  const auto attach = [&](const std::vector<std::string>& paths, uint64_t size) {
    v1::CreateArtifactsRequest request;
    request.set_trial_uid(uid);
    for (const std::string& path : paths) {
      v1::Artifact* artifact = request.add_artifacts();
      artifact->set_path(path);
      artifact->set_sha256(Sha256("text"));
      artifact->set_size(size);
    }
    return kit.Do([&](WriteContext& c) { return c.files().CreateArtifacts(request); });
  };
  const absl::Status size = attach({"model/ok", "model/x"}, 5);
  EXPECT_CODE(size, kInvalidArgument);
  EXPECT_THAT(std::string(size.message()),
              HasSubstr("artifacts[0].size: 'model/ok' is said to have 5 bytes"));
  for (const auto& paths : {std::vector<std::string>{"model/x", "model/x-1", "model/x/y/z"},
                            {"model/x/y/z", "model/x-1", "model/x"}}) {
    const absl::Status clash = attach(paths, 4);
    EXPECT_CODE(clash, kInvalidArgument);
    EXPECT_THAT(std::string(clash.message()),
                HasSubstr("artifacts[2].path: 'model/x/y/z' lies in 'model/x', which is a file"));
  }
  // A call sees what another one has left.
  ASSERT_OK(attach({"model/x", "model/x-1", "model/xy/z", "model/x.d/y"}, 4));
  EXPECT_CODE(attach({"model/x/y"}, 4), kInvalidArgument);
  EXPECT_CODE(attach({"model/xy"}, 4), kInvalidArgument);
  EXPECT_OK(attach({"model/x", "model/xy/z2", "output/x/y"}, 0));
}

TEST_P(FileContract, ArtifactFoldersOfAWholeExperimentComeInPages) {
  for (const std::string& uid : kit.Submit("e", {"a", "b", "c"})) {
    if (uid == kit.Get("e/b").uid()) continue;  // leaves nothing
    kit.Run(uid);
    v1::CreateArtifactsRequest request;
    request.set_trial_uid(uid);
    request.set_attempt(1);
    for (const std::string path : {"output/r", "model/w", "model/sub/v", "environment/e"}) {
      EXPECT_OK(kit.Upload(path));
      request.add_artifacts()->set_path(path);
      request.mutable_artifacts()->rbegin()->set_sha256(Sha256(path));
    }
    ASSERT_OK(kit.Do([&](WriteContext& c) { return c.files().CreateArtifacts(request); }));
  }
  v1::ListArtifactFoldersRequest list;
  list.set_experiment("E");
  list.set_page_size(1);  // one trial, and the second one's page is empty
  std::vector<std::string> found;
  do {
    const auto page = kit.store().files().ListArtifactFolders(list);
    ASSERT_OK(page);
    for (const v1::ArtifactFolder& folder : page->folders()) {
      found.push_back(absl::StrCat(folder.trial(), " ", folder.path(), " ", folder.attempt(), " ",
                                   folder.files(), " ", folder.size()));
    }
    list.set_page_token(page->next_page_token());
  } while (!list.page_token().empty());
  EXPECT_THAT(found, ElementsAre("e/a environment 1 1 13", "e/a model 1 2 18", "e/a output 1 1 8",
                                 "e/c environment 1 1 13", "e/c model 1 2 18", "e/c output 1 1 8"));
  list.set_experiment("none");
  EXPECT_CODE(kit.store().files().ListArtifactFolders(list), kNotFound);
}

TEST_P(FileContract, BackupHoldsTheDatabaseAndItsBlobsAndEndsWithTheProof) {
  ASSERT_OK(AddDataset(Manifest("a.txt", "text")));
  std::string tar;
  ASSERT_OK(kit.store().admin().BackUp([&](std::string_view bytes, uint64_t) {
    tar += bytes;
    return absl::OkStatus();
  }));
  std::vector<std::string> names;
  struct archive* reader = archive_read_new();
  archive_read_support_format_tar(reader);
  ASSERT_EQ(archive_read_open_memory(reader, tar.data(), tar.size()), ARCHIVE_OK);
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
    names.push_back(archive_entry_pathname(entry));
  }
  archive_read_free(reader);
  ASSERT_EQ(names.size(), 4u);
  EXPECT_EQ(names.front(), "xp.db");
  EXPECT_EQ(names.back(), "backup.json");
  const std::string text = Sha256("text");
  EXPECT_THAT(names, Contains("blobs/" + text.substr(0, 2) + "/" + text));
  EXPECT_CODE(kit.store().admin().BackUp(
                  [](std::string_view, uint64_t) { return absl::CancelledError("gone"); }),
              kCancelled);
}

INSTANTIATE_TEST_SUITE_P(Memory, FileContract, testing::Values(StoreOptions::Place::kMemory));
INSTANTIATE_TEST_SUITE_P(Disk, FileContract, testing::Values(StoreOptions::Place::kDisk));

}  // namespace
}  // namespace xp::store
