// goferctl from its words to its output, against a fake goferd.

#include "clients/goferctl/run.h"

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <fstream>

#include "controlplane/errors/error.h"
#include "tests/unit/clients/goferctl/fake_goferd.h"

namespace goferctl::test {
namespace {

using namespace goferd::admin::v1;  // NOLINT: the API's own names.
using testing::HasSubstr;
using testing::Not;
namespace errors = goferd::errors;

constexpr char kHeader[] =
    "NAME  STATE   ROOT  CONNECTIONS  PID  AGE  LABELS\n";

Server MakeServer(const std::string& id, Server::State state) {
  Server server;
  server.set_name("servers/" + id);
  server.set_state(state);
  server.set_root("/srv");
  return server;
}

Event MakeEvent(Event::Type type, const std::string& id) {
  Event event;
  event.set_type(type);
  event.set_revision(7);
  event.set_resume_token("token-" + id);
  if (type == Event::BOOKMARK || type == Event::OVERFLOW) return event;
  *event.mutable_server() = MakeServer(id, Server::DRAINING);
  return event;
}

google::protobuf::ListValue ParseArray(const std::string& json) {
  google::protobuf::ListValue list;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json, &list).ok())
      << json;
  return list;
}

TEST(RunTest, ListsAllPages) {
  FakeGoferd goferd;
  goferd.server_pages.resize(2);
  *goferd.server_pages[0].add_servers() = MakeServer("web", Server::ACTIVE);
  goferd.server_pages[0].set_next_page_token("1");
  *goferd.server_pages[1].add_servers() = MakeServer("tmp", Server::ACTIVE);
  const Ran ran = RunGoferctl({"server", "list"}, goferd.endpoint());
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, std::string(kHeader) +
                         "web   active  /srv  0            -    -    -\n"
                         "tmp   active  /srv  0            -    -    -\n");
  const Ran json =
      RunGoferctl({"server", "list", "-o", "json"}, goferd.endpoint());
  EXPECT_EQ(ParseArray(json.out).values_size(), 2);
}

HandlerRule::Warning MountFdWarning() {
  HandlerRule::Warning warning;
  warning.set_code(HandlerRule::Warning::MOUNT_FD_DONATED);
  warning.set_message("these clients work on the host's files themselves");
  warning.add_connections("servers/web/connections/c1");
  warning.add_connections("servers/web/connections/c2");
  warning.set_connection_count(5);
  return warning;
}

TEST(RunTest, SaysWhichConnectionsHoldTheirMountsFd) {
  FakeGoferd goferd;
  for (const auto mount_fd :
       {Connection::POSSIBLE, Connection::WITHHELD, Connection::DONATED}) {
    Connection& connection = *goferd.connections.add_connections();
    connection.set_name("servers/web/connections/c1");
    connection.set_mount_fd(mount_fd);
  }
  const Ran ran = RunGoferctl({"connection", "list"}, goferd.endpoint());
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("MODE  DIRECTFS  PID"));
  for (const char* word : {"maybe", "no", "yes"}) {
    EXPECT_THAT(ran.out, HasSubstr(word));
  }
}

TEST(RunTest, SaysWhyStatisticsAreEmpty) {
  FakeGoferd goferd;
  goferd.stats.set_name("servers/web");
  goferd.stats.set_active_connection_count(3);
  EXPECT_THAT(RunGoferctl({"stats", "web"}, goferd.endpoint()).out,
              Not(HasSubstr("mount's FD")));
  goferd.stats.set_mount_fd_connection_count(2);
  const Ran ran = RunGoferctl({"stats", "web"}, goferd.endpoint());
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out,
              HasSubstr("2 of 3 connections hold their mount's FD: the sandbox "
                        "works on the host's files itself, and the gofer "
                        "neither sees nor counts that; see "
                        "dev.goferd.directfs\n"));
  EXPECT_THAT(ran.out, HasSubstr("2/3"));
}

TEST(RunTest, ShowsTheWarningsOfARule) {
  FakeGoferd goferd;
  goferd.rule.set_name("servers/web/handlerRules/full");
  *goferd.rule.add_warnings() = MountFdWarning();
  const Ran ran = RunGoferctl(
      {"faults", "add", "web/full", "--error=ENOSPC", "--permanent"},
      goferd.endpoint());
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("ESCAPED BY"));
  EXPECT_THAT(ran.out, HasSubstr("web/c1 +4"));
  EXPECT_THAT(ran.out,
              HasSubstr("warning: these clients work on the host's files "
                        "themselves (web/c1, web/c2 and 3 more)\n"));
}

