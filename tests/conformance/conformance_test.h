// ConformanceTest: one connection mounted on the scratch tree, for every
// combination of tree, pathway and protocol level that a test is worth.

#ifndef GOFER_TESTS_CONFORMANCE_CONFORMANCE_TEST_H_
#define GOFER_TESTS_CONFORMANCE_CONFORMANCE_TEST_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/base/check.h"
#include "tests/support/served_tree.h"

namespace gofer::test {

enum class Pathway { kSocket, kChannel };

struct Setting {
  TestTree::Kind tree;
  Pathway pathway;
  lisafs::ProtocolLevel level;
};

inline std::vector<Setting> AllSettings() {
  std::vector<Setting> settings;
  for (const auto tree : {TestTree::Kind::kMemory, TestTree::Kind::kHost}) {
    for (const auto pathway : {Pathway::kSocket, Pathway::kChannel}) {
      settings.push_back({tree, pathway, lisafs::ProtocolLevel::kNov2023});
    }
    settings.push_back(
        {tree, Pathway::kSocket, lisafs::ProtocolLevel::kAug2026});
  }
  return settings;
}

// For tests that choose their pathway themselves.
inline std::vector<Setting> SocketSettings() {
  std::vector<Setting> settings;
  for (const Setting& setting : AllSettings()) {
    if (setting.pathway == Pathway::kSocket) settings.push_back(setting);
  }
  return settings;
}

inline std::string NameOfSetting(const testing::TestParamInfo<Setting>& info) {
  std::string name =
      info.param.tree == TestTree::Kind::kMemory ? "Memory" : "Host";
  name += info.param.pathway == Pathway::kSocket ? "Socket" : "Channel";
  name += info.param.level == lisafs::ProtocolLevel::kNov2023 ? "Nov2023"
                                                              : "Aug2026";
  return name;
}

class ConformanceTest : public testing::TestWithParam<Setting> {
 protected:
  ConformanceTest()
      : served_(GetParam().tree),
        session_(NewSession(Options())),
        c_(*session_.client),
        root_(session_.root) {}

  static bool aug2026() {
    return GetParam().level == lisafs::ProtocolLevel::kAug2026;
  }
  static bool on_host() { return GetParam().tree == TestTree::Kind::kHost; }

  // Those of this setting's level, to change some.
  static ClientOptions Options() {
    ClientOptions options;
    options.connection = lisafs::ConnectionOptions::ForLevel(GetParam().level);
    return options;
  }
  static ClientOptions ReadOnly() {
    ClientOptions options = Options();
    options.connection.access = lisafs::Access::kReadOnly;
    return options;
  }

  // One more connection, mounted, on this setting's pathway.
  Session NewSession(const ClientOptions& options) {
    Session session = served_.Mount(options);
    if (GetParam().pathway == Pathway::kChannel) {
      GOFER_CHECK(session->OpenChannel() == 0);
    }
    return session;
  }

  TestTree& tree() { return served_.tree(); }
  // A control FD at `path` below the scratch directory.
  FdId To(const Names& path) { return c_.To(root_, path); }
  FdId Opened(const Names& path, uint32_t flags) {
    return c_.Opened(root_, path, flags);
  }

  ServedTree served_;
  Session session_;
  FileClient& c_;
  const FdId root_;
};

inline constexpr FdId kUnknown{9999};
inline const std::string kLongName(256, 'n');

}  // namespace gofer::test

#endif  // GOFER_TESTS_CONFORMANCE_CONFORMANCE_TEST_H_
