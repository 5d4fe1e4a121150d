// Effect: whether a mutation is carried out.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_EFFECT_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_EFFECT_H_

namespace goferd::supervisor {

// Whether a mutation is carried out, or only checked.
enum class Effect { kReal, kValidateOnly };

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_EFFECT_H_
