// goferctl fs, against a server in this process.

#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/served_tree.h"
#include "tests/unit/clients/goferctl/fake_attach_socket.h"
#include "tests/unit/clients/goferctl/fake_goferd.h"

namespace goferctl::test {
namespace {

using gofer::test::ClientOptions;
using gofer::test::ServedTree;
using gofer::test::TestTree;
using testing::HasSubstr;

class FsTest : public testing::Test {
 protected:
  FsTest() : tree_(TestTree::Kind::kMemory) {}

  Ran RunFs(std::vector<std::string> words, const std::string& in = "",
            std::ostream* instead_of_out = nullptr) {
    FakeGoferd goferd;
    const FakeAttachSocket socket(
        goferd.directory(), [this](gofer::base::UniqueFd end) {
          const ClientOptions options{
              .mount_path = "/", .connection = {}, .policy = {}};
          auto& server = tree_.server();
          const auto connection = server.CreateConnection(
              std::move(end), "/", options.connection,
              tree_.tree().MakeBackend(options.connection.level,
                                       options.policy));
          ASSERT_TRUE(connection.ok());
          ASSERT_TRUE(server.StartConnection(*connection).ok());
        });
    AddTickets(goferd, socket, 1);
    words.insert(words.begin(), "fs");
    const Ran ran = RunGoferctl(words, goferd.endpoint(), in, instead_of_out);
    last_request_ = goferd.LastRequest();
    return ran;
  }

  ServedTree tree_;
  std::string last_request_;
};

TEST_F(FsTest, ListsDirectories) {
  const Ran ran = RunFs({"ls", "web", "/scratch"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "d1/\nf\nfifo|\nln@\n");
  EXPECT_EQ(RunFs({"ls", "web", "/"}).out, "scratch/\n");
  EXPECT_THAT(last_request_, HasSubstr("options { readonly: true "
                                       "donate_host_fds: NO_FDS }"));
}

TEST_F(FsTest, CatFailsWhenStdoutTakesNoMore) {
  std::ofstream full("/dev/full");
  const Ran ran = RunFs({"cat", "web", "/scratch/f"}, "", &full);
  EXPECT_EQ(ran.code, 15);
  EXPECT_THAT(ran.err, HasSubstr("cannot write to standard output"));
}

TEST_F(FsTest, ListsAsJson) {
  const Ran ran = RunFs({"ls", "web", "/scratch", "-o", "json"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, testing::StartsWith("[{"));
  EXPECT_THAT(ran.out, HasSubstr("\"name\": \"ln\""));
  EXPECT_THAT(ran.out, HasSubstr("\"type\": \"symbolic link\""));
  EXPECT_THAT(ran.out, testing::EndsWith("}]\n"));
  const Ran stat = RunFs({"stat", "web", "/scratch/f", "-o", "json"});
  EXPECT_THAT(stat.out, HasSubstr("\"size\": \"11\""));
  EXPECT_EQ(RunFs({"mkdir", "web", "/scratch/empty"}).code, 0);
  const Ran empty = RunFs({"ls", "web", "/scratch/empty", "-o", "json"});
  EXPECT_EQ(empty.out, "[]\n") << empty.err;
}

TEST_F(FsTest, ReadsFiles) {
  EXPECT_EQ(RunFs({"cat", "web", "/scratch/f", "scratch/f"}).out,
            "hello worldhello world");
  const Ran stat = RunFs({"stat", "web", "/scratch/f", "--no-headers"});
  EXPECT_EQ(stat.code, 0) << stat.err;
  EXPECT_THAT(stat.out, testing::StartsWith("/scratch/f  file  "));
}

TEST_F(FsTest, WritesFiles) {
  EXPECT_EQ(RunFs({"put", "web", "/scratch/new"}, "one").code, 0);
  EXPECT_EQ(tree_.tree().Content("/scratch/new"), "one");
  EXPECT_EQ(RunFs({"put", "web", "/scratch/f", "-"}, "").code, 0);
  EXPECT_EQ(tree_.tree().Content("/scratch/f"), "");
  EXPECT_THAT(last_request_, HasSubstr("readonly: false"));
}

TEST_F(FsTest, MakesMovesAndRemoves) {
  EXPECT_EQ(RunFs({"mkdir", "web", "/scratch/a", "/scratch/a/b"}).code, 0);
  EXPECT_TRUE(tree_.tree().Look("/scratch/a/b").has_value());
  EXPECT_EQ(RunFs({"mv", "web", "/scratch/f", "/scratch/a/g"}).code, 0);
  EXPECT_EQ(tree_.tree().Content("/scratch/a/g"), "hello world");
  const Ran ran = RunFs({"rm", "web", "/scratch/a/g", "/scratch/a/b"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_FALSE(tree_.tree().Look("/scratch/a/b").has_value());
}

TEST_F(FsTest, PrintsTheErrno) {
  const Ran ran = RunFs({"cat", "web", "/nothing"});
  EXPECT_EQ(ran.code, 5);
  EXPECT_THAT(ran.err, HasSubstr("cat /nothing: No such file or directory"));
  EXPECT_NE(RunFs({"rm", "web", "/"}).code, 0);
  EXPECT_NE(RunFs({"rm", "web", "/scratch/d1"}).code, 0);
  EXPECT_NE(RunFs({"mkdir", "web", "/scratch"}).code, 0);
  EXPECT_NE(RunFs({"put", "web", "/scratch/d1"}, "x").code, 0);
  EXPECT_NE(RunFs({"put", "web", "/scratch/x", "/nonexistent/file"}).code, 0);
}

TEST(FsWithoutGoferTest, FailsWhenTheGoferIsGone) {
  FakeGoferd goferd;
  const FakeAttachSocket socket(goferd.directory());
  AddTickets(goferd, socket, 1);
  const Ran ran = RunGoferctl({"fs", "ls", "web", "/"}, goferd.endpoint());
  EXPECT_NE(ran.code, 0);
  EXPECT_THAT(ran.err, HasSubstr("goferctl: mount: "));
  EXPECT_THAT(goferd.LastRequest(),
              HasSubstr("options { readonly: true donate_host_fds: NO_FDS }"));
}

}  // namespace
}  // namespace goferctl::test
