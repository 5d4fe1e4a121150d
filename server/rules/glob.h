// Glob: the patterns by which rules name paths.

#ifndef GOFER_SERVER_RULES_GLOB_H_
#define GOFER_SERVER_RULES_GLOB_H_

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/base/errno.h"

namespace gofer::rules {

// Within a component `*` stands for any bytes, `?` for one and `[a-z]` or
// `[!a-z]` for one of a set. `**` stands for any bytes, slashes included. A
// whole component `**` may also stand for no component: `/a/**/b` matches
// `/a/b` too. `\` takes the next byte as it is. Paths begin with a slash; a
// pattern that does not is taken as if it did. The whole path must match.
//
// Paths come from clients. Matching follows all alternatives at once, so that
// its time is at most length of the path times length of the pattern, whatever
// the two say. Immutable.
class Glob {
 public:
  static constexpr size_t kMaxPattern = 4096;

  // A glob that matches nothing but the empty text.
  Glob() = default;
  // Errors: EINVAL for a pattern that is empty, has a NUL or an unfinished set
  // or escape, ENAMETOOLONG for one longer than kMaxPattern.
  static base::ErrnoOr<Glob> Compile(absl::string_view pattern);

  bool Matches(absl::string_view path) const;

 private:
  friend class GlobCompiler;
  class States;

  enum class Kind : uint8_t {
    kByte,     // `byte`.
    kAnyByte,  // Anything but a slash.
    kSet,      // One of sets_[index]; never a slash.
    kStar,     // Any number of what kAnyByte takes.
    kAcross,   // Any number of anything.
    kMaySkip,  // Takes nothing; what follows up to the next slash may go.
  };
  struct Token {
    Kind kind = Kind::kByte;
    uint8_t byte = 0;
    uint16_t index = 0;
  };

  bool Takes(const Token& token, uint8_t byte) const;
  // Adds `state` and what can be reached from it without a byte.
  void Enter(States& states, size_t state) const;

  std::vector<Token> tokens_;
  std::vector<std::bitset<256>> sets_;
};

}  // namespace gofer::rules

#endif  // GOFER_SERVER_RULES_GLOB_H_
