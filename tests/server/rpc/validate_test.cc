// Every field that can be wrong: the message begins with its path, and nothing is accepted that
// would surprise later.
#include "proto/validate.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "server/backfill/definitions.h"
#include "server/rpc/validate_points.h"
#include "tests/server/testing/specs.h"

namespace xp::rpc {
namespace {

const std::string kSha(64, 'a');

struct BadCase {
  const char* name;
  const char* path;  // what the message begins with
  std::function<void(v1::SubmitExperimentRequest&)> bend;
};

v1::TrialSpec& Spec(v1::SubmitExperimentRequest& request) {
  return *request.mutable_trials(0)->mutable_spec();
}

v1::Param& AddParam(v1::SubmitExperimentRequest& request, const std::string& key,
                    const std::string& text, v1::ParamKind kind = v1::PARAM_KIND_STRING) {
  v1::Param& param = *Spec(request).add_params();
  param.set_key(key);
  param.set_text(text);
  param.set_kind(kind);
  return param;
}

v1::InputChannel& AddInput(v1::SubmitExperimentRequest& request, const std::string& name) {
  v1::InputChannel& input = *Spec(request).add_inputs();
  input.set_name(name);
  return input;
}

using Request = v1::SubmitExperimentRequest;

const BadCase kBadCases[] = {
    {"RequestId", "request_id:", [](Request& r) { r.set_request_id(std::string(129, 'x')); }},
    {"ExperimentName",
     "experiment.name:", [](Request& r) { r.mutable_experiment()->set_name("a b"); }},
    {"Description", "experiment.description:",
     [](Request& r) { r.mutable_experiment()->set_description(std::string(70'000, 'x')); }},
    {"TagKey", "experiment.tags[",
     [](Request& r) { (*r.mutable_experiment()->mutable_tags())[std::string(200, 'k')] = "v"; }},
    {"TagCount", "experiment.tags:",
     [](Request& r) {
       for (int i = 0; i < 51; ++i) {
         (*r.mutable_experiment()->mutable_tags())[std::to_string(i)] = "v";
       }
     }},
    {"TrialName", "trials[0].name:", [](Request& r) { r.mutable_trials(0)->set_name("-a"); }},
    {"TrialNameTwice",
     "trials[1].name:", [](Request& r) { *r.add_trials() = testing::MakeTrial("A"); }},
    {"NoSpec", "trials[0].spec:", [](Request& r) { r.mutable_trials(0)->clear_spec(); }},
    {"SpecTooLarge", "trials[0].spec:",
     [](Request& r) {
       for (int i = 0; i < 11; ++i) Spec(r).add_command(std::string(100'000, 'x'));
     }},
    {"NoCommand", "trials[0].spec.command:", [](Request& r) { Spec(r).clear_command(); }},
    {"EmptyProgram", "trials[0].spec.command[0]:", [](Request& r) { Spec(r).set_command(0, ""); }},
    {"NulInCommand",
     "trials[0].spec.command[1]:", [](Request& r) { Spec(r).add_command(std::string("a\0b", 3)); }},
    {"UnknownPlaceholder",
     "trials[0].spec.command[1]:", [](Request& r) { Spec(r).add_command("--lr={params.lr}"); }},
    {"ParamKeyEmpty", "trials[0].spec.params[0].key:", [](Request& r) { AddParam(r, "", "1"); }},
    {"ParamTwice", "trials[0].spec.params[1].key:",
     [](Request& r) {
       AddParam(r, "lr", "1");
       AddParam(r, "lr", "2");
     }},
    {"ParamNoNumber", "trials[0].spec.params[0].text:",
     [](Request& r) { AddParam(r, "lr", "fast", v1::PARAM_KIND_NUMBER); }},
    {"ParamNoBool", "trials[0].spec.params[0].text:",
     [](Request& r) { AddParam(r, "fp16", "yes", v1::PARAM_KIND_BOOL); }},
    {"ParamNoJson", "trials[0].spec.params[0].text:",
     [](Request& r) { AddParam(r, "layers", "[1,", v1::PARAM_KIND_JSON); }},
    {"EnvName", "trials[0].spec.env[1X]:", [](Request& r) { (*Spec(r).mutable_env())["1X"] = ""; }},
    {"EnvOfOurs", "trials[0].spec.env[XP_TRIAL]:",
     [](Request& r) { (*Spec(r).mutable_env())["XP_TRIAL"] = "x"; }},
    {"EnvOfSageMaker",
     "trials[0].spec.env[SM_HPS]:", [](Request& r) { (*Spec(r).mutable_env())["SM_HPS"] = "x"; }},
    {"EnvCuda", "trials[0].spec.env[CUDA_VISIBLE_DEVICES]:",
     [](Request& r) { (*Spec(r).mutable_env())["CUDA_VISIBLE_DEVICES"] = "0"; }},
    {"RegexWithoutGroup", "trials[0].spec.metric_definitions[0].regex:",
     [](Request& r) { Spec(r).mutable_metric_definitions(0)->set_regex("loss"); }},
    {"RegexBroken", "trials[0].spec.metric_definitions[0].regex:",
     [](Request& r) { Spec(r).mutable_metric_definitions(0)->set_regex("(loss"); }},
    {"MetricTwice", "trials[0].spec.metric_definitions[1].name:",
     [](Request& r) { *Spec(r).add_metric_definitions() = Spec(r).metric_definitions(0); }},
    {"Preset",
     "trials[0].spec.metrics_preset:", [](Request& r) { Spec(r).set_metrics_preset("pytorch"); }},
    {"InputName", "trials[0].spec.inputs[0].name:", [](Request& r) { AddInput(r, "a/b"); }},
    {"InputNoSource", "trials[0].spec.inputs[0]:", [](Request& r) { AddInput(r, "train"); }},
    {"InputTwice", "trials[0].spec.inputs[1].name:",
     [](Request& r) {
       AddInput(r, "train").set_manifest_sha256(kSha);
       AddInput(r, "Train").set_manifest_sha256(kSha);
     }},
    {"InputDataset", "trials[0].spec.inputs[0].dataset:",
     [](Request& r) { AddInput(r, "train").set_dataset("imdb@0"); }},
    {"InputSha", "trials[0].spec.inputs[0].manifest_sha256:",
     [](Request& r) { AddInput(r, "train").set_manifest_sha256("ABC"); }},
    {"InputPath", "trials[0].spec.inputs[0].worker_path:",
     [](Request& r) { AddInput(r, "train").set_worker_path("data/x"); }},
    {"SourceSha", "trials[0].spec.source_manifest_sha256:",
     [](Request& r) { Spec(r).set_source_manifest_sha256("x"); }},
    {"Gpus", "trials[0].spec.resources.gpus:",
     [](Request& r) { Spec(r).mutable_resources()->set_gpus(-1); }},
    {"GpuMemoryWithoutGpu", "trials[0].spec.resources.gpu_memory_bytes:",
     [](Request& r) { Spec(r).mutable_resources()->set_gpu_memory_bytes(1); }},
    {"Timeout",
     "trials[0].spec.timeout:", [](Request& r) { Spec(r).mutable_timeout()->set_seconds(0); }},
    {"StopGrace", "trials[0].spec.stop_grace:",
     [](Request& r) { Spec(r).mutable_stop_grace()->set_seconds(-1); }},
    {"Retries", "trials[0].spec.retries:", [](Request& r) { Spec(r).set_retries(-1); }},
    {"CheckpointDir",
     "trials[0].spec.checkpoint_dir:", [](Request& r) { Spec(r).set_checkpoint_dir("ckpt"); }},
    {"Notes", "trials[0].notes:",
     [](Request& r) { r.mutable_trials(0)->set_notes(std::string(70'000, 'x')); }},
};

class BadSubmitTest : public ::testing::TestWithParam<BadCase> {};

TEST_P(BadSubmitTest, NamesThePath) {
  Request request = testing::MakeSubmit("E", {"a"});
  GetParam().bend(request);
  const absl::Status status = CheckSubmit(request, backfill::CheckDefinitions);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  const std::string message(status.message());
  EXPECT_EQ(message.find(GetParam().path), 0u) << message;
  EXPECT_GT(message.size(), std::string(GetParam().path).size() + 10) << "says what is wrong";
}

INSTANTIATE_TEST_SUITE_P(All, BadSubmitTest, ::testing::ValuesIn(kBadCases),
                         [](const auto& bad) { return bad.param.name; });

TEST(GoodSubmitTest, ARichSpecIsAccepted) {
  Request request = testing::MakeSubmit("nlp-1.x_Y", {"a", "b"});
  Spec(request).add_command("--rate={params.lr}");
  Spec(request).add_command("{other} {params}");  // other braces are left alone
  AddParam(request, "lr", "5e-5", v1::PARAM_KIND_NUMBER);
  AddParam(request, "layers", "[1,2]", v1::PARAM_KIND_JSON);
  AddParam(request, "nothing", "", v1::PARAM_KIND_NULL);
  AddInput(request, "train").set_dataset("imdb@3");
  AddInput(request, "test").set_worker_path("/data");
  (*Spec(request).mutable_env())["PYTHONUNBUFFERED"] = "0";
  Spec(request).mutable_resources()->set_gpus(2);
  Spec(request).mutable_resources()->set_gpu_memory_bytes(uint64_t{40} << 30);
  Spec(request).mutable_timeout()->set_seconds(7200);
  EXPECT_EQ(CheckSubmit(request, backfill::CheckDefinitions), absl::OkStatus());
}

TEST(CheckRelativePathTest, RefusesWaysOut) {
  EXPECT_EQ(CheckRelativePath("path", "model/a.bin"), absl::OkStatus());
  for (const char* bad : {"", "/etc/passwd", "a/../b", "..", "a//b", "a/", "./a"}) {
    EXPECT_EQ(CheckRelativePath("path", bad).code(), absl::StatusCode::kInvalidArgument) << bad;
  }
}

TEST(CheckWritePointsTest, ColumnsHaveOneLength) {
  v1::WritePointsRequest request;
  request.set_writer_id("main");
  v1::SeriesPoints* series = request.add_series();
  series->set_metric("loss");
  series->mutable_points()->add_values(1);
  series->mutable_points()->add_values(2);
  EXPECT_EQ(CheckWritePoints(request), absl::OkStatus());
  series->mutable_points()->add_steps(1);
  EXPECT_EQ(CheckWritePoints(request).message().find("series[0].points.steps:"), 0u);
  request.set_writer_id("");
  EXPECT_EQ(CheckWritePoints(request).message().find("writer_id:"), 0u);
}

}  // namespace
}  // namespace xp::rpc
