// Effect, Escapes: whether a mutation is carried out.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_EFFECT_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_EFFECT_H_

namespace goferd::supervisor {

// Whether a mutation is carried out, or only checked.
enum class Effect { kReal, kValidateOnly };

// What becomes of a mutation that connections would escape: it is answered with
// a warning, or refused before anything is changed.
enum class Escapes { kWarn, kRefuse };

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_EFFECT_H_
