#include "controlplane/model/model_lock.h"

#include "controlplane/model/model.h"

namespace goferd::model {

// The analysis does not see that the mutex is released by another function.
ModelLock::ModelLock(const Model& model) ABSL_NO_THREAD_SAFETY_ANALYSIS
    : model_(model) {
  model_.mu_.Lock();
}

ModelLock::~ModelLock() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  // The lock is the right to change the model, however it was got.
  if (!model_.ended_grew_.empty()) {
    const_cast<Model&>(model_).ForgetEnded(*this);
  }
  model_.mu_.Unlock();
}

}  // namespace goferd::model
