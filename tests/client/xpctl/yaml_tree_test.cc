// What is said of text that is no YAML, and how much of it is taken.
#include "client/xpctl/spec/yaml_tree.h"

#include <gtest/gtest.h>

#include <string>

namespace xp::xpctl {
namespace {

std::string ErrorOf(const std::string& text) {
  return std::string(ParseYaml(text).status().message());
}

TEST(YamlTreeTest, TenThousandTrialsWithLabelsAreNotTooMuch) {
  std::string text = "experiment: e\ntrials:\n";
  for (int i = 0; i < 10'000; ++i) {
    text += "- name: t" + std::to_string(i) +
            "\n  command: [python3, train.py]\n  params: {lr: 5e-5, seed: 1, model: a}\n"
            "  resources: {gpus: 1, labels: {zone: a, disk: ssd, gpu: h100}}\n";
  }
  const auto tree = ParseYaml(text);
  ASSERT_TRUE(tree.ok()) << tree.status();
  EXPECT_EQ(tree->entries[1].value.items.size(), 10'000u);
}

TEST(YamlTreeTest, TooManyPartsNamesTheLimit) {
  std::string text = "a: &a [";
  for (int i = 0; i < 1000; ++i) text += "1,";
  text += "1]\nb: [";
  for (int i = 0; i < 1000; ++i) text += "*a ,";
  EXPECT_NE(ErrorOf(text + "1]\n").find("more than 30"), std::string::npos) << ErrorOf(text);
}

TEST(YamlTreeTest, ATabInTheIndentationIsNamed) {
  EXPECT_EQ(ErrorOf("experiment: e\ntrials:\n\t- name: t\n"),
            "line 3, column 1: a tab in the indentation; YAML takes spaces alone there");
  EXPECT_EQ(ErrorOf("a:\n  b: 1\n \tc: 2\n"),
            "line 3, column 2: a tab in the indentation; YAML takes spaces alone there");
}

TEST(YamlTreeTest, TooDeepSaysHowDeepIsTaken) {
  EXPECT_NE(ErrorOf(std::string(1000, '[')).find("more than 500 deep; a spec needs 5"),
            std::string::npos);
}

TEST(YamlTreeTest, ASyntaxErrorShowsItsLine) {
  EXPECT_NE(ErrorOf("a: 1\nb: [1, 2\nc: 3\n").find(", in the line \""), std::string::npos);
}

}  // namespace
}  // namespace xp::xpctl
