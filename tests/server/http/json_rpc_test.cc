#include "server/http/json_rpc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "xp/v1/metrics.pb.h"
#include "xp/v1/trials.pb.h"

namespace xp::http {
namespace {

using testing::HasSubstr;

class FakeContext : public rpc::CallContext {
 public:
  bool IsCancelled() const override { return false; }
  std::string_view peer() const override { return "test"; }
};

class JsonRpcTest : public testing::Test {
 protected:
  JsonRpcTest() {
    table_.AddUnary<v1::GetTrialRequest, v1::Trial>(
        "/xp.v1.Trials/GetTrial",
        [](rpc::CallContext&, const v1::GetTrialRequest& request, v1::Trial* trial) {
          if (request.name() == "e/none") return absl::NotFoundError("name: no trial e/none");
          trial->set_name(request.name());
          trial->set_state(v1::RUNNING);
          return absl::OkStatus();
        });
    table_.AddUnary<v1::ListPointsRequest, v1::ListPointsResponse>(
        "/xp.v1.Metrics/ListPoints",
        [](rpc::CallContext&, const v1::ListPointsRequest&, v1::ListPointsResponse* response) {
          response->mutable_points()->add_values(std::numeric_limits<double>::quiet_NaN());
          response->mutable_points()->add_values(-std::numeric_limits<double>::infinity());
          return absl::OkStatus();
        });
  }

  JsonResponse Post(std::string_view path, std::string_view body,
                    std::string_view content_type = "application/json") {
    return CallJson(table_, context_, {path, content_type, "", body});
  }

  rpc::MethodTable table_;
  FakeContext context_;
};

TEST_F(JsonRpcTest, AnswersWithTheMessageAsJson) {
  const JsonResponse response = Post("/xp.v1.Trials/GetTrial", R"({"name": "e/t"})");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"({"name":"e/t","state":"RUNNING"})");
}

TEST_F(JsonRpcTest, NotANumberAndInfinityAreValues) {
  const JsonResponse response = Post("/xp.v1.Metrics/ListPoints", "");
  EXPECT_EQ(response.body, R"({"points":{"values":["NaN","-Infinity"]}})");
}

TEST_F(JsonRpcTest, ErrorOfTheMethodBecomesConnectsError) {
  const JsonResponse response = Post("/xp.v1.Trials/GetTrial", R"({"name": "e/none"})");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body, R"({"code":"not_found","message":"name: no trial e/none"})");
  EXPECT_EQ(response.refused, absl::OkStatus()) << "it would be logged twice";
}

TEST_F(JsonRpcTest, UnknownFieldIsRefusedByName) {
  const JsonResponse response = Post("/xp.v1.Trials/GetTrial", R"({"nmae": "e/t"})");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("nmae"));
}

TEST_F(JsonRpcTest, KeyThatStandsTwiceIsRefused) {
  const JsonResponse response = Post("/xp.v1.Trials/GetTrial", R"({"name": "e/t", "name": "e/u"})");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("twice"));
}

TEST_F(JsonRpcTest, SameKeyInSiblingObjectsIsFine) {
  // Not a GetTrialRequest, so it fails later, at the field; not at the keys.
  const JsonResponse response =
      Post("/xp.v1.Trials/GetTrial", R"({"a": {"x": 1}, "b": [{"x": 1}, {"x": 2}]})");
  EXPECT_THAT(response.body, testing::Not(HasSubstr("twice")));
}

TEST_F(JsonRpcTest, BrokenJsonNamesTheByte) {
  const JsonResponse response = Post("/xp.v1.Trials/GetTrial", R"({"name": )");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("at byte"));
}

TEST_F(JsonRpcTest, DeepNestingIsRefusedBeforeAnythingRecursive) {
  const JsonResponse response = Post("/xp.v1.Trials/GetTrial", std::string(200000, '['));
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("deeper"));
}

TEST_F(JsonRpcTest, OtherContentTypesAreRefused) {
  EXPECT_EQ(Post("/xp.v1.Trials/GetTrial", "{}", "text/plain").status, 415);
  EXPECT_EQ(Post("/xp.v1.Trials/GetTrial", "{}", "application/JSON; charset=utf-8").status, 200);
}

TEST_F(JsonRpcTest, StreamIsUnimplementedAndNonsenseNotFound) {
  EXPECT_EQ(Post("/xp.v1.Trials/WatchTrials", "{}").status, 501);
  EXPECT_EQ(Post("/xp.v1.Trials/Nonsense", "{}").status, 404);
  EXPECT_EQ(Post("/", "{}").refused.code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace xp::http
