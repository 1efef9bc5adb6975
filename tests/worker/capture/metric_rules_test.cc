#include "worker/capture/metric_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace xp::capture {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string ErrorOf(const std::vector<MetricDefinition>& definitions, std::string_view preset = {},
                    const RuleFields& fields = {}) {
  const auto rules = CompileMetricRules(definitions, preset, fields);
  if (rules.ok()) return "OK";
  EXPECT_EQ(rules.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(rules.status().message());
}

std::string RegexError(const std::string& regex) { return ErrorOf({{"m", regex, ""}}); }

TEST(MetricRulesTest, ArticlesDefinitionsCompile) {
  const auto rules = CompileMetricRules(
      {{"test:loss", "'eval_loss': (.*?),", "min"}, {"test:f1", "'eval_f1': (.*?),", ""}},
      "huggingface");
  ASSERT_TRUE(rules.ok()) << rules.status();
  ASSERT_EQ((*rules)->size(), 3u);
  EXPECT_EQ((*rules)->label(0), "test:loss");
  EXPECT_EQ((*rules)->goal(0), Goal::kMin);
  EXPECT_EQ((*rules)->goal(1), Goal::kByName);
  EXPECT_FALSE((*rules)->is_preset(1));
  EXPECT_TRUE((*rules)->is_preset(2));
  EXPECT_EQ((*rules)->label(2), "preset:huggingface");
}

TEST(MetricRulesTest, NothingAtAllIsFine) { EXPECT_EQ((*CompileMetricRules({}))->size(), 0u); }

TEST(MetricRulesTest, ErrorBeginsWithTheFieldsPath) {
  EXPECT_THAT(ErrorOf({{"a", "(x)", ""}, {"", "(x)", ""}}), StartsWith("metrics[1].name: "));
  EXPECT_THAT(ErrorOf({{"a", "(x", ""}}), StartsWith("metrics[0].regex: "));
  EXPECT_THAT(ErrorOf({{"a", "(x)", "up"}}), StartsWith("metrics[0].goal: \"up\""));
  EXPECT_THAT(ErrorOf({{"a", "", ""}}, {}, {"trials[2].metrics"}),
              StartsWith("trials[2].metrics[0].regex: "));
  EXPECT_THAT(ErrorOf({}, "keras", {"m", "defaults.metrics_preset"}),
              StartsWith("defaults.metrics_preset: \"keras\" is no preset; accepted: huggingface"));
}

TEST(MetricRulesTest, RegexWithoutAGroupIsRefused) {
  EXPECT_THAT(RegexError("loss: .*"), HasSubstr("has no group"));
  EXPECT_THAT(RegexError("(?:loss): \\d+"), HasSubstr("has no group"));
  EXPECT_THAT(RegexError("(?P<step>\\d+)"), HasSubstr("none for the value"));
}

TEST(MetricRulesTest, LookAroundIsRefusedWithItsPosition) {
  EXPECT_THAT(RegexError("loss (?=x)(.*)"), HasSubstr("at character 6: look-ahead (?=...)"));
  EXPECT_THAT(RegexError("(?!a)(b)"), HasSubstr("at character 1: look-ahead (?!...)"));
  EXPECT_THAT(RegexError("(?<=loss: )(.*)"), HasSubstr("at character 1: look-behind (?<=...)"));
  EXPECT_THAT(RegexError("ä(?<!x)(.*)"), HasSubstr("at character 2: look-behind (?<!...)"));
  EXPECT_EQ(RegexError("\\(?=(x)"), "OK");      // an escaped parenthesis
  EXPECT_EQ(RegexError("[(?=]+(x)"), "OK");     // within a class
  EXPECT_EQ(RegexError("[]](?P<v>x)"), "OK");   // a class that begins with its bracket
  EXPECT_EQ(RegexError("\\Q(?=\\E(x)"), "OK");  // quoted
}

TEST(MetricRulesTest, BackReferencesAreRefusedWithTheirPosition) {
  EXPECT_THAT(RegexError("(a)\\1"), HasSubstr("at character 4: back-reference \\1"));
  EXPECT_THAT(RegexError("(?P<q>a)(?P=q)"), HasSubstr("at character 9: back-reference"));
}

TEST(MetricRulesTest, OtherSyntaxErrorsSayWhatAndWhere) {
  EXPECT_THAT(RegexError("(a)**"), HasSubstr("at character 4: bad repetition operator: **"));
  EXPECT_THAT(RegexError("(a"), HasSubstr("missing )"));
  EXPECT_THAT(RegexError("[z-a](b)"), HasSubstr("at character 2: invalid character class range"));
  EXPECT_THAT(RegexError("(\xff)"), HasSubstr("UTF-8"));
  EXPECT_THAT(RegexError("((a{1000}){1000})"), StartsWith("metrics[0].regex: "));
}

TEST(MetricRulesTest, PythonsNamedGroupsAreBothAccepted) {
  EXPECT_EQ(RegexError("(?P<value>x)"), "OK");
  EXPECT_EQ(RegexError("(?<value>x) (?<step>\\d+)"), "OK");
}

TEST(MetricRulesTest, LimitsAreThoseOfTheContract) {
  std::vector<MetricDefinition> definitions;
  for (int i = 0; i < 40; ++i) definitions.push_back({"m" + std::to_string(i), "(x)", ""});
  EXPECT_EQ(ErrorOf(definitions), "OK");
  definitions.push_back({"one more", "(x)", ""});
  EXPECT_THAT(ErrorOf(definitions), HasSubstr("41 definitions; at most 40"));

  EXPECT_EQ(ErrorOf({{std::string(255, 'n'), "(x)", ""}}), "OK");
  EXPECT_THAT(ErrorOf({{std::string(256, 'n'), "(x)", ""}}), HasSubstr("256 bytes"));
  EXPECT_EQ(RegexError("(" + std::string(498, 'x') + ")"), "OK");
  EXPECT_THAT(RegexError("(" + std::string(499, 'x') + ")"), HasSubstr("501 characters"));
  std::string accented = "(";
  for (int i = 0; i < 498; ++i) accented += "ä";  // 500 characters, 998 bytes
  EXPECT_EQ(RegexError(accented + ")"), "OK");
}

TEST(MetricRulesTest, NameIsUniqueAndPrintable) {
  EXPECT_THAT(ErrorOf({{"a", "(x)", ""}, {"a", "(y)", ""}}),
              StartsWith("metrics[1].name: \"a\" is already defined by metrics[0]"));
  EXPECT_THAT(ErrorOf({{"a\nb", "(x)", ""}}), HasSubstr("control character"));
  EXPECT_THAT(ErrorOf({{"a\xff", "(x)", ""}}), HasSubstr("invalid UTF-8"));
}

}  // namespace
}  // namespace xp::capture
