// RefCounted and RefPtr: intrusive shared ownership for the objects whose
// lifetime the LISAFS reference model prescribes.

#ifndef GOFER_SERVER_BASE_REF_PTR_H_
#define GOFER_SERVER_BASE_REF_PTR_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace gofer::base {

// Base of a class whose references are counted in the object. It is born with
// one reference, which the creator hands to RefPtr::Adopt. Ref and Unref may be
// called from any thread. A derived class whose destruction takes more than
// `delete` overrides OnZeroRefs.
class RefCounted {
 public:
  RefCounted(const RefCounted&) = delete;
  RefCounted& operator=(const RefCounted&) = delete;

  void Ref() const { refs_.fetch_add(1, std::memory_order_relaxed); }
  void Unref() const {
    if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      const_cast<RefCounted*>(this)->OnZeroRefs();
    }
  }

 protected:
  RefCounted() = default;
  virtual ~RefCounted() = default;

  // Called once, by the thread that dropped the last reference.
  virtual void OnZeroRefs() { delete this; }

 private:
  mutable std::atomic<int64_t> refs_ = 1;
};

// A counted reference to a T (any class with Ref and Unref). A RefPtr itself is
// not thread-safe.
template <typename T>
class RefPtr {
 public:
  RefPtr() = default;
  RefPtr(std::nullptr_t) {}  // NOLINT(google-explicit-constructor)

  // Takes over a reference that the caller owns.
  static RefPtr Adopt(T* object) {
    RefPtr result;
    result.object_ = object;
    return result;
  }
  // Takes a new reference.
  static RefPtr Share(T* object) {
    if (object != nullptr) object->Ref();
    return Adopt(object);
  }

  RefPtr(const RefPtr& other) : object_(other.object_) {
    if (object_ != nullptr) object_->Ref();
  }
  RefPtr(RefPtr&& other) noexcept
      : object_(std::exchange(other.object_, nullptr)) {}
  template <typename U>
  RefPtr(RefPtr<U>&& other) noexcept  // NOLINT(google-explicit-constructor)
      : object_(other.release()) {}
  RefPtr& operator=(RefPtr other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~RefPtr() { reset(); }

  T* get() const { return object_; }
  T& operator*() const { return *object_; }
  T* operator->() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }

  [[nodiscard]] T* release() { return std::exchange(object_, nullptr); }
  void reset() {
    if (T* old = std::exchange(object_, nullptr); old != nullptr) old->Unref();
  }

 private:
  T* object_ = nullptr;
};

template <typename T, typename... Args>
RefPtr<T> MakeRef(Args&&... args) {
  return RefPtr<T>::Adopt(new T(std::forward<Args>(args)...));
}

}  // namespace gofer::base

#endif  // GOFER_SERVER_BASE_REF_PTR_H_
