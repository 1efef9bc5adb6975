// xpctl against a scripted server: Run("compare e") gives the exit code, stdout and stderr.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "client/xpctl/xpctl.h"
#include "tests/client/cpp/fake_blobs.h"
#include "tests/client/cpp/fake_server.h"
#include "tests/client/cpp/fake_time.h"
#include "tests/client/cpp/temp_folder.h"
#include "xp/v1/experiments.grpc.pb.h"
#include "xp/v1/logs.grpc.pb.h"
#include "xp/v1/metrics.grpc.pb.h"
#include "xp/v1/trials.grpc.pb.h"

namespace xp::xpctl {

struct FakeExperiments final : v1::Experiments::Service {
  std::vector<v1::SubmitExperimentRequest> submitted;  // without the checks beforehand
  grpc::Status refuse_check = grpc::Status::OK;
  grpc::Status refuse_submit = grpc::Status::OK;

  grpc::Status SubmitExperiment(grpc::ServerContext*, const v1::SubmitExperimentRequest* request,
                                v1::SubmitExperimentResponse* response) override {
    if (request->validate_only()) return refuse_check;
    if (!refuse_submit.ok()) return refuse_submit;
    submitted.push_back(*request);
    response->mutable_experiment()->set_name(request->experiment().name());
    for (const v1::Trial& trial : request->trials()) response->add_created_trials(trial.name());
    return grpc::Status::OK;
  }
};

struct FakeTrials final : v1::Trials::Service {
  // Streams of WatchTrials, one after the other: the messages of one, then its end.
  struct Stream {
    std::vector<v1::WatchTrialsResponse> messages;
    grpc::Status end = grpc::Status::OK;
  };
  std::vector<Stream> streams;
  std::vector<std::string> stopped;
  int attempt = 1;  // that any trial has come to

  grpc::Status GetTrial(grpc::ServerContext*, const v1::GetTrialRequest* request,
                        v1::Trial* trial) override {
    trial->set_name(request->name());
    trial->set_attempt(attempt);
    return grpc::Status::OK;
  }
  v1::WatchTrialsRequest watched;  // the last

  grpc::Status WatchTrials(grpc::ServerContext*, const v1::WatchTrialsRequest* request,
                           grpc::ServerWriter<v1::WatchTrialsResponse>* writer) override {
    watched = *request;
    const Stream stream = streams.front();
    streams.erase(streams.begin());
    for (const auto& message : stream.messages) writer->Write(message);
    return stream.end;
  }
  grpc::Status StopTrial(grpc::ServerContext*, const v1::StopTrialRequest* request,
                         v1::Trial* trial) override {
    stopped.push_back(request->name());
    if (request->name() == "e/gone") return {grpc::StatusCode::NOT_FOUND, "no trial e/gone"};
    trial->set_name(request->name());
    trial->set_state(v1::STOPPING);
    trial->mutable_start_time()->set_seconds(1'799'999'938);  // 61.25 s before the world's now
    trial->mutable_start_time()->set_nanos(750'000'000);
    return grpc::Status::OK;
  }
};

struct FakeMetrics final : v1::Metrics::Service {
  v1::CompareTrialsResponse table;
  v1::CompareTrialsRequest asked;
  int times_asked = 0;

  // One row a page.
  grpc::Status CompareTrials(grpc::ServerContext*, const v1::CompareTrialsRequest* request,
                             v1::CompareTrialsResponse* page) override {
    asked = *request;
    ++times_asked;
    const int at = request->page_token().empty() ? 0 : std::stoi(request->page_token());
    *page = table;
    page->clear_rows();
    if (at < table.rows_size()) *page->add_rows() = table.rows(at);
    if (at + 1 < table.rows_size()) page->set_next_page_token(std::to_string(at + 1));
    return grpc::Status::OK;
  }
};

struct FakeLogs final : v1::Logs::Service {
  std::string log;
  // Streams of FollowLog, one after the other: answers, then the end.
  struct Stream {
    std::vector<v1::ReadLogResponse> messages;
    grpc::Status end = grpc::Status::OK;
  };
  std::vector<Stream> streams;
  std::vector<v1::FollowLogRequest> followed;

  grpc::Status FollowLog(grpc::ServerContext*, const v1::FollowLogRequest* request,
                         grpc::ServerWriter<v1::ReadLogResponse>* writer) override {
    followed.push_back(*request);
    const Stream stream = streams.front();
    streams.erase(streams.begin());
    for (const auto& message : stream.messages) writer->Write(message);
    return stream.end;
  }
  grpc::Status ReadLog(grpc::ServerContext*, const v1::ReadLogRequest* request,
                       v1::ReadLogResponse* response) override {
    response->set_attempt(std::max(1, request->attempt()));
    response->set_offset(request->offset());
    response->set_data(log.substr(request->offset(), 10));
    response->set_next_offset(request->offset() + response->data().size());
    response->set_end_offset(log.size());
    return grpc::Status::OK;
  }
};

class XpctlTest : public ::testing::Test {
 protected:
  struct Result {
    int code = 0;
    std::string out;
    std::string err;
  };

  // Words are split at blanks; those with blanks come as `more`.
  Result Run(const std::string& words, std::vector<std::string> more = {}) {
    std::istringstream stream(words);
    std::vector<std::string> arguments{std::istream_iterator<std::string>(stream), {}};
    arguments.insert(arguments.end(), more.begin(), more.end());
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    World world;
    world.in = &in;
    world.out = &out;
    world.err = &err;
    world.out_terminal.width = 0;
    world.getenv = [this](const char* name) -> const char* {
      return environment_.contains(name) ? environment_[name].c_str() : nullptr;
    };
    world.now = [this] { return now_ += each_look_takes_; };
    world.zone = absl::UTCTimeZone();
    world.retry_on = [this](auto) { return time_.Environment(); };
    world.random_id = [] { return std::string("an-id"); };
    Result result;
    result.code = RunXpctl(arguments, world);
    result.out = out.str();
    result.err = err.str();
    return result;
  }

  static v1::CompareRow Row(const std::string& trial, const std::string& state) {
    v1::CompareRow row;
    row.set_name("e/" + trial);
    row.set_experiment("e");
    row.set_trial(trial);
    row.set_state(state);
    return row;
  }
  static void AddCell(v1::CompareRow* row, double avg, double last, uint64_t count) {
    v1::CompareCell& cell = *row->add_cells();
    cell.set_present(true);
    cell.mutable_summary()->set_avg(avg);
    cell.mutable_summary()->set_last(last);
    cell.mutable_summary()->set_count(count);
  }

  absl::Time now_ = absl::FromUnixSeconds(1'800'000'000);
  absl::Duration each_look_takes_;  // each look at the clock moves it by so much
  client::FakeTime time_;
  client::FakeBlobs blobs_;
  FakeExperiments experiments_;
  FakeTrials trials_;
  FakeMetrics metrics_;
  FakeLogs logs_;
  client::FakeServer server_{&blobs_, &experiments_, &trials_, &metrics_, &logs_};
  std::map<std::string, std::string> environment_{{"XP_SERVER", server_.address()}};
  client::TempFolder folder_;
};

}  // namespace xp::xpctl
