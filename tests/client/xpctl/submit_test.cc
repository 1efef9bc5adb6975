#include <gmock/gmock.h>

#include "tests/client/xpctl/xpctl_fixture.h"

namespace xp::xpctl {
namespace {

using ::testing::HasSubstr;

class SubmitTest : public XpctlTest {
 protected:
  SubmitTest() {
    folder_.Write("src/train.py", "print('f1=0.9')");
    spec_ =
        folder_.Write("spec.yaml",
                      "experiment: e\ndefaults: {source_dir: src, command: [python3, train.py]}\n"
                      "trials: [{name: a}, {name: b}]\n");
  }

  static v1::WatchTrialsResponse Change(const std::string& trial, v1::TrialState state,
                                        v1::EndReason reason = v1::END_REASON_UNSPECIFIED) {
    v1::WatchTrialsResponse message;
    v1::Trial& changed = *message.add_trials();
    changed.set_name("e/" + trial);
    changed.set_state(state);
    changed.set_reason(reason);
    if (state == v1::FAILED) changed.set_message("exit code 3");
    return message;
  }

  std::string spec_;
};

TEST_F(SubmitTest, TheFolderIsUploadedAndTheTrialsAreCreatedOnce) {
  const Result result = Run("submit " + spec_);
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out, "trial  submitted\ne/a    created\ne/b    created\n");
  ASSERT_EQ(experiments_.submitted.size(), 1u);
  const auto& request = experiments_.submitted[0];
  EXPECT_EQ(request.request_id(), "an-id");
  EXPECT_TRUE(blobs_.whole.contains(request.trials(0).spec().source_manifest_sha256()));
  EXPECT_THAT(result.err, HasSubstr("uploaded 2 files"));
}

TEST_F(SubmitTest, NothingIsCreatedWhenAnythingIsWrong) {
  const std::string bad = folder_.Write("bad.yaml", "experiment: e\ntrials: [{name: 5}]\n");
  const Result result = Run("submit " + bad);
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("bad.yaml:2:17: trials[0].name: a number (5)"));
  EXPECT_EQ(result.out, "");
  EXPECT_TRUE(experiments_.submitted.empty());

  experiments_.refuse_check = {grpc::StatusCode::ALREADY_EXISTS, "trial a is something else"};
  EXPECT_EQ(Run("submit " + spec_).code, 5);
  EXPECT_TRUE(experiments_.submitted.empty());
  EXPECT_TRUE(blobs_.whole.empty());  // known before anything was sent

  EXPECT_EQ(Run("submit " + (folder_ / "none.yaml")).code, 4);
}

TEST_F(SubmitTest, MoreThanOneMessageTakesIsSaidBeforeAnythingIsSent) {
  std::string seeds;
  for (int i = 0; i < 50; ++i) seeds += (i > 0 ? "," : "") + std::to_string(i);
  const std::string big =
      folder_.Write("big.yaml", "experiment: e\ndefaults: {command: [\"true\"], env: {X: \"" +
                                    std::string(100'000, 'x') + "\"}}\nmatrix: {seed: [" + seeds +
                                    "]}\ntrials: [{name: a}]\n");
  const Result result = Run("submit " + big);
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("big.yaml:4:9: trials: take 4.8 MiB as they are sent"));
  EXPECT_THAT(result.err, HasSubstr("several files of the same experiment"));
}

TEST_F(SubmitTest, CheckNeedsNoServer) {
  environment_.clear();
  const Result result = Run("submit --check " + spec_);
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out, "trial\ne/a\ne/b\n");
}

TEST_F(SubmitTest, WaitEndsWithTheTableThroughARestartOfTheServer) {
  trials_.streams = {
      {{Change("a", v1::QUEUED), Change("b", v1::RUNNING)}, {grpc::StatusCode::UNAVAILABLE, "x"}},
      {{}, {grpc::StatusCode::UNAVAILABLE, "still"}},
      {{Change("a", v1::COMPLETED), Change("b", v1::COMPLETED)}, grpc::Status::OK}};
  *metrics_.table.add_rows() = Row("a", "COMPLETED");
  const Result result = Run("submit --wait " + spec_);
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("a      COMPLETED"));
  EXPECT_THAT(result.err, HasSubstr("e/b  RUNNING"));
  // Said once, not at each attempt.
  const size_t first = result.err.find("server is away");
  EXPECT_NE(first, result.err.npos);
  EXPECT_EQ(result.err.find("server is away", first + 1), result.err.npos);
}

TEST_F(SubmitTest, ATrialThatIsDeletedIsWaitedForNoLonger) {
  v1::WatchTrialsResponse deletion;
  deletion.add_deleted_trials("e/b");
  trials_.streams = {
      {{Change("a", v1::COMPLETED), Change("b", v1::RUNNING), deletion}, grpc::Status::OK}};
  const Result result = Run("submit --wait " + spec_);
  EXPECT_EQ(result.code, 1) << "not all completed";
  EXPECT_THAT(result.err, HasSubstr("  e/b  was deleted\n"));
  EXPECT_THAT(result.err, HasSubstr("\ne/b was deleted\n"));
}

TEST_F(SubmitTest, WhoWaitsSeesTheNewestNumbersAtMostOnceAMinute) {
  metrics_.table.add_columns()->set_metric("test:loss");
  metrics_.table.add_columns()->set_metric("test:f1");
  v1::CompareRow& row = *metrics_.table.add_rows() = Row("a", "RUNNING");
  row.set_attempt(1);
  AddCell(&row, 0.5, 0.25, 3);
  row.add_cells();  // no f1 yet
  v1::WatchTrialsResponse growth;
  growth.set_grown(true);
  trials_.streams = {{{Change("a", v1::RUNNING), growth, growth, growth, growth, growth,
                       Change("a", v1::COMPLETED), Change("b", v1::COMPLETED)},
                      grpc::Status::OK}};
  each_look_takes_ = absl::Seconds(8);
  const absl::Time began = now_;
  const Result result = Run("submit --wait " + spec_);
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(trials_.watched.growth());
  EXPECT_THAT(result.err, HasSubstr("  e/a  test:loss 0.25\n"));
  EXPECT_EQ(result.err.find("test:loss"), result.err.rfind("test:loss"))
      << "told once: " << result.err;
  const int asked_meanwhile = metrics_.times_asked - 1;  // the last is the table at the end
  EXPECT_GE(asked_meanwhile, 2) << "also where nothing is new";
  EXPECT_LE(asked_meanwhile, (now_ - began) / absl::Minutes(1));
}

TEST_F(SubmitTest, ATrialThatFailedIsOneAndSaysWhereToLook) {
  trials_.streams = {
      {{Change("a", v1::COMPLETED), Change("b", v1::FAILED, v1::EXIT)}, grpc::Status::OK}};
  const Result result = Run("submit --wait " + spec_);
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.err, HasSubstr("e/b FAILED EXIT: exit code 3  (xpctl logs e/b)"));
}

}  // namespace
}  // namespace xp::xpctl
