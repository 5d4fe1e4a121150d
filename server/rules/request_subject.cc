#include "server/rules/request_subject.h"

#include <fcntl.h>

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "server/base/safe_name.h"
#include "server/lisafs/guarantees.h"
#include "server/lisafs/node.h"
#include "server/wire/message_list.h"

namespace gofer::rules {
namespace {

using lisafs::Node;
using wire::FdId;

// Collects what one request says.
class Reader {
 public:
  explicit Reader(lisafs::RequestContext& context) : context_(context) {}

  RequestSubject::Facts Take() { return std::move(facts_); }

  template <class Request>
  void Read(wire::MessageId id) {
    const auto request = context_.Parse<Request>();
    if (!request.ok()) return;
    facts_.mutates = wire::Mutates(id);
    if constexpr (requires { request->common.uid; }) {
      facts_.uid = request->common.uid;
    } else if constexpr (requires { request->uid; }) {
      facts_.uid = request->uid;
    }
    Files(*request);
  }

  void AddMountPoint() { facts_.paths.emplace_back("/"); }

 private:
  // THE FILES OF A MESSAGE

  // Each step gives the client something, so each is judged.
  void Files(const wire::WalkReq& request) {
    std::vector<std::string> suffixes;
    std::string suffix;
    bool first = true;
    for (const absl::string_view name : request.path) {
      // An empty first component is the directory itself.
      if (!(std::exchange(first, false) && name.empty())) {
        // The walk may have ended before, and have given what it passed.
        if (!base::IsSafeName(name)) break;
        suffix += '/';
        suffix.append(name.data(), name.size());
      }
      if (suffixes.size() == RequestSubject::kMaxFiles) {
        facts_.is_about_all = true;
        break;
      }
      suffixes.push_back(suffix);
    }
    if (request.path.size() == 0) suffixes.emplace_back();
    AddFiles(request.dir_fd, suffixes);
  }
  void Files(const wire::OpenAtReq& request) {
    facts_.mutates = (request.flags & O_ACCMODE) != O_RDONLY ||
                     (request.flags & O_TRUNC) != 0;
    AddFile(request.fd, absl::string_view());
  }
  void Files(const wire::LinkAtReq& request) {
    AddEntry(request.dir_fd, request.name);
    AddFile(request.target_fd, absl::string_view());
  }
  void Files(const wire::FSyncReq& request) {
    size_t count = 0;
    for (const FdId fd : request.fds) {
      if (++count > RequestSubject::kMaxFiles) {
        facts_.is_about_all = true;
        return;
      }
      AddFile(fd, absl::string_view());
    }
  }
  template <class Request>
  void Files(const Request& request) {
    if constexpr (requires { request.old_dir_fd; }) {
      AddEntry(request.old_dir_fd, request.old_name);
      AddEntry(request.new_dir_fd, request.new_name);
    } else if constexpr (requires { request.common.dir_fd; }) {
      AddEntry(request.common.dir_fd, request.name);
    } else if constexpr (requires { request.name, request.dir_fd; }) {
      AddEntry(request.dir_fd, request.name);
    } else if constexpr (requires { request.dir_fd; }) {
      AddFile(request.dir_fd, absl::string_view());
    } else {
      AddFile(request.fd, absl::string_view());
    }
  }

  // PATHS

  void AddEntry(FdId directory, absl::string_view name) {
    if (!base::IsSafeName(name)) return;
    std::string suffix = "/";
    suffix.append(name.data(), name.size());
    AddFile(directory, suffix);
  }

  void AddFile(FdId id, absl::string_view suffix) {
    AddFiles(id, {std::string(suffix)});
  }

  // Adds what is `suffixes` below the file.
  void AddFiles(FdId id, const std::vector<std::string>& suffixes) {
    const auto fd = context_.fds().LookupAny(id);
    if (!fd.ok()) return;
    const std::string& mount_path = context_.connection().mount_path();
    std::string path;
    if (!PathOf(NodeOf(**fd), mount_path.size() + RequestSubject::kMaxPath,
                path)) {
      facts_.is_about_all = true;
      return;
    }
    if (mount_path != "/") {
      if (!absl::StartsWith(path, mount_path)) return;
      path.erase(0, mount_path.size());
      if (!path.empty() && path.front() != '/') return;
    }
    for (const std::string& suffix : suffixes) {
      std::string whole = path + suffix;
      if (whole.size() > RequestSubject::kMaxPath) {
        facts_.is_about_all = true;
        return;
      }
      facts_.paths.push_back(whole.empty() ? "/" : std::move(whole));
    }
  }

  static Node& NodeOf(lisafs::Fd& fd) {
    switch (fd.kind()) {
      case lisafs::Fd::Kind::kOpen:
        return static_cast<lisafs::OpenFd&>(fd).node();
      case lisafs::Fd::Kind::kBoundSocket:
        return static_cast<lisafs::BoundSocketFd&>(fd).node();
      case lisafs::Fd::Kind::kControl:
        break;
    }
    return static_cast<lisafs::ControlFd&>(fd).node();
  }

  // The path in the server's tree, "" for its root. False when it has more than
  // `max_bytes`: the client chooses how deep its files are.
  bool PathOf(Node& of, size_t max_bytes, std::string& path) {
    const lisafs::TreeLock tree(context_.server().rename_mutex());
    std::vector<const std::string*> names;
    size_t bytes = 0;
    for (const Node* node = &of; node->Parent(tree) != nullptr;
         node = node->Parent(tree)) {
      names.push_back(&node->Name(tree));
      bytes += names.back()->size() + 1;
      if (bytes > max_bytes) return false;
    }
    path.reserve(bytes);
    for (auto name = names.rbegin(); name != names.rend(); ++name) {
      path += '/';
      path += **name;
    }
    return true;
  }

  lisafs::RequestContext& context_;
  RequestSubject::Facts facts_;
};

RequestSubject::Facts ReadFacts(lisafs::RequestContext& context) {
  Reader reader(context);
  wire::ForEachMessage([&]<class Row>() {
    constexpr wire::MessageId kId = Row::kId;
    if (context.message() != static_cast<uint16_t>(kId)) return;
    if constexpr (kId == wire::MessageId::kMount) {
      reader.AddMountPoint();
    } else if constexpr (kId != wire::MessageId::kError &&
                         kId != wire::MessageId::kChannel &&
                         kId != wire::MessageId::kClose) {
      reader.Read<typename Row::Request>(kId);
    }
  });
  return reader.Take();
}

}  // namespace

const RequestSubject::Facts& RequestSubject::Get() {
  if (!facts_) facts_ = ReadFacts(context_);
  return *facts_;
}

bool RequestSubject::PathMatches(const glob::Glob& glob) {
  const Facts& facts = Get();
  return facts.is_about_all ||
         std::any_of(
             facts.paths.begin(), facts.paths.end(),
             [&glob](const std::string& path) { return glob.Matches(path); });
}

std::optional<uint32_t> RequestSubject::uid() { return Get().uid; }

bool RequestSubject::mutates() { return Get().mutates; }

}  // namespace gofer::rules
