#include "worker/runner/time_zone.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace xp::runner {
namespace {

int OffsetAt(const ProgramZone& zone, int month) {
  return zone.zone.At(absl::FromCivil(absl::CivilDay(2026, month, 1), absl::UTCTimeZone())).offset;
}

TEST(TimeZoneTest, AVariableNamesTheZoneWithItsSummers) {
  const ProgramZone zone = ZoneOfProgram("Europe/Berlin");
  EXPECT_EQ(zone.name, "Europe/Berlin");
  EXPECT_EQ(OffsetAt(zone, 1), 3600);
  EXPECT_EQ(OffsetAt(zone, 7), 7200);
}

TEST(TimeZoneTest, AColonAndAPathAreLookedThrough) {
  EXPECT_EQ(ZoneOfProgram(":Asia/Tokyo").name, "Asia/Tokyo");
  EXPECT_EQ(ZoneOfProgram("/usr/share/zoneinfo/Asia/Tokyo").name, "Asia/Tokyo");
}

TEST(TimeZoneTest, WhatIsNoZoneIsUtcAsTheCLibraryReadsIt) {
  for (const char* tz : {"", "No/Such", "/etc/passwd"}) {
    EXPECT_EQ(ZoneOfProgram(tz).name, "UTC") << tz;
    EXPECT_EQ(OffsetAt(ZoneOfProgram(tz), 7), 0) << tz;
  }
}

TEST(TimeZoneTest, WithoutTheVariableTheMachinesLinkSaysIt) {
  const std::string link = ::testing::TempDir() + "localtime" + std::to_string(getpid());
  std::filesystem::create_symlink("/usr/share/zoneinfo/America/New_York", link);
  EXPECT_EQ(ZoneOfProgram(std::nullopt, link).name, "America/New_York");
  std::filesystem::remove(link);
}

TEST(TimeZoneTest, AMachineWithoutALinkHasAZoneWithoutAName) {
  EXPECT_EQ(ZoneOfProgram(std::nullopt, "/nonexistent").name, "");
}

}  // namespace
}  // namespace xp::runner
