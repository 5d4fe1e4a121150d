// RequestSubject: which files and which user a request is about.

#ifndef GOFER_SERVER_RULES_REQUEST_SUBJECT_H_
#define GOFER_SERVER_RULES_REQUEST_SUBJECT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/glob/glob.h"
#include "server/lisafs/request_context.h"

namespace gofer::rules {

// Looked at only when a rule asks, once for each request, in the copy that the
// handler parses too. A request that cannot be parsed, or names FDs or names
// that no handler would accept, is about nothing. On the stack of a request's
// thread, with no lock of the tree held.
//
// Paths are below the connection's mount path, which itself is "/". Mount is
// about the mount path, Walk and WalkStat about where they lead, renames and
// LinkAt about both of their files, FSync about its first kMaxFiles. Close,
// Channel and files that were moved out of the mount path are about none. A
// path is the present one: the file may be renamed before it is handled.
class RequestSubject {
 public:
  static constexpr size_t kMaxFiles = 64;
  // A path longer than this, in bytes, matches every pattern: a policy is not
  // escaped by a deep tree, nor is a match made to take long.
  static constexpr size_t kMaxPath = 65536;

  explicit RequestSubject(lisafs::RequestContext& context)
      : context_(context) {}

  // Whether one of the files is so called.
  bool PathMatches(const glob::Glob& glob);
  // The user id that the request carries, if it does.
  std::optional<uint32_t> uid();
  // Whether a read-only connection would be refused the request.
  bool mutates();

  // What a request says; public for the functions that decode one message.
  struct Facts {
    std::vector<std::string> paths;
    bool has_over_long_path = false;
    std::optional<uint32_t> uid;
    bool mutates = false;
  };

 private:
  const Facts& Get();

  lisafs::RequestContext& context_;
  std::optional<Facts> facts_;
};

}  // namespace gofer::rules

#endif  // GOFER_SERVER_RULES_REQUEST_SUBJECT_H_
