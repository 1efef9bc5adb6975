#include <gtest/gtest.h>

#include "worker/trainer/hub/hub_options.h"
#include "worker/trainer/hub/model_name.h"

namespace xp::trainer {
namespace {

TEST(HubNameTest, NamesHaveAnOrganisationAndARevisionIfGiven) {
  const auto plain = ParseHubName("hub:distilbert-base-uncased");
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_EQ(plain->model, "distilbert-base-uncased");
  EXPECT_EQ(plain->revision, "main");
  const auto full = ParseHubName("hub:org/a_model.v2@refs/pr/1");
  ASSERT_TRUE(full.ok()) << full.status();
  EXPECT_EQ(full->model, "org/a_model.v2");
  EXPECT_EQ(full->revision, "refs/pr/1");
}

TEST(HubNameTest, WhatWouldLeaveTheCacheIsRefused) {
  for (const char* name :
       {"hub:", "hub:/etc", "hub:..", "hub:a/../b", "hub:a/b/c", "hub:a b", "hub:a@", "hub:a@../x",
        "hub:a@/x", "hub:.hidden", "hub:a?x=1", "hub:a%2e", "hub:a@b%2Fc", "a"}) {
    EXPECT_FALSE(ParseHubName(name).ok()) << name;
  }
}

TEST(HubNameTest, NoTwoNamesMeanOneFolder) {
  for (const char* name : {"hub:a--b", "hub:a--b/c", "hub:a/b--c", "hub:a/-b"}) {
    EXPECT_FALSE(ParseHubName(name).ok()) << name;  // models--a--b is a/b
  }
  EXPECT_EQ(AsPathPart("refs/pr/1"), "refs%2Fpr%2F1");
  EXPECT_EQ(AsPathPart("refs--pr--1"), "refs--pr--1");
}

TEST(HubNameTest, SettingsComeFromTheEnvironment) {
  const HubOptions options = HubOptionsFromEnvironment([](const char* name) -> std::string {
    const std::string key = name;
    if (key == "XP_HUB_ENDPOINT") return "https://hub.example";
    if (key == "HF_TOKEN") return "secret";
    if (key == "HOME") return "/home/somebody";
    if (key == "XP_HUB_OFFLINE") return "1";
    return "";
  });
  EXPECT_EQ(options.endpoint, "https://hub.example");
  EXPECT_EQ(options.token, "secret");
  EXPECT_EQ(options.cache, "/home/somebody/.cache/xp/hub");
  EXPECT_TRUE(options.offline);
}

}  // namespace
}  // namespace xp::trainer
