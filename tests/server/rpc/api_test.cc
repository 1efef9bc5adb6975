// Calls of people over gRPC: what is checked here, stored there and comes back.
#include <gtest/gtest.h>
#include <openssl/sha.h>

#include "tests/server/rpc/server_fixture.h"

namespace xp::rpc {
namespace {

using testing::MakeHello;
using testing::MakeReport;
using testing::MakeSubmit;

std::string Sha256(const std::string& bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  std::string hex;
  for (const unsigned char byte : digest) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

class ApiTest : public ServerTest {
 protected:
  // Runs every queued trial of E to its end, each with one loss.
  void RunAll(const std::vector<double>& losses) {
    GrpcWorker worker(channel_, MakeHello("w", 1));
    ASSERT_TRUE(worker.Read().has_welcome());
    v1::ServerMessage next = worker.Read();
    for (size_t i = 0; i < losses.size(); ++i) {
      ASSERT_TRUE(next.has_assignment()) << next.ShortDebugString();
      const v1::AttemptId attempt = next.assignment().attempt();
      worker.Run(attempt);
      worker.Report(MakeReport(attempt, 0, "loss=1\n", "loss", {losses[i]}));
      worker.Exit(attempt, 0, 7);
      v1::WorkerMessage finished;
      *finished.mutable_finished() = testing::MakeFinished(attempt, 7);
      worker.Write(finished);
      // The next assignment may overtake the confirmation: the slot was free at the exit.
      const bool is_last = i + 1 == losses.size();
      for (int answers = is_last ? 1 : 2; answers > 0; --answers) {
        const v1::ServerMessage message = worker.Read();
        if (message.has_assignment()) next = message;
      }
    }
  }
  std::string Upload(const std::string& bytes) {
    const auto stub = v1::Blobs::NewStub(channel_);
    const auto context = Context();
    v1::UploadBlobsResponse response;
    const auto writer = stub->UploadBlobs(context.get(), &response);
    v1::UploadBlobsRequest request;
    request.mutable_header()->set_sha256(Sha256(bytes));
    request.mutable_header()->set_size(bytes.size());
    writer->Write(request);
    request.set_data(bytes);
    writer->Write(request);
    writer->WritesDone();
    const grpc::Status status = writer->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.blobs(), 1);
    return Sha256(bytes);
  }
};

TEST_F(ApiTest, ABadSubmitCreatesNothing) {
  v1::SubmitExperimentRequest request = MakeSubmit("E", {"a", "b"});
  request.mutable_trials(1)->mutable_spec()->clear_command();
  v1::SubmitExperimentResponse response;
  const grpc::Status status = Submit(request, &response);
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message().find("trials[1].spec.command:"), 0u);
  v1::GetExperimentRequest get;
  get.set_name("E");
  v1::Experiment experiment;
  EXPECT_EQ(v1::Experiments::NewStub(channel_)
                ->GetExperiment(Context().get(), get, &experiment)
                .error_code(),
            grpc::NOT_FOUND);
}

TEST_F(ApiTest, SubmittedTwiceItIsLeftAlone) {
  v1::SubmitExperimentResponse response;
  ASSERT_TRUE(Submit(MakeSubmit("E", {"a"}), &response).ok());
  EXPECT_EQ(response.created_trials_size(), 1);
  ASSERT_TRUE(Submit(MakeSubmit("E", {"a", "b"}), &response).ok());
  EXPECT_EQ(response.created_trials(0), "b");
  EXPECT_EQ(response.unchanged_trials(0), "a");
  v1::SubmitExperimentRequest other = MakeSubmit("E", {"a"});
  other.mutable_trials(0)->mutable_spec()->set_command(0, "other");
  EXPECT_EQ(Submit(other, &response).error_code(), grpc::ALREADY_EXISTS);
}

TEST_F(ApiTest, CompareIsPagedAndBestIsOverAllPages) {
  Submit(MakeSubmit("E", {"a", "b", "c"}));
  RunAll({0.3, 0.1, 0.2});
  v1::CompareTrialsRequest request;
  request.add_experiments("E");
  request.set_order_by("loss");
  request.set_page_size(2);
  v1::CompareTrialsResponse response;
  grpc::Status status = Compare(request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response.rows_size(), 2);
  EXPECT_EQ(response.total_rows(), 3);
  EXPECT_EQ(response.rows(0).name(), "E/b");
  EXPECT_EQ(response.rows(0).state(), "COMPLETED");
  request.set_page_token(response.next_page_token());
  status = Compare(request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response.rows_size(), 1);
  EXPECT_EQ(response.rows(0).name(), "E/a");
  EXPECT_EQ(response.columns(0).best(0), "E/b") << "also where its row is on another page";
  EXPECT_TRUE(response.next_page_token().empty());
  request.set_order_by("-loss");
  EXPECT_EQ(Compare(request, &response).error_code(), grpc::INVALID_ARGUMENT)
      << "a token of another request";
}

TEST_F(ApiTest, ThePagesOfACompareAgreeWhileTrialsAreAdded) {
  Submit(MakeSubmit("E", {"a", "b", "c"}));
  v1::CompareTrialsRequest request;
  request.add_experiments("E");
  request.set_order_by("-name");
  request.set_page_size(2);
  v1::CompareTrialsResponse first, second;
  ASSERT_TRUE(Compare(request, &first).ok());
  Submit(MakeSubmit("E", {"d"}));
  request.set_page_token(first.next_page_token());
  ASSERT_TRUE(Compare(request, &second).ok());
  ASSERT_EQ(second.rows_size(), 1);
  EXPECT_EQ(second.rows(0).name(), "E/a");
  EXPECT_EQ(second.total_rows(), 3);
}

TEST_F(ApiTest, AColumnNamesAFewOfItsBestAndMarksAll) {
  std::vector<std::string> names;
  for (char name = 'a'; name < 'a' + 12; ++name) names.emplace_back(1, name);
  Submit(MakeSubmit("E", names));
  RunAll(std::vector<double>(12, 0.5));
  v1::CompareTrialsRequest request;
  request.add_experiments("E");
  v1::CompareTrialsResponse response;
  ASSERT_TRUE(Compare(request, &response).ok());
  EXPECT_EQ(response.columns(0).best_size(), 10);
  for (const v1::CompareRow& row : response.rows()) EXPECT_TRUE(row.cells(0).best());
}

TEST_F(ApiTest, CompareSaysWhatItDoesNotKnow) {
  Submit(MakeSubmit("E", {"a"}));
  v1::CompareTrialsResponse response;
  v1::CompareTrialsRequest request;
  EXPECT_EQ(Compare(request, &response).error_message().find("experiments:"), 0u);
  request.add_experiments("E");
  request.set_filter("stat = COMPLETED");
  EXPECT_EQ(Compare(request, &response).error_message().find("filter"), 0u);
  request.clear_filter();
  request.set_stat("median");
  EXPECT_EQ(Compare(request, &response).error_message().find("stat:"), 0u);
  request.clear_stat();
  request.set_experiments(0, "nobody");
  EXPECT_EQ(Compare(request, &response).error_code(), grpc::NOT_FOUND);
  request.set_experiments(0, "E");
  const grpc::Status status = Compare(request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response.rows_size(), 1) << "a trial without numbers keeps its row";
  EXPECT_FALSE(response.rows(0).why_empty().empty());
}

TEST_F(ApiTest, AGroupShowsTheMeanOfItsTrials) {
  v1::SubmitExperimentRequest submit = MakeSubmit("E", {"a", "b", "c"});
  for (int i = 0; i < 3; ++i) {
    v1::Param* param = submit.mutable_trials(i)->mutable_spec()->add_params();
    param->set_key("lr");
    param->set_kind(v1::PARAM_KIND_NUMBER);
    param->set_text(i < 2 ? "1" : "2");
  }
  Submit(submit);
  RunAll({0.2, 0.4, 0.9});
  v1::CompareTrialsRequest request;
  request.add_experiments("E");
  request.set_group_by("lr");
  request.set_stat("last");
  v1::CompareTrialsResponse response;
  const grpc::Status status = Compare(request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response.rows_size(), 2);
  EXPECT_EQ(response.rows(0).group_size(), 2);
  ASSERT_EQ(response.columns_size(), 1) << "one column per metric, also with two statistics inside";
  EXPECT_DOUBLE_EQ(response.rows(0).cells(0).summary().avg(), 0.3);
  EXPECT_DOUBLE_EQ(response.rows(0).cells(0).summary().last(), 0.3);
  EXPECT_EQ(response.rows(0).cells(0).summary().count(), 2u);
}

TEST_F(ApiTest, BlobsGoUpAndDown) {
  const std::string bytes(1'500'000, 'x');
  const auto blobs = v1::Blobs::NewStub(channel_);
  v1::FindMissingBlobsRequest find;
  find.add_sha256(Sha256("small"));
  v1::FindMissingBlobsResponse missing;
  ASSERT_TRUE(blobs->FindMissingBlobs(Context().get(), find, &missing).ok());
  EXPECT_EQ(missing.missing_size(), 1);
  Upload("small");
  ASSERT_TRUE(blobs->FindMissingBlobs(Context().get(), find, &missing).ok());
  EXPECT_EQ(missing.missing_size(), 0);
  v1::DownloadBlobRequest request;
  request.set_sha256(Upload(bytes));
  request.set_offset(5);
  const auto context = Context();
  const auto reader = blobs->DownloadBlob(context.get(), request);
  std::string got;
  v1::DownloadBlobResponse response;
  while (reader->Read(&response)) got += response.data();
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(got, bytes.substr(5));
}

TEST_F(ApiTest, AFullDiskRefusesUploads) {
  disk_.Fill();
  const auto stub = v1::Blobs::NewStub(channel_);
  const auto context = Context();
  v1::UploadBlobsResponse response;
  const auto writer = stub->UploadBlobs(context.get(), &response);
  v1::UploadBlobsRequest request;
  request.mutable_header()->set_sha256(Sha256("a"));
  request.mutable_header()->set_size(1);
  writer->Write(request);
  writer->WritesDone();
  EXPECT_EQ(writer->Finish().error_code(), grpc::RESOURCE_EXHAUSTED);
}

TEST_F(ApiTest, ADefinitionAddedAfterTheFactAppears) {
  Submit(MakeSubmit("E", {"a"}));
  RunAll({0.5});
  v1::BackfillMetricsRequest request;
  request.set_experiment("E");
  v1::MetricDefinition* definition = request.add_definitions();
  definition->set_name("later");
  definition->set_regex("loss=([0-9])");
  const auto stub = v1::Metrics::NewStub(channel_);
  for (const auto outcome :
       {v1::BackfillMetricsResponse::STORED, v1::BackfillMetricsResponse::UNCHANGED}) {
    const auto context = Context();
    const auto reader = stub->BackfillMetrics(context.get(), request);
    v1::BackfillMetricsResponse response;
    ASSERT_TRUE(reader->Read(&response));
    EXPECT_EQ(response.outcome(), outcome) << response.message();
    EXPECT_EQ(response.attempts_total(), 1);
    EXPECT_FALSE(reader->Read(&response));
    EXPECT_TRUE(reader->Finish().ok());
  }
  v1::CompareTrialsRequest compare;
  compare.add_experiments("E");
  compare.add_metrics("later");
  v1::CompareTrialsResponse table;
  const grpc::Status status = Compare(compare, &table);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_DOUBLE_EQ(table.rows(0).cells(0).summary().avg(), 1.0);
}

}  // namespace
}  // namespace xp::rpc
