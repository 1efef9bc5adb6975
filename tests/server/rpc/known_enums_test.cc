#include "server/rpc/known_enums.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "xp/v1/experiments.pb.h"
#include "xp/v1/trials.pb.h"

namespace xp::rpc {
namespace {

using ::testing::HasSubstr;

TEST(KnownEnumsTest, ANumberWithoutANameIsRefusedWhereverItStands) {
  v1::SubmitExperimentRequest request;
  request.add_trials();
  v1::MetricDefinition* metric = request.add_trials()->mutable_spec()->add_metric_definitions();
  metric->set_goal(v1::GOAL_MINIMIZE);
  EXPECT_EQ(CheckEnums(request), absl::OkStatus());
  metric->set_goal(static_cast<v1::Goal>(77));
  const absl::Status status = CheckEnums(request);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("trials[1].spec.metric_definitions[0].goal: 77 is no Goal; accepted are "
                        "GOAL_UNSPECIFIED, GOAL_MINIMIZE, GOAL_MAXIMIZE"));
}

TEST(KnownEnumsTest, ARefusedRequestDoesNotReachItsMethod) {
  MethodTable table;
  table.AddUnary<v1::SubmitExperimentRequest, v1::SubmitExperimentResponse>(
      "/xp.v1.Experiments/SubmitExperiment", [](CallContext&, const auto&, auto*) {
        ADD_FAILURE() << "the method was called";
        return absl::OkStatus();
      });
  RefuseUnknownEnums(&table);
  v1::SubmitExperimentRequest request;
  request.add_trials()->set_state(static_cast<v1::TrialState>(77));
  v1::SubmitExperimentResponse response;
  class : public CallContext {
    bool IsCancelled() const override { return false; }
    std::string_view peer() const override { return "test"; }
  } context;
  EXPECT_EQ(table.FindUnary("/xp.v1.Experiments/SubmitExperiment")
                ->call(context, request, &response)
                .code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace xp::rpc
