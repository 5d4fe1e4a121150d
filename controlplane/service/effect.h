// EffectOf, EscapesOf: whether a request is only to be checked, and whether it
// is to be refused when connections escape it.

#ifndef GOFERD_CONTROLPLANE_SERVICE_EFFECT_H_
#define GOFERD_CONTROLPLANE_SERVICE_EFFECT_H_

#include "controlplane/supervisor/effect.h"

namespace goferd::service {

template <class Request>
supervisor::Effect EffectOf(const Request& request) {
  return request.validate_only() ? supervisor::Effect::kValidateOnly
                                 : supervisor::Effect::kReal;
}

template <class Request>
supervisor::Escapes EscapesOf(const Request& request) {
  return request.strict() ? supervisor::Escapes::kRefuse
                          : supervisor::Escapes::kWarn;
}

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_EFFECT_H_
