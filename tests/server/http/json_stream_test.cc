#include "server/http/json_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "xp/v1/trials.pb.h"

namespace xp::http {
namespace {

using testing::HasSubstr;

class NoContext final : public rpc::CallContext {
 public:
  bool IsCancelled() const override { return false; }
  std::string_view peer() const override { return "test"; }
};

std::string Frame(std::string_view json) {
  std::string frame(5, '\0');
  frame[3] = static_cast<char>(json.size() >> 8);
  frame[4] = static_cast<char>(json.size());
  return frame.append(json);
}

// Flags and JSON of each frame.
std::vector<std::pair<int, std::string>> Frames(std::string_view bytes) {
  std::vector<std::pair<int, std::string>> frames;
  while (bytes.size() >= 5) {
    size_t size = 0;
    for (size_t i = 1; i < 5; ++i) size = size << 8 | static_cast<uint8_t>(bytes[i]);
    frames.emplace_back(bytes[0], bytes.substr(5, size));
    bytes.remove_prefix(5 + size);
  }
  EXPECT_TRUE(bytes.empty());
  return frames;
}

class JsonStreamTest : public testing::Test {
 protected:
  JsonStreamTest() {
    table_.AddServerStream<v1::WatchTrialsRequest, v1::WatchTrialsResponse>(
        "/xp.v1.Trials/WatchTrials",
        [](rpc::CallContext&, const v1::WatchTrialsRequest& request,
           const std::function<bool(const v1::WatchTrialsResponse&)>& send) -> absl::Status {
          v1::WatchTrialsResponse response;
          for (const char* name : {"a", "b"}) {
            response.clear_trials();
            response.add_trials()->set_name(request.experiment() + "/" + name);
            if (!send(response)) return absl::CancelledError("gone");
          }
          if (request.until_ended()) return absl::OkStatus();
          return absl::UnavailableError("the server is stopping");
        });
  }

  std::vector<std::pair<int, std::string>> Call(const std::string& path, const std::string& body) {
    std::string bytes;
    NoContext context;
    StreamJson(table_, context, {path, kStreamContentType, "", body}, [&](std::string_view more) {
      bytes += more;
      return true;
    }).IgnoreError();
    return Frames(bytes);
  }

  rpc::MethodTable table_;
};

constexpr char kWatch[] = "/xp.v1.Trials/WatchTrials";

TEST_F(JsonStreamTest, EachMessageIsAFrameAndTheLastSaysThatAllIsWell) {
  const auto frames = Call(kWatch, Frame(R"({"experiment":"E","untilEnded":true})"));
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(frames[0], std::make_pair(0, std::string(R"({"trials":[{"name":"E/a"}]})")));
  EXPECT_EQ(frames[1].second, R"({"trials":[{"name":"E/b"}]})");
  EXPECT_EQ(frames[2], std::make_pair(2, std::string("{}")));
}

TEST_F(JsonStreamTest, AnErrorStandsInTheLastFrame) {
  const auto frames = Call(kWatch, Frame("{}"));
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(frames[2].first, 2);
  EXPECT_THAT(frames[2].second, HasSubstr(R"("code":"unavailable")"));
}

TEST_F(JsonStreamTest, WhatIsNoRequestIsSaidInTheOnlyFrame) {
  for (const std::string& body :
       {std::string(), std::string("{}"), Frame("{}").substr(0, 6), Frame("{}") + "more",
        Frame("{\"nobody\":1}"), Frame("{"), "\x01" + Frame("{}").substr(1)}) {
    const auto frames = Call(kWatch, body);
    ASSERT_EQ(frames.size(), 1u);
    EXPECT_EQ(frames[0].first, 2);
    EXPECT_THAT(frames[0].second, HasSubstr(R"({"error":{"code":)"));
  }
  EXPECT_THAT(Call("/xp.v1.Trials/GetTrial", Frame("{}"))[0].second, HasSubstr("unimplemented"));
}

TEST_F(JsonStreamTest, ACallerThatLeftEndsTheCall) {
  NoContext context;
  const std::string body = Frame("{}");
  int writes = 0;
  const absl::Status status = StreamJson(table_, context, {kWatch, kStreamContentType, "", body},
                                         [&](std::string_view) { return ++writes < 1; });
  EXPECT_EQ(status, absl::OkStatus()) << "its end is its own";
  EXPECT_LE(writes, 2);
}

}  // namespace
}  // namespace xp::http