TEST(RunTest, TellsTheWarningsOfTablesAndBatchesApart) {
  FakeGoferd goferd;
  *goferd.set_handlers.add_warnings() = MountFdWarning();
  const Ran table = RunGoferctl(
      {"handler", "set", "web", "--exactly", "-o", "json"}, goferd.endpoint());
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_THAT(table.err, HasSubstr("goferctl: web: warning: these clients"));
  EXPECT_THAT(table.out, Not(HasSubstr("warning")));
  HandlerRule& rule = *goferd.upserted.add_handler_rules();
  rule.set_name("servers/web/handlerRules/full");
  *rule.add_warnings() = MountFdWarning();
  const Ran batch = RunGoferctl(
      {"faults", "apply", "web", "-"}, goferd.endpoint(),
      R"({"handlerRules": [{"name": "full", "deny": {}, "permanent": true}]})");
  EXPECT_EQ(batch.code, 0) << batch.err;
  EXPECT_THAT(batch.err, HasSubstr("goferctl: web/full: warning: "));
}

TEST(RunTest, EndsALoopOfPages) {
  FakeGoferd goferd;
  goferd.server_pages.resize(2);
  goferd.server_pages[0].set_next_page_token("1");
  goferd.server_pages[1].set_next_page_token("1");
  EXPECT_EQ(RunGoferctl({"server", "list"}, goferd.endpoint()).code, 13);
}

TEST(RunTest, FailsWhenStdoutTakesNoMore) {
  FakeGoferd goferd;
  const std::vector<std::vector<std::string>> commands = {
      {"server", "list"}, {"server", "list", "-o", "json"}, {"--help"}};
  for (const auto& words : commands) {
    std::ofstream full("/dev/full");
    const Ran ran = RunGoferctl(words, goferd.endpoint(), "", &full);
    EXPECT_EQ(ran.code, 15) << words.back();
    EXPECT_THAT(ran.err, HasSubstr("cannot write to standard output"));
  }
  // The first failure counts.
  goferd.FailWith(errors::Error(errors::Reason::ROLE_REQUIRED, "not you"));
  std::ofstream full("/dev/full");
  EXPECT_EQ(RunGoferctl({"server", "list"}, goferd.endpoint(), "", &full).code,
            7);
}

TEST(RunTest, PrintsAnEmptyListAsADocument) {
  FakeGoferd goferd;
  EXPECT_EQ(
      RunGoferctl({"server", "list", "-o", "json"}, goferd.endpoint()).out,
      "[]\n");
  EXPECT_EQ(
      RunGoferctl({"server", "list", "--no-headers"}, goferd.endpoint()).out,
      "");
}

TEST(RunTest, WatchesAfterTheList) {
  FakeGoferd goferd;
  goferd.server_pages.resize(1);
  *goferd.server_pages[0].add_servers() = MakeServer("web", Server::ACTIVE);
  goferd.server_pages[0].set_revision(5);
  goferd.event_streams = {
      {MakeEvent(Event::MODIFIED, "web"), MakeEvent(Event::BOOKMARK, "b"),
       MakeEvent(Event::OVERFLOW, "o")},
      {MakeEvent(Event::DELETED, "web")}};
  const Ran ran =
      RunGoferctl({"server", "list", "-w", "--filter=labels:a", "--no-headers"},
                  goferd.endpoint());
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out,
            "ADDED  web  active  /srv  0  -  -  -\n"
            "MODIFIED  web  draining  /srv  0  -  -  -\n"
            "DELETED   web  draining  /srv  0  -  -  -\n");
  const auto requests = goferd.Requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[1],
            "WatchEventsRequest { parent: \"servers/-\" start_revision: 5 "
            "filter: \"kind = \\\"server\\\" AND (labels:a)\" }");
  EXPECT_THAT(requests[2], HasSubstr("resume_token: \"token-o\""));
}

TEST(RunTest, WatchesAsEventsInJson) {
  FakeGoferd goferd;
  goferd.server_pages.resize(1);
  *goferd.server_pages[0].add_servers() = MakeServer("web", Server::ACTIVE);
  goferd.event_streams = {{MakeEvent(Event::DELETED, "web")}};
  const Ran ran =
      RunGoferctl({"server", "list", "-w", "-o", "json"}, goferd.endpoint());
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, testing::StartsWith("{\"type\":\"ADDED\""));
  EXPECT_THAT(ran.out, HasSubstr("\n{\"type\":\"DELETED\""));
}

TEST(RunTest, EndsEventsAfterTheInitialState) {
  FakeGoferd goferd;
  goferd.event_streams = {{MakeEvent(Event::ADDED, "web"),
                           MakeEvent(Event::BOOKMARK, "b"),
                           MakeEvent(Event::ADDED, "later")}};
  const Ran ran = RunGoferctl({"events", "-o", "json"}, goferd.endpoint());
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("\"resumeToken\":\"token-web\""));
  EXPECT_THAT(ran.out, HasSubstr("BOOKMARK"));
  EXPECT_THAT(ran.out, Not(HasSubstr("later")));
}

