// Glob: the patterns by which rules name paths.

#ifndef GOFER_SERVER_GLOB_GLOB_H_
#define GOFER_SERVER_GLOB_GLOB_H_

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/base/errno.h"

namespace gofer::glob {

// Within a component `*` stands for any bytes, `?` for one byte and `[a-z]` or
// `[!a-z]` for one byte of a set. `**` stands for any bytes, slashes included;
// a component that is `**` may also be absent: `/a/**/b` matches `/a/b` too.
// `\` takes the next byte literally. Paths begin with a slash; a pattern
// without a leading slash gets it. The whole path must match.
//
// Paths come from clients. Matches follows all alternatives at once, so that
// its time is at most the length of the path times the length of the pattern,
// whatever the two contain; trying the alternatives in turn would let a client
// choose a path that takes exponential time. Immutable.
class Glob {
 public:
  static constexpr size_t kMaxPattern = 4096;

  // A default Glob matches the empty text only.
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
    kStar,     // Any number of bytes that kAnyByte takes.
    kAcross,   // Any number of bytes, slashes included.
    kMaySkip,  // Takes nothing; the tokens up to the next slash may be skipped.
  };
  struct Token {
    Kind kind = Kind::kByte;
    uint8_t byte = 0;
    uint16_t index = 0;
  };

  bool Takes(const Token& token, uint8_t byte) const;
  // Adds `state` and all states that can be reached from it without a byte.
  void Enter(States& states, size_t state) const;

  std::vector<Token> tokens_;
  std::vector<std::bitset<256>> sets_;
};

}  // namespace gofer::glob

#endif  // GOFER_SERVER_GLOB_GLOB_H_
