#include <gtest/gtest.h>
#include <sys/stat.h>

#include "client/cpp/blob_download.h"
#include "client/cpp/blob_upload.h"
#include "client/cpp/channel.h"
#include "tests/client/cpp/fake_blobs.h"
#include "tests/client/cpp/fake_server.h"
#include "tests/client/cpp/fake_time.h"
#include "tests/client/cpp/temp_folder.h"

namespace xp::client {
namespace {

class BlobTransferTest : public ::testing::Test {
 protected:
  FakeTime time_;
  FakeBlobs blobs_;
  FakeServer server_{&blobs_};
  Client client_{MakeChannel(*ParseAddress(server_.address())), Retrier({}, time_.Environment())};
  TempFolder folder_;
};

TEST_F(BlobTransferTest, OnlyWhatIsMissingIsSent) {
  blobs_.Add("here");
  uint64_t last_done = 0;
  TransferOptions options;
  options.progress = [&](const TransferProgress& at) { last_done = at.done_bytes; };
  const auto result =
      UploadBlobs(client_, {BlobOfBytes("here"), BlobOfBytes("new"), BlobOfBytes("")}, options);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->blobs_sent, 2u);
  EXPECT_EQ(result->blobs_there, 1u);
  EXPECT_EQ(result->bytes_sent, 3u);
  EXPECT_EQ(last_done, 3u);
  EXPECT_TRUE(blobs_.whole.contains(Sha256Hex("new")));
  EXPECT_TRUE(blobs_.whole.contains(Sha256Hex("")));
}

TEST_F(BlobTransferTest, ACutUploadGoesOnWhereItStood) {
  const std::string bytes(3 * 1024 * 1024 + 17, 'x');
  const auto blob = BlobOfFile(folder_.Write("big", bytes));
  blobs_.CutUploadAfter(2);
  const auto result = UploadBlobs(client_, {*blob});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(blobs_.whole[blob->sha256], bytes);
  ASSERT_EQ(blobs_.upload_offsets.size(), 2u);
  EXPECT_EQ(blobs_.upload_offsets[1], 2u * 512 * 1024);
}

TEST_F(BlobTransferTest, AFileThatChangedIsToldNotStored) {
  const std::string path = folder_.Write("file", "before");
  const auto blob = BlobOfFile(path);
  folder_.Write("file", "behind");
  EXPECT_TRUE(absl::IsFailedPrecondition(UploadBlobs(client_, {*blob}).status()));
  folder_.Write("file", "x");
  blobs_.partial.clear();
  EXPECT_TRUE(absl::IsFailedPrecondition(UploadBlobs(client_, {*blob}).status()));
  EXPECT_TRUE(blobs_.whole.empty());
}

TEST_F(BlobTransferTest, CancellingEndsAnUpload) {
  TransferOptions options;
  options.cancelled = [] { return true; };
  EXPECT_TRUE(absl::IsCancelled(UploadBlobs(client_, {BlobOfBytes("bytes")}, options).status()));
}

TEST_F(BlobTransferTest, ACutDownloadGoesOnAndIsChecked) {
  std::string bytes;
  for (int i = 0; i < 5000; ++i) bytes += std::to_string(i);
  const std::string sha256 = blobs_.Add(bytes);
  blobs_.CutDownloadAfter(3);
  ASSERT_TRUE(DownloadFile(client_, sha256, folder_ / "file").ok());
  EXPECT_EQ(folder_.Read("file"), bytes);
  ASSERT_EQ(blobs_.download_offsets.size(), 2u);
  EXPECT_EQ(blobs_.download_offsets[1], 3000u);
}

TEST_F(BlobTransferTest, APartOfAnEarlierRunIsUsedAndAWrongOneNot) {
  const std::string bytes(2500, 'z');
  const std::string sha256 = blobs_.Add(bytes);
  folder_.Write("file.part", std::string(1500, 'z'));
  ASSERT_TRUE(DownloadFile(client_, sha256, folder_ / "file").ok());
  EXPECT_EQ(blobs_.download_offsets, std::vector<uint64_t>{1500});
  EXPECT_EQ(folder_.Read("file"), bytes);

  folder_.Write("other.part", std::string(1500, 'y'));
  EXPECT_TRUE(absl::IsDataLoss(DownloadFile(client_, sha256, folder_ / "other")));
  EXPECT_TRUE(DownloadFile(client_, sha256, folder_ / "other").ok());

  folder_.Write("third.part", std::string(9999, 'z'));
  EXPECT_TRUE(DownloadFile(client_, sha256, folder_ / "third").ok());
  EXPECT_EQ(folder_.Read("third"), bytes);
}

TEST_F(BlobTransferTest, BytesThatAreNotTheBlobAreRefused) {
  const std::string sha256 = Sha256Hex("right");
  blobs_.whole[sha256] = "wrong";
  EXPECT_TRUE(absl::IsDataLoss(DownloadFile(client_, sha256, folder_ / "file")));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "file"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "file.part"));
  EXPECT_TRUE(absl::IsDataLoss(DownloadBytes(client_, sha256).status()));
}

TEST_F(BlobTransferTest, AFolderGoesThereAndComesBack) {
  folder_.Write("in/a.txt", "alpha");
  folder_.Write("in/empty", "");
  ::chmod(folder_.Write("in/sub/run.sh", "#!").c_str(), 0755);
  const auto folder = ReadFolder(folder_ / "in");
  ASSERT_TRUE(UploadBlobs(client_, folder->blobs).ok());
  const auto manifest = DownloadManifest(client_, folder->manifest_sha256);
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  ASSERT_TRUE(DownloadFolder(client_, *manifest, folder_ / "out").ok());
  EXPECT_EQ(ReadFolder(folder_ / "out")->manifest_sha256, folder->manifest_sha256);

  folder_.Write("out/a.txt", "mine now");
  EXPECT_TRUE(absl::IsAlreadyExists(
      DownloadFolder(client_, *manifest, folder_ / "out", ExistingFiles::kRefuse)));
  EXPECT_EQ(folder_.Read("out/a.txt"), "mine now");
}

TEST_F(BlobTransferTest, AManifestThatLeavesItsFolderWritesNothing) {
  v1::FileManifest manifest;
  manifest.add_files()->set_path("../outside");
  manifest.mutable_files(0)->set_sha256(blobs_.Add("evil"));
  EXPECT_TRUE(absl::IsInvalidArgument(DownloadFolder(client_, manifest, folder_ / "out")));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "outside"));
}

}  // namespace
}  // namespace xp::client
