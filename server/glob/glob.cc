#include "server/glob/glob.h"

#include <array>
#include <bit>
#include <string>
#include <utility>

namespace gofer::glob {

// Parses a pattern into tokens.
class GlobCompiler {
 public:
  explicit GlobCompiler(absl::string_view pattern) : rest_(pattern) {}

  base::ErrnoOr<Glob> Run() {
    while (!rest_.empty()) {
      if (auto parsed = ParseNext(); !parsed.ok()) return parsed.error();
    }
    return std::move(glob_);
  }

 private:
  using Kind = Glob::Kind;

  char Take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  bool TakeIf(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void Emit(Kind kind) { glob_.tokens_.push_back({kind, 0, 0}); }
  void EmitByte(char c) {
    glob_.tokens_.push_back({Kind::kByte, static_cast<uint8_t>(c), 0});
    after_slash_ = c == '/';
  }

  base::ErrnoOr<void> ParseNext() {
    const char c = Take();
    switch (c) {
      case '*':
        ParseStar();
        return {};
      case '?':
        Emit(Kind::kAnyByte);
        break;
      case '[':
        if (!ParseSet()) return base::Errno(EINVAL);
        break;
      case '\\':
        if (rest_.empty()) return base::Errno(EINVAL);
        EmitByte(Take());
        return {};
      default:
        EmitByte(c);
        return {};
    }
    after_slash_ = false;
    return {};
  }

  void ParseStar() {
    if (!TakeIf('*')) {
      Emit(Kind::kStar);
      after_slash_ = false;
      return;
    }
    while (TakeIf('*')) {
    }
    const bool whole_component = after_slash_ && TakeIf('/');
    if (whole_component) Emit(Kind::kMaySkip);
    Emit(Kind::kAcross);
    after_slash_ = false;
    if (whole_component) EmitByte('/');
  }

  bool ParseMember(uint8_t& byte) {
    if (rest_.empty()) return false;
    char c = Take();
    if (c == '\\') {
      if (rest_.empty()) return false;
      c = Take();
    }
    byte = static_cast<uint8_t>(c);
    return true;
  }

  bool ParseSet() {
    std::bitset<256> set;
    const bool negated = TakeIf('!') || TakeIf('^');
    bool first = true;
    while (first || !TakeIf(']')) {
      first = false;
      uint8_t low = 0;
      if (!ParseMember(low)) return false;
      uint8_t high = low;
      const bool range =
          rest_.size() >= 2 && rest_[0] == '-' && rest_[1] != ']';
      if (range) {
        Take();
        if (!ParseMember(high) || high < low) return false;
      }
      for (size_t byte = low; byte <= high; ++byte) set.set(byte);
    }
    if (negated) set.flip();
    set.reset('/');
    glob_.tokens_.push_back(
        {Kind::kSet, 0, static_cast<uint16_t>(glob_.sets_.size())});
    glob_.sets_.push_back(set);
    return true;
  }

  absl::string_view rest_;
  bool after_slash_ = false;
  Glob glob_;
};

// A set of positions in a pattern; the last position is behind its end.
class Glob::States {
 public:
  void Add(size_t state) { words_[state / 64] |= Bit(state); }
  bool Has(size_t state) const {
    return (words_[state / 64] & Bit(state)) != 0;
  }

  // Calls visit(state) for every state in the set, up to and including `end`.
  // Returns whether there was any.
  template <class Visit>
  bool ForEach(size_t end, Visit visit) const {
    bool any = false;
    for (size_t word = 0; word * 64 <= end; ++word) {
      for (uint64_t bits = words_[word]; bits != 0; bits &= bits - 1) {
        any = true;
        visit(word * 64 + static_cast<size_t>(std::countr_zero(bits)));
      }
    }
    return any;
  }
  void Clear(size_t end) {
    for (size_t word = 0; word * 64 <= end; ++word) words_[word] = 0;
  }

 private:
  static uint64_t Bit(size_t state) { return uint64_t{1} << (state % 64); }
  // Each byte of a pattern makes one token at most; a slash may come in front.
  std::array<uint64_t, (kMaxPattern + 2) / 64 + 1> words_{};
};

base::ErrnoOr<Glob> Glob::Compile(absl::string_view pattern) {
  if (pattern.size() > kMaxPattern) return base::Errno(ENAMETOOLONG);
  if (pattern.empty() || pattern.find('\0') != absl::string_view::npos) {
    return base::Errno(EINVAL);
  }
  std::string rooted;
  if (pattern.front() != '/') rooted.push_back('/');
  rooted.append(pattern.data(), pattern.size());
  return GlobCompiler(rooted).Run();
}

bool Glob::Takes(const Token& token, uint8_t byte) const {
  switch (token.kind) {
    case Kind::kByte:
      return token.byte == byte;
    case Kind::kAnyByte:
    case Kind::kStar:
      return byte != '/';
    case Kind::kSet:
      return sets_[token.index].test(byte);
    case Kind::kAcross:
      return true;
    case Kind::kMaySkip:
      return false;
  }
  return false;
}

void Glob::Enter(States& states, size_t state) const {
  // Recursion is shallow: each position is entered once per byte of the path.
  while (!states.Has(state)) {
    states.Add(state);
    if (state == tokens_.size()) return;
    const Kind kind = tokens_[state].kind;
    // Skips the kMaySkip itself, the kAcross and the slash.
    if (kind == Kind::kMaySkip) Enter(states, state + 3);
    if (kind != Kind::kMaySkip && kind != Kind::kStar &&
        kind != Kind::kAcross) {
      return;
    }
    ++state;
  }
}

bool Glob::Matches(absl::string_view path) const {
  States states[2];
  States* now = &states[0];
  States* next = &states[1];
  const size_t end = tokens_.size();
  Enter(*now, 0);
  for (const char c : path) {
    const auto byte = static_cast<uint8_t>(c);
    next->Clear(end);
    const bool alive = now->ForEach(end, [&](size_t state) {
      if (state == end || !Takes(tokens_[state], byte)) return;
      const Kind kind = tokens_[state].kind;
      const bool stays = kind == Kind::kStar || kind == Kind::kAcross;
      Enter(*next, stays ? state : state + 1);
    });
    if (!alive) return false;
    std::swap(now, next);
  }
  return now->Has(end);
}

}  // namespace gofer::glob
