// Lists of trials: what an index finds is what a walk through all trials finds, in every order and
// page by page.
#include <algorithm>

#include "tests/server/store/store_kit.h"

namespace xp::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ListContract : public StoreContract {
 protected:
  ListContract() {
    const auto a = kit.Submit("alpha", {"c", "a", "b", "d", "1", "01"});
    const auto b = kit.Submit("beta", {"b", "z", "A"});
    const v1::AttemptId failed = kit.Run(a[1]);
    EXPECT_OK(kit.Exit(failed, 3, 0));
    EXPECT_OK(kit.Finish(failed));
    kit.Run(b[0], "w2");
    EXPECT_OK(kit.Do([](WriteContext& context) {
      return context.trials().Delete("alpha/d", DeletePolicy::kAlsoRunning);
    }));
  }

  // All pages, two entries each.
  std::vector<std::string> List(const std::string& experiment, const std::string& filter,
                                const std::string& order = "") {
    v1::ListTrialsRequest request;
    request.set_experiment(experiment);
    request.set_filter(filter);
    request.set_order_by(order);
    request.set_page_size(2);
    std::vector<std::string> names;
    do {
      const auto page = kit.store().trials().List(request);
      EXPECT_OK(page);
      if (!page.ok()) break;
      EXPECT_LE(page->trials_size(), 2);
      for (const v1::Trial& trial : page->trials()) names.push_back(trial.name());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return names;
  }
};

TEST_P(ListContract, EveryOrderOfOneAndOfAllExperiments) {
  EXPECT_THAT(List("alpha", ""),
              ElementsAre("alpha/c", "alpha/a", "alpha/b", "alpha/1", "alpha/01"));
  EXPECT_THAT(List("alpha", "", "-create_time"),
              ElementsAre("alpha/01", "alpha/1", "alpha/b", "alpha/a", "alpha/c"));
  EXPECT_THAT(List("alpha", "", "name"),
              ElementsAre("alpha/01", "alpha/1", "alpha/a", "alpha/b", "alpha/c"));
  EXPECT_THAT(List("", "", "name"), ElementsAre("alpha/01", "alpha/1", "alpha/a", "beta/A",
                                                "alpha/b", "beta/b", "alpha/c", "beta/z"));
  EXPECT_THAT(List("", "", "-name"), ElementsAre("beta/z", "alpha/c", "beta/b", "alpha/b", "beta/A",
                                                 "alpha/a", "alpha/1", "alpha/01"));
}

TEST_P(ListContract, ByIndexAndByWalkAreTheSame) {
  for (const std::string term :
       {"state = QUEUED", "state = running", "state = FAILED", "state = COMPLETED", "name = B",
        "name = 1", "name = \"1\"", "name = nobody", "experiment = BETA", "experiment = nobody",
        "experiment = alpha AND state = QUEUED", "name = b AND state = RUNNING"}) {
    const std::string walked = "NOT (NOT (" + term + "))";
    for (const std::string experiment : {"", "alpha", "beta"}) {
      for (const std::string order : {"", "-create_time", "name", "-name"}) {
        SCOPED_TRACE(term + " in '" + experiment + "' by '" + order + "'");
        EXPECT_EQ(List(experiment, term, order), List(experiment, walked, order));
      }
    }
  }
  EXPECT_THAT(List("", "name = b"), ElementsAre("alpha/b", "beta/b"));
  EXPECT_THAT(List("", "state = FAILED"), ElementsAre("alpha/a"));
  EXPECT_THAT(List("", "name = 1"), ElementsAre("alpha/1", "alpha/01"));  // numbers are equal
  EXPECT_THAT(List("", "experiment = nobody"), IsEmpty());
}

TEST_P(ListContract, AFilterMayAskForParamsMetricsTagsAndWorkers) {
  EXPECT_THAT(List("", "worker = w2"), ElementsAre("beta/b"));
  EXPECT_THAT(List("beta", "worker : *"), ElementsAre("beta/b"));
  EXPECT_THAT(List("", "params.lr = 1 OR tags.team = x OR metrics.loss.avg > 0"), IsEmpty());
}

TEST_P(ListContract, APageStaysBelowTheMessageTarget) {
  const std::string notes(60'000, 'n');
  for (int i = 0; i < 40; ++i) {
    v1::CreateExperimentRequest request;
    request.set_experiment_id("big" + std::to_string(i));
    request.mutable_experiment()->set_notes(notes);
    EXPECT_OK(kit.Do<v1::Experiment>(
        [&](WriteContext& context) { return context.experiments().Create(request); }));
  }
  v1::ListExperimentsRequest request;
  request.set_page_size(1000);
  int experiments = 0;
  int pages = 0;
  do {
    const auto page = kit.store().experiments().List(request);
    ASSERT_OK(page);
    EXPECT_LT(page->ByteSizeLong(), size_t{1} << 20);
    experiments += page->experiments_size();
    request.set_page_token(page->next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(experiments, 42);
  EXPECT_GT(pages, 2);
}

INSTANTIATE_TEST_SUITE_P(Memory, ListContract, testing::Values(StoreOptions::Place::kMemory));
INSTANTIATE_TEST_SUITE_P(Disk, ListContract, testing::Values(StoreOptions::Place::kDisk));

}  // namespace
}  // namespace xp::store
