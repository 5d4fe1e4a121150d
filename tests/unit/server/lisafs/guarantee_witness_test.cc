// The witness by which MemoryBackend sees broken guarantees.

#include "tests/support/guarantee_witness.h"

#include <gtest/gtest.h>

namespace gofer::test {
namespace {

TEST(GuaranteeWitnessTest, SharedMethodsOverlap) {
  GuaranteeWitness witness;
  const GuaranteeWitness::Shared first(witness);
  const GuaranteeWitness::Shared second(witness);
}

TEST(GuaranteeWitnessTest, AcceptsOneAfterTheOther) {
  GuaranteeWitness witness;
  { const GuaranteeWitness::Alone alone(witness); }
  { const GuaranteeWitness::Shared shared(witness); }
  { const GuaranteeWitness::Alone alone(witness); }
}

TEST(GuaranteeWitnessTest, NothingOverlapsWithOneThatIsAlone) {
  GuaranteeWitness witness;
  const GuaranteeWitness::Alone alone(witness);
  EXPECT_DEATH(GuaranteeWitness::Shared shared(witness), "broken invariant");
  EXPECT_DEATH(GuaranteeWitness::Alone again(witness), "broken invariant");
}

TEST(GuaranteeWitnessTest, AloneDoesNotBeginAmongOthers) {
  GuaranteeWitness witness;
  const GuaranteeWitness::Shared shared(witness);
  EXPECT_DEATH(GuaranteeWitness::Alone alone(witness), "broken invariant");
}

}  // namespace
}  // namespace gofer::test
