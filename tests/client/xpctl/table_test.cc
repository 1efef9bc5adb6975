#include "client/xpctl/table.h"

#include <gtest/gtest.h>

#include "client/xpctl/canvas.h"
#include "client/xpctl/terminal.h"

namespace xp::xpctl {
namespace {

Table TwoModels() {
  Table table;
  table.columns = {{"trial"}, {"f1", Align::kRight}};
  table.rows = {{"modèle", Cell("0.92", Mark::kBest)}, {"日本語モデル", "0.9"}};
  return table;
}

TEST(TableTest, ColumnsStandBelowEachOtherByWidthNotBytes) {
  EXPECT_EQ(RenderText(TwoModels(), {}),
            "trial           f1\n"
            "modèle        0.92*\n"
            "日本語モデル   0.9\n");
}

TEST(TableTest, ColourIsForTerminalsAndNeverTheOnlySign) {
  Terminal terminal;
  terminal.colour = true;
  terminal.width = 80;
  const std::string text = RenderText(TwoModels(), terminal);
  EXPECT_NE(text.find("\x1b[1;32m0.92*\x1b[0m"), text.npos);
  EXPECT_EQ(RenderText(TwoModels(), {}).find('\x1b'), std::string::npos);
}

TEST(TableTest, OnlyElasticColumnsAreCutToTheTerminal) {
  Table table;
  table.columns = {{"name"}, {"message", Align::kLeft, true}};
  table.rows = {{"a-long-name-that-stays-whole", "a long message that need not be read whole"}};
  Terminal terminal;
  terminal.width = 50;
  const std::string text = RenderText(table, terminal);
  EXPECT_NE(text.find("a-long-name-that-stays-whole  a long message that"), text.npos);
  EXPECT_NE(text.find("…"), text.npos);
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    EXPECT_LE(DisplayWidth(text.substr(at, end - at)), 50);
    at = end + 1;
  }
}

TEST(TableTest, WhatIsWiderThanTheTerminalStandsInBlocks) {
  Table table;
  table.columns = {{"trial"}, {"accuracy", Align::kRight}, {"f1", Align::kRight}, {"loss"}};
  table.rows = {{"a-model", "0.91", "0.92", "0.3"}, {"b", "0.8", "0.7", "0.4"}};
  Terminal terminal;
  terminal.width = 24;
  EXPECT_EQ(RenderText(table, terminal),
            "trial    accuracy    f1\n"
            "a-model      0.91  0.92\n"
            "b             0.8   0.7\n"
            "\n"
            "trial    loss\n"
            "a-model  0.3\n"
            "b        0.4\n");
  terminal.width = 3;  // narrower than anything: nothing is left out all the same
  EXPECT_NE(RenderText(table, terminal).find("a-model  0.3\n"), std::string::npos);
}

TEST(TableTest, WhatCameFromALogCannotDriveTheTerminal) {
  Table table;
  table.columns = {{"message"}};
  table.rows = {{"red\x1b[31m bell\a line\nend \xff"}};
  EXPECT_EQ(RenderText(table, {}), "message\nred bell line end \xEF\xBF\xBD\n");
}

TEST(TableTest, MarkdownIsEscapedAndMarksTheBest) {
  Table table;
  table.columns = {{"a|b"}, {"f1", Align::kRight}};
  table.rows = {{"x|*_y", Cell("0.9", Mark::kBest)}};
  EXPECT_EQ(RenderMarkdown(table), "| a\\|b | f1 |\n| --- | ---: |\n| x\\|\\*\\_y | **0.9** |\n");
}

TEST(TableTest, CsvQuotesWhatItMust) {
  Table table;
  table.columns = {{"a,b"}, {"c"}};
  Cell exact("0.92");
  exact.raw = "0.9239821";
  table.rows = {{"say \"hi\"\nthere", exact}};
  EXPECT_EQ(RenderCsv(table), "\"a,b\",c\n\"say \"\"hi\"\"\nthere\",0.9239821\n");
}

TEST(TerminalTest, WidthIsThatOfTheScreen) {
  EXPECT_EQ(DisplayWidth("abc"), 3);
  EXPECT_EQ(DisplayWidth("e\xCC\x81"), 1);
  EXPECT_EQ(DisplayWidth("日本"), 4);
  EXPECT_EQ(DisplayWidth("\x1b[1;32mx\x1b[0m"), 1);
  EXPECT_EQ(Elide("日本語", 4), "日…");
  EXPECT_EQ(Elide("abc", 3), "abc");
}

TEST(CanvasTest, ACurveRunsFromItsFirstToItsLastValue) {
  ChartOptions options;
  options.width = 40;
  options.height = 4;
  options.x_label = "step";
  const std::string chart = DrawChart("loss", {{"t", {0, 10}, {2.0, 1.0}}}, options);
  EXPECT_NE(chart.find("loss\n          2 |a"), chart.npos) << chart;
  EXPECT_NE(chart.find("          1 |"), chart.npos) << chart;
  EXPECT_NE(chart.find("a t\n"), chart.npos) << chart;
  EXPECT_EQ(DrawChart("loss", {{"t", {0}, {0.0 / 0.0}}}, options), "loss: no points\n");
}

}  // namespace
}  // namespace xp::xpctl
