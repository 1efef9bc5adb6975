// Streams that wait: they show what is there, then what is committed, and end when they should.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>

#include "tests/server/rpc/server_fixture.h"

namespace xp::rpc {
namespace {

using testing::MakeHello;
using testing::MakeReport;
using testing::MakeSubmit;

class WatchTest : public ServerTest {};

TEST_F(WatchTest, ShowsEachTrialUntilAllHaveEnded) {
  GrpcWorker worker(channel_, MakeHello("w", 1));
  ASSERT_TRUE(worker.Read().has_welcome());
  Submit(MakeSubmit("E", {"a"}));
  const v1::AttemptId attempt = worker.ReadAssignment().attempt();
  v1::WatchTrialsRequest request;
  request.set_experiment("e");  // names are compared without regard to case
  request.set_until_ended(true);
  const auto stub = v1::Trials::NewStub(channel_);
  const auto context = Context();
  const auto reader = stub->WatchTrials(context.get(), request);
  v1::WatchTrialsResponse response;
  ASSERT_TRUE(reader->Read(&response));
  ASSERT_EQ(response.trials_size(), 1);
  EXPECT_EQ(response.trials(0).name(), "E/a");
  EXPECT_FALSE(response.trials(0).has_spec());
  worker.Run(attempt);
  worker.End(attempt, 0, 0);
  v1::TrialState last = response.trials(0).state();
  while (reader->Read(&response)) {
    for (const v1::Trial& trial : response.trials()) {
      EXPECT_GE(trial.state(), last) << "changes come in order";
      last = trial.state();
    }
  }
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(last, v1::COMPLETED);
}

TEST_F(WatchTest, ShowsADeletionAndTheNextTrialOfThatName) {
  Submit(MakeSubmit("E", {"a", "b"}));
  v1::WatchTrialsRequest request;
  request.set_experiment("E");
  const auto stub = v1::Trials::NewStub(channel_);
  const auto context = Context();
  const auto reader = stub->WatchTrials(context.get(), request);
  v1::WatchTrialsResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.deleted_trials_size(), 0);
  v1::DeleteTrialRequest deletion;
  deletion.set_name("E/a");
  deletion.set_force(true);
  v1::DeleteTrialResponse deleted;
  ASSERT_TRUE(stub->DeleteTrial(Context().get(), deletion, &deleted).ok());
  ASSERT_TRUE(reader->Read(&response));
  ASSERT_EQ(response.deleted_trials_size(), 1);
  EXPECT_EQ(response.deleted_trials(0), "E/a");
  Submit(MakeSubmit("E", {"a"}));
  do {
    ASSERT_TRUE(reader->Read(&response));
  } while (response.trials().empty());
  EXPECT_EQ(response.trials(0).name(), "E/a");
  EXPECT_EQ(response.trials(0).state(), v1::QUEUED);
}

TEST_F(WatchTest, SaysThatNumbersGrewToThoseWhoAskForIt) {
  GrpcWorker worker(channel_, MakeHello("w", 1));
  ASSERT_TRUE(worker.Read().has_welcome());
  Submit(MakeSubmit("E", {"a"}));
  const v1::AttemptId attempt = worker.ReadAssignment().attempt();
  worker.Run(attempt);
  v1::WatchTrialsRequest request;
  request.set_experiment("E");
  const auto stub = v1::Trials::NewStub(channel_);
  const auto plain_context = Context();
  const auto plain = stub->WatchTrials(plain_context.get(), request);
  request.set_growth(true);
  const auto context = Context();
  const auto reader = stub->WatchTrials(context.get(), request);
  v1::WatchTrialsResponse response;
  ASSERT_TRUE(plain->Read(&response));
  ASSERT_TRUE(reader->Read(&response));
  worker.Report(MakeReport(attempt, 0, "f1=0.5\n"));
  while (!response.grown()) ASSERT_TRUE(reader->Read(&response));
  worker.End(attempt, 0, 7);
  do {
    ASSERT_TRUE(plain->Read(&response));
    EXPECT_FALSE(response.grown());
  } while (response.trials().empty() || response.trials(0).state() != v1::COMPLETED);
}

TEST_F(WatchTest, EndsUnavailableWhenTheServerStops) {
  Submit(MakeSubmit("E", {"a"}));
  v1::WatchTrialsRequest request;
  request.set_experiment("E");
  const auto stub = v1::Trials::NewStub(channel_);
  const auto context = Context();
  const auto reader = stub->WatchTrials(context.get(), request);
  v1::WatchTrialsResponse response;
  ASSERT_TRUE(reader->Read(&response));
  StopServing();
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_EQ(reader->Finish().error_code(), grpc::UNAVAILABLE);
}

TEST_F(WatchTest, NamesWhatIsNotThere) {
  v1::WatchTrialsRequest request;
  request.set_experiment("nobody");
  const auto stub = v1::Trials::NewStub(channel_);
  const auto context = Context();
  const auto reader = stub->WatchTrials(context.get(), request);
  v1::WatchTrialsResponse response;
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_EQ(reader->Finish().error_code(), grpc::NOT_FOUND);
}

class FollowTest : public ServerTest {
 protected:
  // Everything that FollowLog sends, and its status.
  std::pair<std::string, grpc::Status> FollowToTheEnd(const v1::FollowLogRequest& request) {
    const auto stub = v1::Logs::NewStub(channel_);
    const auto context = Context();
    const auto reader = stub->FollowLog(context.get(), request);
    std::string text;
    v1::ReadLogResponse response;
    while (reader->Read(&response)) text += response.data();
    return {text, reader->Finish()};
  }
};

TEST_F(FollowTest, SendsWhatComesUntilTheAttemptHasEnded) {
  GrpcWorker worker(channel_, MakeHello("w", 1));
  ASSERT_TRUE(worker.Read().has_welcome());
  Submit(MakeSubmit("E", {"a"}));
  std::pair<std::string, grpc::Status> followed;
  v1::FollowLogRequest request;
  request.set_name("E/a");
  std::thread follower([&] { followed = FollowToTheEnd(request); });
  const v1::AttemptId attempt = worker.ReadAssignment().attempt();
  worker.Run(attempt);
  worker.Report(MakeReport(attempt, 0, "one\n"));
  worker.Report(MakeReport(attempt, 4, "two\n"));
  worker.End(attempt, 0, 8);
  follower.join();
  EXPECT_EQ(followed.first, "one\ntwo\n");
  EXPECT_TRUE(followed.second.ok()) << followed.second.error_message();
}

TEST_F(FollowTest, GoesOnWithTheNextAttempt) {
  GrpcWorker worker(channel_, MakeHello("w", 1));
  ASSERT_TRUE(worker.Read().has_welcome());
  v1::SubmitExperimentRequest submit = MakeSubmit("E", {"a"});
  submit.mutable_trials(0)->mutable_spec()->set_retries(1);
  Submit(submit);
  v1::AttemptId attempt = worker.ReadAssignment().attempt();
  worker.Run(attempt);
  worker.Report(MakeReport(attempt, 0, "first\n"));
  std::pair<std::string, grpc::Status> followed;
  v1::FollowLogRequest request;
  request.set_name("E/a");
  std::thread follower([&] { followed = FollowToTheEnd(request); });
  worker.End(attempt, 1, 6);
  attempt = worker.ReadAssignment().attempt();
  worker.Run(attempt);
  worker.Report(MakeReport(attempt, 0, "second\n"));
  worker.End(attempt, 0, 7);
  follower.join();
  EXPECT_TRUE(followed.first == "first\nsecond\n" || followed.first == "second\n")
      << "a follower that came late may begin with the second: " << followed.first;
  request.set_attempt(1);
  followed = FollowToTheEnd(request);
  EXPECT_EQ(followed.first, "first\n");
  EXPECT_TRUE(followed.second.ok());
}

TEST_F(FollowTest, ATrialThatEndedBeforeItBeganEndsAtOnce) {
  Submit(MakeSubmit("E", {"a"}));
  v1::StopTrialRequest stop;
  stop.set_name("E/a");
  v1::Trial trial;
  ASSERT_TRUE(v1::Trials::NewStub(channel_)->StopTrial(Context().get(), stop, &trial).ok());
  v1::FollowLogRequest request;
  request.set_name("E/a");
  const auto [text, status] = FollowToTheEnd(request);
  EXPECT_EQ(text, "");
  EXPECT_TRUE(status.ok()) << status.error_message();
}

}  // namespace
}  // namespace xp::rpc
