#include "proto/escaped.h"

#include <gtest/gtest.h>

#include "proto/status.h"

namespace xp {
namespace {

TEST(EscapedTest, ControlCharactersAreSpelledOut) {
  EXPECT_EQ(Escaped("\x1b[31mred\x7f"), "\\x1b[31mred\\x7f");
  EXPECT_EQ(Escaped(std::string_view("a\0b\n\tc\r", 7)), "a\\x00b\\n\\tc\\r");
  EXPECT_EQ(Escaped("one\ntwo\x1b", LineBreaks::kKeep), "one\ntwo\\x1b");
  EXPECT_EQ(Escaped("\xc2\x9b"
                    "31m \xe2\x80\xaetxt.exe"),
            "\\xc2\\x9b31m \\xe2\\x80\\xaetxt.exe");
}

TEST(EscapedTest, AllElseStays) {
  const std::string text = "it's 5\xc2\xa0% \\ \xe2\x80\xa6 \xe4\xb8\xad \xf0\x9f\x98\x80 \xff";
  EXPECT_EQ(Escaped(text), text);
}

TEST(EscapedTest, MessagesOnTheirWayToAClientAreEscaped) {
  EXPECT_EQ(ToGrpcStatus(absl::NotFoundError("no '\x1b[2J'")).error_message(), "no '\\x1b[2J'");
  EXPECT_EQ(FormatStatus(absl::NotFoundError("no\n'\x1b'")), "NOT_FOUND: no\n'\\x1b'");
}

}  // namespace
}  // namespace xp
