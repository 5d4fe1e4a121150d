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

// A request is parsed only when a rule asks, and once, in the copy that the
// handler parses too. A request that cannot be parsed, or has FDs or names that
// no handler would accept, is about nothing. The object lives on the stack of
// the request's thread, which holds no lock of the tree.
//
// Paths are below the connection's mount path, which itself is "/". Mount is
// about the mount path, Walk and WalkStat about each file that they pass,
// renames and LinkAt about both of their files. A request on more than
// kMaxFiles files is about every path, as a policy could be escaped by more.
// Close and Channel are about no file, and so are requests on files that were
// moved out of the mount path. A path is the present path: the file may be
// renamed before the request is handled.
class RequestSubject {
 public:
  static constexpr size_t kMaxFiles = 64;
  // A path longer than this, in bytes, matches every pattern: otherwise a
  // client could escape a policy by a deep tree, or make a match take long.
  static constexpr size_t kMaxPath = 65536;

  explicit RequestSubject(lisafs::RequestContext& context)
      : context_(context) {}

  // Whether one of the files has a path that `glob` matches.
  bool PathMatches(const glob::Glob& glob);
  // The user id that the request carries, if any.
  std::optional<uint32_t> uid();
  // Whether a read-only connection would be refused the request.
  bool mutates();

  // What a request says; public for the functions that decode one message.
  struct Facts {
    std::vector<std::string> paths;
    // A path is too long, or there are too many.
    bool is_about_all = false;
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
