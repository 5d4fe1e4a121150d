#include "server/runsc/flag_overrides.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gofer::runsc {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(FlagOverridesTest, TakesOnlyAnnotationsOfRunsc) {
  oci::OciSpec spec;
  spec.annotations = {{"dev.gvisor.flag.debug", "true"},
                      {"dev.gvisor.spec.x", "1"},
                      {"other", "x"}};
  EXPECT_THAT(FlagOverrides(spec), ElementsAre(Pair("debug", "true")));
}

}  // namespace
}  // namespace gofer::runsc
