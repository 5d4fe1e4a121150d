#include "tests/bench/controlplane/bench_node.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clients/admin/attach_client.h"
#include "goferd/admin/v1/connection_service.pb.h"
#include "goferd/admin/v1/server_service.pb.h"
#include "server/base/syscall.h"

namespace goferd::bench {
namespace {

using namespace goferd::admin::v1;  // NOLINT: the API's own names.
using client::CallOptions;
using gofer::base::UniqueFd;

constexpr absl::Duration kPatience = absl::Seconds(30);
constexpr absl::Duration kPause = absl::Milliseconds(1);

pid_t Spawn(const std::string& program, const std::string& flag,
            const std::string& log) {
  std::string name = program;
  std::string argument = flag;
  const std::array<char*, 3> arguments = {name.data(), argument.data(),
                                          nullptr};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
                                     O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log.c_str(),
                                     O_WRONLY | O_CREAT | O_APPEND, 0600);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, program.c_str(), &actions, nullptr,
                                  arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) Fail(absl::StrCat(program, ": errno ", error));
  return pid;
}

// One attempt: the caller repeats it faster than Call would.
bool IsServing(client::AdminClient& admin) {
  CallOptions once;
  once.timeout = absl::Seconds(5);
  once.max_attempts = 1;
  const auto health = admin.CheckHealth("", once);
  return health.ok() && *health == client::Health::kServing;
}

}  // namespace

void Fail(const std::string& what) {
  std::fprintf(stderr, "controlplane_bench: %s\n", what.c_str());
  std::exit(1);
}

BenchNode::BenchNode(const Programs& programs, const std::string& configuration)
    : programs_(programs) {
  std::string name =
      (std::filesystem::temp_directory_path() / "goferd-bench-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) Fail("no temporary directory");
  directory_ = name;
  tree_ = directory_ + "/tree";
  config_ = directory_ + "/goferd.textproto";
  std::filesystem::create_directory(tree_);
  std::ofstream(tree_ + "/hello") << "hello";
  std::ofstream(config_) << "state_directory: \"" << directory_
                         << "/state\"\nallowed_roots: \"" << directory_
                         << "\"\ngofer_path: \"" << programs_.gofer << "\"\n"
                         << configuration;
  Start();
}

BenchNode::~BenchNode() {
  EndGofers();
  admin_.reset();
  // Its warm gofers end with it.
  End(SIGTERM);
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void BenchNode::Kill() { End(SIGKILL); }

void BenchNode::End(int how) {
  if (pid_ < 0) return;
  ::kill(pid_, how);
  gofer::base::RetryOnEintr([&] { return ::waitpid(pid_, nullptr, 0); });
  pid_ = -1;
}

absl::Duration BenchNode::Start() {
  const absl::Time begin = absl::Now();
  pid_ = Spawn(programs_.goferd, "--config=" + config_,
               directory_ + "/goferd.log");
  const auto endpoint =
      client::Endpoint::Parse("unix:" + directory_ + "/state/admin.sock");
  if (!endpoint.ok()) Fail(std::string(endpoint.status().message()));
  while (true) {
    // A new channel: one that has failed waits before it tries again.
    auto made = client::AdminClient::Make(*endpoint);
    if (!made.ok()) Fail(std::string(made.status().message()));
    admin_ = *std::move(made);
    if (IsServing(*admin_)) return absl::Now() - begin;
    if (absl::Now() - begin > kPatience) Fail("goferd does not answer");
    absl::SleepFor(kPause);
  }
}

void BenchNode::EndGofers() {
  const auto listed =
      admin_->Call(client::methods::kListServers, ListServersRequest());
  if (!listed.ok()) return;
  for (const Server& server : listed->servers()) {
    DeleteServer(server.name().substr(std::string("servers/").size()));
  }
  if (!listed->next_page_token().empty()) EndGofers();
}

pid_t BenchNode::CreateServer(const std::string& id) {
  CreateServerRequest request;
  request.set_server_id(id);
  request.mutable_server()->set_root(tree_);
  const auto made = admin_->Call(client::methods::kCreateServer, request);
  if (!made.ok()) Fail(std::string(made.status().message()));
  return made->gofer_pid();
}

void BenchNode::DeleteServer(const std::string& id) {
  DeleteServerRequest request;
  request.set_name("servers/" + id);
  request.set_force(true);
  // One that is just being started again says so.
  while (
      admin_->Call(client::methods::kDeleteServer, request).status().code() ==
      absl::StatusCode::kAborted) {
    absl::SleepFor(kPause);
  }
}

UniqueFd BenchNode::Connect(const std::string& server_id) {
  static int number = 0;
  StartConnectionRequest request;
  request.set_parent("servers/" + server_id);
  request.set_connection_id(absl::StrCat("bench-", ++number));
  request.set_mount_path("/");
  const auto started = admin_->Call(client::methods::kStartConnection, request);
  if (!started.ok()) Fail(std::string(started.status().message()));
  const std::vector<std::string> tickets = {started->ticket().ticket()};
  auto fds = client::AttachClient(started->ticket().attach_socket_path())
                 .Take(tickets);
  if (!fds.ok()) Fail(std::string(fds.status().message()));
  return std::move((*fds)[0]);
}

gofer::client::Client BenchNode::Mount(const std::string& server_id) {
  auto mounted = gofer::client::Client::Mount(Connect(server_id));
  if (!mounted.ok()) {
    Fail(absl::StrCat("Mount: errno ", mounted.error().number()));
  }
  return *std::move(mounted);
}

}  // namespace goferd::bench
