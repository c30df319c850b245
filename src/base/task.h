// A move-only callable, so that tasks can own what they carry.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace ponte {

template <typename Signature>
class UniqueFunction;

/// A callable that is moved, never copied. Calling an empty one is a bug.
template <typename R, typename... Args>
class UniqueFunction<R(Args...)> {
 public:
  UniqueFunction() = default;
  UniqueFunction(std::nullptr_t) {}  // NOLINT(google-explicit-constructor)

  template <typename F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, UniqueFunction> && std::is_invocable_r_v<R, F&, Args...>)
      UniqueFunction(F&& function)  // NOLINT(google-explicit-constructor)
      : callable_(std::make_unique<Model<std::decay_t<F>>>(std::forward<F>(function))) {}

  UniqueFunction(UniqueFunction&&) noexcept = default;
  UniqueFunction& operator=(UniqueFunction&&) noexcept = default;

  explicit operator bool() const { return callable_ != nullptr; }
  R operator()(Args... args) { return callable_->call(std::forward<Args>(args)...); }

 private:
  struct Concept {
    virtual ~Concept() = default;
    virtual R call(Args... args) = 0;
  };
  template <typename F>
  struct Model final : Concept {
    explicit Model(F f) : function(std::move(f)) {}
    R call(Args... args) override { return function(std::forward<Args>(args)...); }
    F function;
  };
  std::unique_ptr<Concept> callable_;
};

/// A unit of work handed from one thread to another.
using Task = UniqueFunction<void()>;

}  // namespace ponte
