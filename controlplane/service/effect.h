// EffectOf: whether a request is only to be checked.

#ifndef GOFERD_CONTROLPLANE_SERVICE_EFFECT_H_
#define GOFERD_CONTROLPLANE_SERVICE_EFFECT_H_

#include "controlplane/supervisor/effect.h"

namespace goferd::service {

template <class Request>
supervisor::Effect EffectOf(const Request& request) {
  return request.validate_only() ? supervisor::Effect::kValidateOnly
                                 : supervisor::Effect::kReal;
}

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_EFFECT_H_
