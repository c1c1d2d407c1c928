// A borrowed callable.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace mica {

template <class Signature>
class FunctionRef;

/// Refers to a function object (a lambda) without owning or copying it; two words, never allocates. For parameters: the
/// object must outlive the calls.
template <class Result, class... Args>
class FunctionRef<Result(Args...)> {
 public:
  template <class F, class Object = std::remove_reference_t<F>>
  requires(std::is_object_v<Object> && !std::is_same_v<std::remove_cv_t<Object>, FunctionRef> &&
           std::is_invocable_r_v<Result, Object&, Args...>) FunctionRef(F&& function)
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(function)))),
        call_([](void* object, Args... args) -> Result {
          return (*static_cast<Object*>(object))(std::forward<Args>(args)...);
        }) {}

  Result operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

 private:
  void* object_;
  Result (*call_)(void*, Args...);
};

}  // namespace mica
