// Submit, names, requests that come again, deletion.
#include "tests/server/store/store_kit.h"

namespace xp::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class SubmitContract : public StoreContract {
 protected:
  v1::SubmitExperimentRequest Request(const std::vector<std::string>& trials) {
    v1::SubmitExperimentRequest request;
    request.mutable_experiment()->set_name("e");
    for (const std::string& name : trials) {
      v1::Trial* trial = request.add_trials();
      trial->set_name(name);
      *trial->mutable_spec() = MakeSpec();
    }
    return request;
  }
  absl::StatusOr<v1::SubmitExperimentResponse> Send(const v1::SubmitExperimentRequest& request) {
    return kit.Do<v1::SubmitExperimentResponse>(
        [&](WriteContext& context) { return context.experiments().Submit(request); });
  }
};

TEST_P(SubmitContract, AddsWhatIsNewAndLeavesEqualTrialsAlone) {
  ASSERT_OK(Send(Request({"a"})));
  const auto answer = Send(Request({"A", "b"}));
  ASSERT_OK(answer);
  EXPECT_THAT(answer->created_trials(), ElementsAre("b"));
  EXPECT_THAT(answer->unchanged_trials(), ElementsAre("A"));
  EXPECT_EQ(answer->experiment().trial_counts(0).count(), 2);
}

TEST_P(SubmitContract, DifferentContentRefusesTheWholeAndNamesTheDifference) {
  ASSERT_OK(Send(Request({"a"})));
  auto request = Request({"new", "a"});
  request.mutable_trials(1)->mutable_spec()->set_command(0, "other");
  const auto answer = Send(request);
  EXPECT_CODE(answer, kAlreadyExists);
  EXPECT_THAT(std::string(answer.status().message()), HasSubstr("trials[1].name"));
  EXPECT_THAT(std::string(answer.status().message()), HasSubstr("command[0]"));
  EXPECT_CODE(kit.store().trials().Get("e/new"), kNotFound);
}

TEST_P(SubmitContract, RequestIdAnswersTheFirstResult) {
  auto request = Request({"a", "b"});
  request.set_request_id("once");
  ASSERT_OK(Send(request));
  const auto again = Send(request);
  ASSERT_OK(again);
  EXPECT_THAT(again->created_trials(), ElementsAre("a", "b"));
  request.mutable_experiment()->set_description("other");
  EXPECT_CODE(Send(request), kAlreadyExists);
}

TEST_P(SubmitContract, ARepeatedRequestNamesNoTrialThatIsGone) {
  auto first = Request({"old"});
  ASSERT_OK(Send(first));
  auto request = Request({"old", "a", "b"});
  request.set_request_id("once");
  ASSERT_OK(Send(request));
  ASSERT_OK(
      kit.Do([](WriteContext& c) { return c.trials().Delete("e/a", DeletePolicy::kAlsoRunning); }));
  const auto again = Send(request);
  ASSERT_OK(again);
  EXPECT_THAT(again->created_trials(), ElementsAre("b"));
  EXPECT_THAT(again->unchanged_trials(), ElementsAre("old"));
}

TEST_P(SubmitContract, ValidateOnlyStoresNothing) {
  auto request = Request({"a"});
  request.set_validate_only(true);
  const auto answer = Send(request);
  ASSERT_OK(answer);
  EXPECT_THAT(answer->created_trials(), ElementsAre("a"));
  EXPECT_CODE(kit.store().experiments().Get("e"), kNotFound);
}

TEST_P(SubmitContract, NameTwiceAndMissingBlobAreRefused) {
  EXPECT_CODE(Send(Request({"a", "A"})), kInvalidArgument);
  auto request = Request({"a"});
  request.mutable_trials(0)->mutable_spec()->set_source_manifest_sha256(Sha256("not here"));
  const auto answer = Send(request);
  EXPECT_CODE(answer, kFailedPrecondition);
  EXPECT_THAT(std::string(answer.status().message()),
              HasSubstr("trials[0].spec.source_manifest_sha256"));
  EXPECT_CODE(kit.store().experiments().Get("e"), kNotFound);
}

TEST_P(SubmitContract, NotFoundNamesTheNearest) {
  ASSERT_OK(Send(Request({"distilbert"})));
  EXPECT_THAT(std::string(kit.store().trials().Get("e/distilbart").status().message()),
              HasSubstr("did you mean 'distilbert'?"));
}

TEST_P(SubmitContract, DeletedNamesAreFreeAtOnceAndRowsGoInTheBackground) {
  const std::string old_uid = kit.Submit("e", {"a"})[0];
  const v1::AttemptId attempt = kit.Run(old_uid);
  for (uint64_t i = 0; i < 300; ++i) {
    ASSERT_OK(kit.ReportLog(attempt, i, "x", {MakeSeries("loss", {{1, 1}})}));
  }
  ChangeRecorder recorder;
  kit.store().AddListener(&recorder);
  ASSERT_OK(kit.Do(
      [](WriteContext& c) { return c.experiments().Delete("E", DeletePolicy::kAlsoRunning); }));
  kit.store().RemoveListener(&recorder);
  ASSERT_EQ(recorder.commits.size(), 1u);
  ASSERT_EQ(recorder.commits[0].deletions.size(), 1u);
  EXPECT_EQ(recorder.commits[0].deletions[0].worker, "w1");
  EXPECT_NE(kit.Submit("e", {"a"})[0], old_uid);
  EXPECT_EQ(kit.store().admin().GetStats()->points(), 300);
  ASSERT_OK(kit.store().RunMaintenance());
  EXPECT_EQ(kit.store().admin().GetStats()->points(), 0);
  EXPECT_EQ(kit.store().admin().GetStats()->trials(), 1);
}

TEST_P(SubmitContract, ListsPageInOrderAndFilter) {
  kit.Submit("e", {"c", "a", "b"});
  const auto names = [&](v1::ListTrialsRequest request) {
    std::vector<std::string> all;
    request.set_experiment("e");
    request.set_page_size(2);
    for (;;) {
      const auto page = kit.store().trials().List(request);
      EXPECT_OK(page);
      if (!page.ok()) return all;
      for (const v1::Trial& trial : page->trials()) all.push_back(trial.name());
      if (page->next_page_token().empty()) return all;
      request.set_page_token(page->next_page_token());
    }
  };
  v1::ListTrialsRequest request;
  EXPECT_THAT(names(request), ElementsAre("e/c", "e/a", "e/b"));
  request.set_order_by("-create_time");
  EXPECT_THAT(names(request), ElementsAre("e/b", "e/a", "e/c"));
  request.set_order_by("name");
  EXPECT_THAT(names(request), ElementsAre("e/a", "e/b", "e/c"));
  request.set_order_by("-name");
  EXPECT_THAT(names(request), ElementsAre("e/c", "e/b", "e/a"));
  request.set_filter("name = a OR name = b");
  EXPECT_THAT(names(request), ElementsAre("e/b", "e/a"));
  request.set_filter("state = RUNNING");
  EXPECT_THAT(names(request), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Memory, SubmitContract, testing::Values(StoreOptions::Place::kMemory));
INSTANTIATE_TEST_SUITE_P(Disk, SubmitContract, testing::Values(StoreOptions::Place::kDisk));

}  // namespace
}  // namespace xp::store
