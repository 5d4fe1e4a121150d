// What the words of a command line become on the wire.

#include <gmock/gmock.h>

#include "tests/unit/clients/goferctl/fake_goferd.h"

namespace goferctl::test {
namespace {

using testing::HasSubstr;

struct Case {
  std::string name;
  std::vector<std::string> words;
  // As FakeGoferd::Requests has it; with request_id "r" where there is one.
  std::string request;
};

class RequestTest : public testing::TestWithParam<Case> {};

TEST_P(RequestTest, HasTheFieldsThatTheWordsSay) {
  FakeGoferd goferd;
  const Ran ran = RunGoferctl(GetParam().words, goferd.endpoint());
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(goferd.LastRequest(), GetParam().request);
}

const Case kServerCases[] = {
    {"CreateServer",
     {"server", "create", "web", "--root=/srv", "--label", "a=b", "--ttl=90s",
      "--max-fds=7", "--max-memory=1K", "--default-readonly",
      "--default-host-uds=open", "--sandbox=strict", "--no-walk-stat",
      "--uid-map=1000:0:5", "--restart=never", "--request-id=r", "--dry-run"},
     "CreateServerRequest { server_id: \"web\" server { labels { key: \"a\" "
     "value: \"b\" } root: \"/srv\" options { walk_stat_supported: false } "
     "default_connection_options { readonly: true host_uds: OPEN } limits { "
     "max_fds: 7 max_memory_bytes: 1024 } id_map { uid_ranges { host_id: 1000 "
     "count: 5 } } sandbox_mode: STRICT ttl { seconds: 90 } restart_policy: "
     "NEVER } request_id: \"r\" validate_only: true }"},
    {"GetServer",
     {"server", "get", "list"},
     "GetServerRequest { name: \"servers/list\" }"},
    {"UpdateServer",
     {"server", "update", "web", "--max-connections=0", "--default-writable",
      "--no-expiration", "--etag=e", "--request-id=r"},
     "UpdateServerRequest { server { name: \"servers/web\" etag: \"e\" "
     "default_connection_options { readonly: false } } update_mask { paths: "
     "\"limits.max_connections\" paths: \"default_connection_options.readonly\""
     " paths: \"expire_time\" } request_id: \"r\" }"},
    {"DeleteServer",
     {"server", "delete", "web", "--force", "--allow-missing",
      "--request-id=r"},
     "DeleteServerRequest { name: \"servers/web\" force: true allow_missing: "
     "true request_id: \"r\" }"},
    {"DrainServer",
     {"server", "drain", "servers/web", "--request-id=r"},
     "DrainServerRequest { name: \"servers/web\" request_id: \"r\" }"},
    {"DrainServerStrictly",
     {"server", "drain", "web", "--strict", "--request-id=r"},
     "DrainServerRequest { name: \"servers/web\" request_id: \"r\" strict: "
     "true }"},
    {"UpdateServerStrictly",
     {"server", "update", "web", "--max-fds=100", "--strict", "--request-id=r"},
     "UpdateServerRequest { server { name: \"servers/web\" limits { max_fds: "
     "100 } } update_mask { paths: \"limits.max_fds\" } request_id: \"r\" "
     "strict: true }"},
    {"UndrainServer",
     {"server", "undrain", "web", "--request-id=r"},
     "UndrainServerRequest { name: \"servers/web\" request_id: \"r\" }"},
    {"WaitServer",
     {"server", "wait", "web", "--until=ended"},
     "WaitServerRequest { name: \"servers/web\" until: SERVER_ENDED }"},
};

const Case kConnectionCases[] = {
    {"StartConnection",
     {"connection", "start", "web/c1", "--mount=/data", "--readonly",
      "--donate=none", "--attach=give", "--peer-uid=0", "--ticket-ttl=1m",
      "--request-id=r"},
     "StartConnectionRequest { parent: \"servers/web\" connection_id: \"c1\" "
     "mount_path: \"/data\" options { readonly: true donate_host_fds: NO_FDS } "
     "attach_mode: ATTACH_MODE_GIVE expected_peer { uid: 0 } ticket_ttl { "
     "seconds: 60 } request_id: \"r\" }"},
    {"StartBatch",
     {"connection", "start-batch", "web", "--mount=a=/", "--mount=b=/x",
      "--request-id=r"},
     "BatchStartConnectionsRequest { parent: \"servers/web\" requests { "
     "connection_id: \"a\" mount_path: \"/\" } requests { connection_id: \"b\" "
     "mount_path: \"/x\" } request_id: \"r\" }"},
    {"GetConnection",
     {"connection", "get", "web/c1"},
     "GetConnectionRequest { name: \"servers/web/connections/c1\" }"},
    {"ListConnections",
     {"connection", "list", "--filter=state = MOUNTED"},
     "ListConnectionsRequest { parent: \"servers/-\" page_size: 1000 filter: "
     "\"state = MOUNTED\" }"},
    {"StopConnection",
     {"connection", "stop", "web/c1", "--mode=drain", "--stop-timeout=5s",
      "--reason=why", "--kill-sandbox", "--request-id=r"},
     "StopConnectionRequest { name: \"servers/web/connections/c1\" mode: DRAIN "
     "timeout { seconds: 5 } reason: \"why\" acknowledge_sandbox_kill: true "
     "request_id: \"r\" }"},
    {"StopConnectionStrictly",
     {"connection", "stop", "web/c1", "--mode=drain", "--strict",
      "--request-id=r"},
     "StopConnectionRequest { name: \"servers/web/connections/c1\" mode: DRAIN "
     "request_id: \"r\" strict: true }"},
    {"Count",
     {"connection", "count", "web", "--by-state", "--by-server"},
     "GetActiveConnectionCountRequest { parent: \"servers/web\" group_by: "
     "STATE group_by: SERVER }"},
};

const Case kOtherCases[] = {
    {"ListHandlers",
     {"handler", "list", "web"},
     "ListHandlersRequest { parent: \"servers/web\" page_size: 1000 }"},
    {"SetHandlersExactly",
     {"handler", "set", "web", "PRead=stock", "--exactly", "--request-id=r"},
     "SetHandlersRequest { parent: \"servers/web\" assignments { mid: "
     "MID_PREAD implementation: \"stock\" } request_id: \"r\" }"},
    {"SetHandlersStrictly",
     {"handler", "set", "web", "--exactly", "--strict", "--request-id=r"},
     "SetHandlersRequest { parent: \"servers/web\" request_id: \"r\" strict: "
     "true }"},
    {"AddRuleStrictly",
     {"faults", "add", "web/ro", "--readonly", "--permanent", "--strict",
      "--request-id=r"},
     "CreateHandlerRuleRequest { parent: \"servers/web\" handler_rule_id: "
     "\"ro\" handler_rule { readonly { } permanent: true } request_id: \"r\" "
     "strict: true }"},
    {"ResetHandlers",
     {"handler", "reset", "web", "--request-id=r"},
     "ResetHandlersRequest { parent: \"servers/web\" scope: ALL request_id: "
     "\"r\" }"},
    {"AddRule",
     {"faults", "add", "web/slow", "--mid=PRead,12", "--delay=10ms",
      "--probability=1%", "--ttl=1m", "--uid=0", "--seed=0", "--priority=-1",
      "--request-id=r"},
     "CreateHandlerRuleRequest { parent: \"servers/web\" handler_rule_id: "
     "\"slow\" handler_rule { match { mids: MID_PREAD mids: MID_PREAD uid: 0 } "
     "delay { fixed { nanos: 10000000 } } trigger { probability { numerator: "
     "10000 denominator: 1000000 } seed: 0 } priority: -1 ttl { seconds: 60 } "
     "} request_id: \"r\" }"},
    {"GetRule",
     {"faults", "get", "web/slow"},
     "GetHandlerRuleRequest { name: \"servers/web/handlerRules/slow\" }"},
    {"ListRulesByAlias",
     {"rules", "list", "web"},
     "ListHandlerRulesRequest { parent: \"servers/web\" page_size: 1000 }"},
    {"DeleteRule",
     {"faults", "delete", "web/slow", "--request-id=r"},
     "DeleteHandlerRuleRequest { name: \"servers/web/handlerRules/slow\" "
     "request_id: \"r\" }"},
    {"ResetFaults",
     {"faults", "reset", "web", "--request-id=r"},
     "ResetHandlersRequest { parent: \"servers/web\" scope: FAULTS request_id: "
     "\"r\" }"},
    {"Stats",
     {"stats", "web/c1"},
     "GetStatsRequest { name: \"servers/web/connections/c1\" }"},
    {"WatchStats",
     {"stats", "-", "-w", "--interval=250ms"},
     "WatchStatsRequest { name: \"servers/-\" interval { nanos: 250000000 } }"},
    {"Inflight",
     {"inflight", "--min-age=1s"},
     "ListInflightRpcsRequest { parent: \"servers/-\" min_age { seconds: 1 } "
     "page_size: 1000 }"},
    {"Info", {"info"}, "GetInfoRequest {  }"},
    {"LogLevel",
     {"log-level", "debug", "--server=-", "--request-id=r"},
     "SetLogLevelRequest { name: \"servers/-\" log_level: LOG_LEVEL_DEBUG "
     "request_id: \"r\" }"},
    {"EventsFromToken",
     {"events", "--from=tok"},
     "WatchEventsRequest { parent: \"servers/-\" resume_token: \"tok\" }"},
    {"EventsFromRevision",
     {"events", "web", "--from=42"},
     "WatchEventsRequest { parent: \"servers/web\" start_revision: 42 }"},
    {"EventsOfTheState",
     {"events", "--filter=type = ADDED"},
     "WatchEventsRequest { parent: \"servers/-\" include_initial_state: true "
     "filter: \"type = ADDED\" }"},
};

std::string NameOf(const testing::TestParamInfo<Case>& info) {
  return info.param.name;
}
INSTANTIATE_TEST_SUITE_P(Server, RequestTest, testing::ValuesIn(kServerCases),
                         NameOf);
INSTANTIATE_TEST_SUITE_P(Connection, RequestTest,
                         testing::ValuesIn(kConnectionCases), NameOf);
INSTANTIATE_TEST_SUITE_P(Other, RequestTest, testing::ValuesIn(kOtherCases),
                         NameOf);

TEST(SetHandlersTest, ChangesTheTableThatThereIs) {
  FakeGoferd goferd;
  for (const auto& [mid, implementation] :
       {std::pair(goferd::admin::v1::MID_PREAD, "stock"),
        {goferd::admin::v1::MID_PWRITE, "stock"},
        {goferd::admin::v1::MID_FLUSH, ""}}) {
    auto* const handler = goferd.handlers.add_handlers();
    handler->set_mid(mid);
    handler->set_implementation(implementation);
    handler->set_etag("table-etag");
  }
  const Ran ran = RunGoferctl({"handler", "set", "web", "--without=PWrite",
                               "FSync=stock", "--request-id=r"},
                              goferd.endpoint());
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(goferd.LastRequest(),
            "SetHandlersRequest { parent: \"servers/web\" assignments { mid: "
            "MID_FSYNC implementation: \"stock\" } assignments { mid: "
            "MID_PREAD implementation: \"stock\" } etag: \"table-etag\" "
            "request_id: \"r\" }");
}

TEST(ApplyRulesTest, NamesRulesAfterTheirServer) {
  FakeGoferd goferd;
  const Ran ran = RunGoferctl(
      {"faults", "apply", "web", "-", "--request-id=r"}, goferd.endpoint(),
      R"({"handlerRules": [{"name": "a", "deny": {}, "permanent": true}]})");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(goferd.LastRequest(),
            "BatchUpsertHandlerRulesRequest { parent: \"servers/web\" "
            "handler_rules { name: \"servers/web/handlerRules/a\" deny { } "
            "permanent: true } request_id: \"r\" }");
}

TEST(MutationTest, GetsARequestId) {
  FakeGoferd goferd;
  EXPECT_EQ(RunGoferctl({"server", "drain", "web"}, goferd.endpoint()).code, 0);
  EXPECT_THAT(goferd.LastRequest(), HasSubstr("request_id: \""));
}

TEST(UsageTest, RefusesWrongCommandLines) {
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"serve"},
      {"server"},
      {"server", "get"},
      {"server", "get", "a/b"},
      {"server", "get", "web", "x"},
      {"server", "update", "web"},
      {"server", "create", "web", "--root=/", "--oci-bundle=/"},
      {"server", "create", "web", "--ttl=soon"},
      {"server", "create", "web", "--ttl=-5s"},
      {"server", "create", "web", "--label=novalue"},
      {"server", "create", "web", "--max-memory=lots"},
      {"server", "create", "web", "--uid-map=1:2"},
      {"server", "list", "-o", "yaml"},
      {"connection", "start", "web"},
      {"connection", "start-batch", "web", "--mount=/"},
      {"faults", "add", "web/a", "--deny"},
      {"faults", "add", "web/a", "--deny", "--hang", "--ttl=1s"},
      {"faults", "add", "web/a", "--deny", "--ttl=1s", "--mid=Nope"},
      {"faults", "add", "web/a", "--jitter=1s", "--deny", "--ttl=1s"},
      {"handler", "set", "web"},
      {"log-level", "loud"},
      {"info", "--endpoint=node1:1"},
      {"info", "--endpoint=unix:/a", "--endpoints=unix:/a"},
      {"server", "get", "web", "--endpoints=unix:/a,unix:/b"},
      {"connect", "web"},
  };
  for (const auto& words : wrong) {
    const Ran ran = RunGoferctl(words);
    EXPECT_EQ(ran.code, 64) << testing::PrintToString(words) << ran.err;
    EXPECT_THAT(ran.err, testing::StartsWith("goferctl: "));
    EXPECT_EQ(ran.out, "");
  }
}

}  // namespace
}  // namespace goferctl::test