TEST(RunTest, PrintsErrorsOfGoferd) {
  FakeGoferd goferd;
  goferd.FailWith(errors::Error(errors::Reason::SERVER_NOT_FOUND, "no web"));
  const Ran ran = RunGoferctl({"server", "get", "web"}, goferd.endpoint());
  EXPECT_EQ(ran.code, 5);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err,
            "goferctl: no web (SERVER_NOT_FOUND)\n"
            "  What to do: `goferctl server list` lists the servers\n");
}

TEST(RunTest, PutsNodesSideBySide) {
  FakeGoferd one;
  FakeGoferd two;
  one.server_pages.resize(1);
  *one.server_pages[0].add_servers() = MakeServer("web", Server::ACTIVE);
  two.server_pages = one.server_pages;
  const std::string dead = "unix:" + one.directory() + "/dead.sock";
  const std::vector<std::string> words = {
      "server", "list", "--timeout=5s",
      "--endpoints=" + one.endpoint() + "," + dead + "," + two.endpoint()};
  const Ran ran = RunGoferctl(words);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, testing::StartsWith("NODE"));
  EXPECT_THAT(ran.out, HasSubstr(one.endpoint() + "  web"));
  EXPECT_THAT(ran.out, HasSubstr(two.endpoint() + "  web"));
  EXPECT_THAT(ran.err, HasSubstr("goferctl: " + dead + ": "));

  auto json_words = words;
  json_words.insert(json_words.end(), {"-o", "json"});
  const auto array = ParseArray(RunGoferctl(json_words).out);
  ASSERT_EQ(array.values_size(), 2);
  const auto& first = array.values(0).struct_value().fields();
  EXPECT_EQ(first.at("endpoint").string_value(), one.endpoint());
  EXPECT_EQ(first.at("name").string_value(), "servers/web");
}

TEST(RunTest, ReturnsTheWorstAnswerOfSeveralNodes) {
  FakeGoferd one;
  FakeGoferd two;
  two.FailWith(errors::Error(errors::Reason::ROLE_REQUIRED, "not you"));
  const Ran ran =
      RunGoferctl({"server", "list",
                   "--endpoints=" + one.endpoint() + "," + two.endpoint()});
  EXPECT_EQ(ran.code, 7);
  EXPECT_THAT(ran.err, HasSubstr(two.endpoint() + ": not you"));
}

TEST(RunTest, ReturnsUnavailableWhenNobodyListens) {
  const Ran ran = RunGoferctl(
      {"info", "--endpoint=unix:/nonexistent/a.sock", "--timeout=5s"});
  EXPECT_EQ(ran.code, 14) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("check that goferd runs"));
  EXPECT_EQ(RunGoferctl({"info",
                         "--endpoints=unix:/nonexistent/a,"
                         "unix:/nonexistent/b",
                         "--timeout=5s"})
                .code,
            14);
}

TEST(RunTest, PrintsHealth) {
  FakeGoferd goferd;
  const Ran ran = RunGoferctl({"health"}, goferd.endpoint());
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "HEALTH\nSERVING\n");
  EXPECT_EQ(RunGoferctl({"health", "no.such.Service"}, goferd.endpoint()).code,
            5);
}

TEST(RunTest, ShowsNotesBelowAServer) {
  FakeGoferd goferd;
  goferd.server = MakeServer("web", Server::DRAINING);
  goferd.server.add_missing_sandbox_steps("landlock\x1b");
  auto* const holder = goferd.server.add_holders();
  holder->set_connection("servers/web/connections/c1");
  holder->set_open_file_count(2);
  const Ran ran = RunGoferctl({"server", "get", "web"}, goferd.endpoint());
  EXPECT_THAT(ran.out, HasSubstr("\nheld by web/c1: 2 open files\n"));
  EXPECT_THAT(ran.out, HasSubstr("\nnot confined by: landlock?\n"));
}

TEST(RunTest, CountsByState) {
  FakeGoferd goferd;
  goferd.count.set_total_count(3);
  auto* const mounted = goferd.count.add_state_counts();
  mounted->set_state(Connection::MOUNTED);
  mounted->set_count(3);
  const Ran ran =
      RunGoferctl({"connection", "count", "--by-state"}, goferd.endpoint());
  EXPECT_EQ(ran.out, "OF       COUNT\nmounted  3\ntotal    3\n");
}

TEST(RunTest, HasHelpOnEveryLevel) {
  const Ran ran = RunGoferctl({"--help"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, HasSubstr("Exit codes:"));
  const Ran of_command = RunGoferctl({"faults", "add", "--help"});
  EXPECT_EQ(of_command.code, 0);
  EXPECT_THAT(of_command.out, HasSubstr("Examples:\n  goferctl faults add"));
  EXPECT_THAT(RunGoferctl({"--version"}).out, HasSubstr("goferctl 0."));
}

}  // namespace
}  // namespace goferctl::test
