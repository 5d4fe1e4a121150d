// ModelLock: the right to read and to change what goferd knows.

#ifndef GOFERD_CONTROLPLANE_MODEL_MODEL_LOCK_H_
#define GOFERD_CONTROLPLANE_MODEL_MODEL_LOCK_H_

namespace goferd::model {

class Model;

// Holds the lock of one Model for its scope. Whatever reads or changes the
// model takes a ModelLock as its first argument: without the lock it does not
// compile, under any compiler. A function that is given one must not make
// another, which would wait for itself.
//
// Nobody asks a gofer, touches the disk or waits for anything while he has one:
// a gofer that hangs would hold up every server of the node.
class [[nodiscard]] ModelLock {
 public:
  explicit ModelLock(const Model& model);
  // Forgets ended connections for which there is no room any more: not before,
  // since somebody may hold a reference to one.
  ~ModelLock();
  ModelLock(const ModelLock&) = delete;
  ModelLock& operator=(const ModelLock&) = delete;

  // The model that is locked: a lock of another one opens nothing.
  const Model& model() const { return model_; }

 private:
  const Model& model_;
};

}  // namespace goferd::model

#endif  // GOFERD_CONTROLPLANE_MODEL_MODEL_LOCK_H_
