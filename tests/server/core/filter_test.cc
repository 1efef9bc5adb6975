#include "server/core/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace xp::core {
namespace {

using ::testing::HasSubstr;

using Fields = std::map<std::string, std::string>;  // "params.lr" and so on

bool Matches(std::string_view text, const Fields& fields) {
  const auto filter = Filter::Parse("filter", text, TrialFilterFields());
  EXPECT_TRUE(filter.ok()) << filter.status();
  if (!filter.ok()) return false;
  return filter->Matches([&](const FilterPath& path) -> std::optional<std::string> {
    std::string name = path[0];
    for (size_t i = 1; i < path.size(); ++i) name += "." + path[i];
    const auto found = fields.find(name);
    if (found == fields.end()) return std::nullopt;
    return found->second;
  });
}

std::string Error(std::string_view text) {
  const auto filter = Filter::Parse("filter", text, TrialFilterFields());
  EXPECT_EQ(filter.status().code(), absl::StatusCode::kInvalidArgument) << text;
  return std::string(filter.status().message());
}

const Fields& Trial() {
  static const Fields fields = {{"name", "distilbert-base"},
                                {"state", "COMPLETED"},
                                {"params.lr", "3e-5"},
                                {"params.model.size", "66M"},
                                {"params.epochs", "2"},
                                {"tags.team", "nlp"},
                                {"metrics.test:f1.avg", "0.92"},
                                {"metrics.loss.last", "0.17"},
                                {"create_time", "2026-11-23T10:00:00Z"}};
  return fields;
}

TEST(FilterTest, TheExampleOfItsHeader) {
  const char* text =
      "state = COMPLETED AND params.lr < 5e-5 AND (tags.team = \"nlp\" OR NOT name : \"distil\")";
  EXPECT_TRUE(Matches(text, Trial()));
  Fields other = Trial();
  other["params.lr"] = "1e-4";
  EXPECT_FALSE(Matches(text, other));
}

TEST(FilterTest, EmptyMatchesEverything) {
  EXPECT_TRUE(Matches("", Trial()));
  EXPECT_TRUE(Matches("  \n ", Trial()));
  EXPECT_EQ(Filter().root(), nullptr);
}

TEST(FilterTest, NumbersCompareAsNumbers) {
  EXPECT_TRUE(Matches("params.lr = 0.00003", Trial()));
  EXPECT_TRUE(Matches("params.epochs < 10", Trial())) << "as text, \"10\" is less than \"2\"";
  EXPECT_TRUE(Matches("params.epochs = 2.0", Trial()));
  EXPECT_FALSE(Matches("params.epochs = \"2.0\"", Trial())) << "quoted: text";
  EXPECT_TRUE(Matches("params.epochs >= 2 AND params.epochs <= 2 AND params.epochs != 3", Trial()));
  EXPECT_TRUE(Matches("params.epochs > -5", Trial()));
}

TEST(FilterTest, ANumberAndTextAreNeitherLessNorMore) {
  EXPECT_FALSE(Matches("name < 5", Trial()));
  EXPECT_FALSE(Matches("name > 5", Trial()));
  EXPECT_TRUE(Matches("name != 5", Trial()));
}

TEST(FilterTest, TimesCompareAsText) {
  EXPECT_TRUE(Matches("create_time > \"2026-11-01\"", Trial()));
  EXPECT_FALSE(Matches("create_time < '2026-11-23T09:00:00Z'", Trial()));
}

TEST(FilterTest, NamesAndStatesIgnoreCaseParamsDoNot) {
  EXPECT_TRUE(Matches("state = completed and NAME = DistilBERT-Base", Trial()));
  EXPECT_FALSE(Matches("tags.team = NLP", Trial()));
  EXPECT_TRUE(Matches("tags.team : NLP", Trial())) << "contains ignores it always";
}

TEST(FilterTest, AMissingFieldMakesEveryComparisonFalseButUnequal) {
  for (const char* op : {"=", "<", "<=", ">", ">=", ":"}) {
    EXPECT_FALSE(Matches(std::string("tags.owner ") + op + " x", Trial())) << op;
  }
  EXPECT_TRUE(Matches("tags.owner != x", Trial()));
  EXPECT_FALSE(Matches("tags.owner : *", Trial()));
  EXPECT_TRUE(Matches("tags.team:*", Trial()));
}

TEST(FilterTest, AndBindsTighterThanOr) {
  EXPECT_TRUE(Matches("name = x AND name = y OR state = COMPLETED", Trial()));
  EXPECT_TRUE(Matches("state = COMPLETED OR name = x AND name = y", Trial()));
  EXPECT_FALSE(Matches("(state = COMPLETED OR name = x) AND name = y", Trial()));
  EXPECT_FALSE(Matches("NOT state = COMPLETED AND name = x", Trial()));
  EXPECT_TRUE(Matches("NOT (state = COMPLETED AND name = x)", Trial()));
  EXPECT_TRUE(Matches("NOT NOT state = COMPLETED", Trial()));
}

TEST(FilterTest, MetricsHaveAStatisticTheAverageIfNoneIsNamed) {
  EXPECT_TRUE(Matches("metrics.\"test:f1\" > 0.9", Trial()));
  EXPECT_TRUE(Matches("metrics.\"test:f1\".avg > 0.9", Trial()));
  EXPECT_TRUE(Matches("metrics.loss.last < 0.2", Trial()));
  EXPECT_FALSE(Matches("metrics.loss < 0.2", Trial())) << "there is no average";
}

TEST(FilterTest, KeysMayHaveDots) {
  EXPECT_TRUE(Matches("params.model.size = 66M", Trial()));
  EXPECT_TRUE(Matches("params.\"model.size\" = '66M'", Trial()));
}

TEST(FilterTest, QuotesHoldAnythingAndBackslashEscapes) {
  const Fields odd = {{"tags.note", "say \"hi\" AND (go)"}, {"tags.a b", "1"}};
  EXPECT_TRUE(Matches(R"x(tags.note = "say \"hi\" AND (go)")x", odd));
  EXPECT_TRUE(Matches(R"x(tags.note = 'say "hi" AND (go)')x", odd));
  EXPECT_TRUE(Matches(R"x(tags."a b" = 1)x", odd));
}

TEST(FilterTest, AnUnknownNameListsTheSearchableOnes) {
  EXPECT_THAT(Error("state = FAILED AND stat = 1"),
              AllOf(HasSubstr("filter: at 20: 'stat' cannot be searched"),
                    HasSubstr("did you mean 'state'"), HasSubstr("params.KEY"),
                    HasSubstr("metrics.NAME.STAT")));
  EXPECT_THAT(Error("params = 3"), HasSubstr("params.KEY"));
  EXPECT_THAT(Error("state.x = 3"), HasSubstr("cannot be searched"));
}

TEST(FilterTest, AnUnknownStateListsTheStates) {
  EXPECT_THAT(Error("state = COMPLETE"),
              AllOf(HasSubstr("at 9"), HasSubstr("did you mean 'COMPLETED'"), HasSubstr("QUEUED")));
}

TEST(FilterTest, ErrorsSayWhereAndWhatBelongsThere) {
  EXPECT_THAT(Error("state"), AllOf(HasSubstr("at 6"), HasSubstr("the end"), HasSubstr("= !=")));
  EXPECT_THAT(Error("state ="), HasSubstr("where a value belongs"));
  EXPECT_THAT(Error("(state = FAILED"), HasSubstr("the ')' for the '(' at 1"));
  EXPECT_THAT(Error("state = FAILED)"), HasSubstr("where AND, OR or the end belongs"));
  EXPECT_THAT(Error("state = FAILED name = x"), HasSubstr("at 16: found 'name'"));
  EXPECT_THAT(Error("AND state = FAILED"), HasSubstr("at 1: found 'AND' where a name belongs"));
  EXPECT_THAT(Error("name = \"abc"), HasSubstr("at 8: this quote is never closed"));
  EXPECT_THAT(Error("name ! x"), HasSubstr("'!' has no meaning here"));
  EXPECT_THAT(Error("äö = 1 AND name"), HasSubstr("at 1")) << "places count characters";
  EXPECT_THAT(Error("name = äö AND name"), HasSubstr("at 19"));
}

TEST(FilterTest, AMetricNameWithAColonGetsTheHintToQuoteIt) {
  EXPECT_THAT(Error("metrics.test:f1 > 0.9"), HasSubstr("metrics.\"test:f1\" > 0.9"));
  EXPECT_THAT(Error("metrics.loss = high"), HasSubstr("compares with a number"));
}

TEST(FilterTest, DepthAndLengthAreBounded) {
  const std::string deep = std::string(200, '(') + "name = x" + std::string(200, ')');
  EXPECT_THAT(Error(deep), HasSubstr("deeper than 50"));
  std::string nots;
  for (int i = 0; i < 200; ++i) nots += "NOT ";
  EXPECT_THAT(Error(nots + "name = x"), HasSubstr("deeper than 50"));
  EXPECT_THAT(Error(std::string(5000, 'x')), HasSubstr("at most 4096"));
}

TEST(FilterTest, TheTreeIsOpen) {
  const auto filter =
      Filter::Parse("filter", "state = FAILED AND params.lr < 0.1", TrialFilterFields());
  ASSERT_TRUE(filter.ok());
  const FilterNode& root = *filter->root();
  EXPECT_EQ(root.kind, FilterNode::Kind::kAnd);
  ASSERT_EQ(root.children.size(), 2u);
  EXPECT_EQ(root.children[1].path, (FilterPath{"params", "lr"}));
  EXPECT_EQ(root.children[1].op, FilterOp::kLess);
  EXPECT_EQ(root.children[1].number, 0.1);
}

// Run under ASan and UBSan: whatever the text, it is a filter or an error.
TEST(FilterTest, AnyTextIsAFilterOrAnError) {
  const std::string_view words[] = {"state",     "AND", "OR",   "NOT",     "(", ")", "=",    "<",
                                    ":",         "\"",  "'",    "params.", ".", "*", "5e-5", "nan",
                                    "metrics.a", "\\",  "\xff", " ",       ",", "ä"};
  std::mt19937_64 random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (uint64_t n = random() % 12; n > 0; --n) {
      text += words[random() % std::size(words)];
      if (random() % 2 == 0) text += ' ';
    }
    const auto filter = Filter::Parse("filter", text, TrialFilterFields());
    if (filter.ok()) {
      filter->Matches([](const FilterPath&) { return "1"; });
    } else {
      EXPECT_EQ(filter.status().code(), absl::StatusCode::kInvalidArgument);
    }
  }
}

}  // namespace
}  // namespace xp::core
