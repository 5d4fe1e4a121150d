// goferctl connect.

#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include "tests/unit/clients/goferctl/fake_attach_socket.h"
#include "tests/unit/clients/goferctl/fake_goferd.h"

namespace goferctl::test {
namespace {

using testing::HasSubstr;

TEST(ConnectTest, BecomesTheProgramWithItsSockets) {
  FakeGoferd goferd;
  const FakeAttachSocket socket(goferd.directory());
  AddTickets(goferd, socket, 2);
  const Ran ran = RunGoferctl(
      {"connect", "web", "--mount=/", "--mount=d=/data", "--readonly", "--",
       "prog", "--fd={fd}", "--two={fd1}", "--all={fds}", "--x", "{fd9}"},
      goferd.endpoint());
  EXPECT_EQ(ran.code, 127);  // As the fake exec found no program.
  EXPECT_THAT(ran.err, HasSubstr("prog: No such file or directory"));
  ASSERT_EQ(ran.program.size(), 6u);
  EXPECT_EQ(ran.program[0], "prog");
  int first = -1;
  int second = -1;
  ASSERT_EQ(std::sscanf(ran.program[1].c_str(), "--fd=%d", &first), 1);
  ASSERT_EQ(std::sscanf(ran.program[2].c_str(), "--two=%d", &second), 1);
  EXPECT_NE(first, second);
  EXPECT_EQ(ran.program[3],
            "--all=" + std::to_string(first) + "," + std::to_string(second));
  EXPECT_EQ(ran.program[4], "--x");
  EXPECT_EQ(ran.program[5], "{fd9}");
  const std::string request = goferd.LastRequest();
  EXPECT_THAT(request, HasSubstr("mount_path: \"/\" options { readonly: true } "
                                 "attach_mode: ATTACH_MODE_TAKE"));
  EXPECT_THAT(request, HasSubstr("connection_id: \"goferctl-"));
  EXPECT_THAT(request, HasSubstr("connection_id: \"d\" mount_path: \"/data\""));
}

TEST(ConnectTest, BecomesTheProgramWithItsPaths) {
  FakeGoferd goferd;
  for (const char* path : {"/run/a/{paths}", "/run/b"}) {
    goferd.batch.add_responses()->mutable_ticket()->set_attach_socket_path(
        path);
  }
  const Ran ran = RunGoferctl({"connect", "web", "--attach=listen", "--mount=/",
                               "--mount=d=/data", "--peer-uid=7", "--", "prog",
                               "--socket={path}", "{path1}", "{paths}", "{fd}"},
                              goferd.endpoint());
  ASSERT_EQ(ran.program.size(), 5u);
  EXPECT_EQ(ran.program[1], "--socket=/run/a/{paths}");
  EXPECT_EQ(ran.program[2], "/run/b");
  EXPECT_EQ(ran.program[3], "/run/a/{paths},/run/b");
  EXPECT_EQ(ran.program[4], "{fd}");
  EXPECT_THAT(goferd.LastRequest(),
              HasSubstr("attach_mode: ATTACH_MODE_LISTEN expected_peer { uid: "
                        "7 }"));
}

TEST(ConnectTest, LimitsAPathToItsUserUnlessAPeerIsNamed) {
  FakeGoferd goferd;
  goferd.batch.add_responses()->mutable_ticket()->set_attach_socket_path("/p");
  const auto request = [&](std::vector<std::string> flags) {
    flags.insert(flags.begin(), {"connect", "web"});
    flags.insert(flags.end(), {"--", "prog", "{path}"});
    RunGoferctl(flags, goferd.endpoint());
    return goferd.LastRequest();
  };
  EXPECT_THAT(
      request({"--attach=listen"}),
      HasSubstr("expected_peer { uid: " + std::to_string(::geteuid()) + " }"));
  EXPECT_THAT(request({"--attach=listen", "--peer-pid=7"}),
              HasSubstr("expected_peer { pid: 7 }"));
  EXPECT_THAT(request({"--attach=take"}),
              testing::Not(HasSubstr("expected_peer")));
}

TEST(ConnectTest, FailsWithoutAnAttachSocket) {
  FakeGoferd goferd;
  goferd.batch.add_responses()->mutable_ticket()->set_ticket(
      std::string(16, 'a'));
  goferd.batch.mutable_responses(0)->mutable_ticket()->set_attach_socket_path(
      goferd.directory() + "/none.sock");
  const Ran ran =
      RunGoferctl({"connect", "web", "--", "prog"}, goferd.endpoint());
  EXPECT_EQ(ran.code, 14);
  EXPECT_TRUE(ran.program.empty());
}

TEST(ConnectTest, RefusesAnAnswerWithoutTickets) {
  FakeGoferd goferd;
  EXPECT_EQ(
      RunGoferctl({"connect", "web", "--", "prog"}, goferd.endpoint()).code,
      13);
}

}  // namespace
}  // namespace goferctl::test
