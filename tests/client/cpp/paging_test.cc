#include "client/cpp/paging.h"

#include <gtest/gtest.h>

#include "client/cpp/channel.h"
#include "tests/client/cpp/fake_server.h"
#include "tests/client/cpp/fake_time.h"

namespace xp::client {
namespace {

// Three pages, each UNAVAILABLE once before it is answered.
class PagedWorkers final : public v1::Workers::Service {
 public:
  bool same_token = false;

 private:
  grpc::Status ListWorkers(grpc::ServerContext*, const v1::ListWorkersRequest* request,
                           v1::ListWorkersResponse* response) override {
    if (calls_++ % 2 == 0) return {grpc::StatusCode::UNAVAILABLE, "not now"};
    const int page = request->page_token().empty() ? 1 : std::stoi(request->page_token());
    response->add_workers()->set_name("w" + std::to_string(page));
    if (page < 3) response->set_next_page_token(std::to_string(page + 1));
    if (same_token) response->set_next_page_token("2");
    return grpc::Status::OK;
  }
  int calls_ = 0;
};

class PagingTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::vector<std::string>> Names() {
    std::vector<std::string> names;
    const absl::Status status =
        ForEachPage(client_, &v1::Workers::Stub::ListWorkers, v1::ListWorkersRequest(),
                    [&](const v1::ListWorkersResponse& page) {
                      for (const auto& worker : page.workers()) names.push_back(worker.name());
                    });
    if (!status.ok()) return status;
    return names;
  }

  FakeTime time_;
  PagedWorkers workers_;
  FakeServer server_{&workers_};
  Client client_{MakeChannel(*ParseAddress(server_.address())), Retrier({}, time_.Environment())};
};

TEST_F(PagingTest, PagesArePutTogetherThroughFailures) {
  const auto names = Names();
  ASSERT_TRUE(names.ok()) << names.status();
  EXPECT_EQ(*names, (std::vector<std::string>{"w1", "w2", "w3"}));
  EXPECT_EQ(time_.sleeps.size(), 3u);
}

TEST_F(PagingTest, ATokenThatComesBackIsAnErrorNotAnEndlessLoop) {
  workers_.same_token = true;
  EXPECT_EQ(Names().status().code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace xp::client
