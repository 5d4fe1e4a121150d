#include "server/runsc/mounts_reply.h"

#include <gtest/gtest.h>

namespace gofer::runsc {
namespace {

TEST(MountsReplyTest, NoMountsAreAnEmptyArray) {
  EXPECT_EQ(MountsReply({}), "[]");
}

// As runsc of gVisor reads it: the JSON of its specs-go.Mount structs.
TEST(MountsReplyTest, KeepsTheOrderOfMounts) {
  EXPECT_EQ(MountsReply(
                {{.destination = "/proc", .type = "proc", .source = "/b/proc"},
                 {.destination = "/data",
                  .type = "bind",
                  .source = "/srv/data",
                  .options = {"rbind", "ro"}}}),
            R"([{"destination":"/proc","type":"proc","source":"/b/proc"},)"
            R"({"destination":"/data","type":"bind","source":"/srv/data",)"
            R"("options":["rbind","ro"]}])");
}

TEST(MountsReplyTest, WhatIsEmptyIsLeftOut) {
  EXPECT_EQ(MountsReply({{.destination = "/x"}}), R"([{"destination":"/x"}])");
}

TEST(MountsReplyTest, BytesThatAreNotTextDoNotThrow) {
  EXPECT_EQ(MountsReply({{.destination = "/\xff"}}),
            "[{\"destination\":\"/\xef\xbf\xbd\"}]");
}

}  // namespace
}  // namespace gofer::runsc
