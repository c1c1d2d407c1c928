// Tensors and the other things a value of a graph can hold at run time.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/base/dtype.h"
#include "runtime/base/shape.h"

namespace mica {

/// A dense, row-major, typed view over a buffer. It owns the buffer by reference count or borrows it, and copying a
/// Tensor never copies elements. Elements are 64-byte aligned when Mica allocates them; a string element is a
/// `std::string`. A default-made Tensor is undefined (an absent optional input).
class Tensor {
 public:
  Tensor() = default;
  /// Allocates; numbers are left uninitialised, strings are empty. Throws OutOfMemory or InvalidArgument (overflow).
  Tensor(DType dtype, const Shape& shape);

  /// Borrows `data`, which the caller keeps alive and which holds `shape.elements()` elements.
  template <class T>
  static Tensor view(const Shape& shape, const T* data) {
    return over(dtype_of<T>, shape, data, nullptr);
  }
  template <class T>
  static Tensor view(const Shape& shape, const std::vector<T>& data) {
    check_count(shape, data.size());
    return over(dtype_of<T>, shape, data.data(), nullptr);
  }
  /// Shares `data`, kept alive by `owner` (which may be null: borrows).
  static Tensor over(DType dtype, const Shape& shape, const void* data, std::shared_ptr<const void> owner);
  /// Allocates and copies.
  template <class T>
  static Tensor of(const Shape& shape, std::span<const T> values) {
    check_count(shape, values.size());
    Tensor tensor(dtype_of<T>, shape);
    std::copy(values.begin(), values.end(), tensor.mutable_data<T>());
    return tensor;
  }
  template <class T>
  static Tensor of(const Shape& shape, std::initializer_list<T> values) {
    return of(shape, std::span<const T>(values.begin(), values.size()));
  }
  template <class T>
  static Tensor scalar(const T& value) {
    return of<T>(Shape{}, std::span<const T>(&value, 1));
  }

  bool defined() const { return dtype_ != DType::Undefined; }
  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  int64_t elements() const { return shape_.elements(); }
  size_t bytes() const;

  const void* raw() const { return data_; }
  void* mutable_raw() { return data_; }

  /// Elements, unchecked: the caller knows the dtype. For kernels.
  template <class T>
  const T* data() const {
    return static_cast<const T*>(data_);
  }
  template <class T>
  T* mutable_data() {
    return static_cast<T*>(data_);
  }

  /// Elements, checked: throws InvalidArgument when `T` is not the element type. For users.
  template <class T>
  std::span<const T> as() const {
    check_dtype(dtype_of<T>);
    return {data<T>(), static_cast<size_t>(elements())};
  }
  template <class T>
  std::span<T> mutable_as() {
    check_dtype(dtype_of<T>);
    return {mutable_data<T>(), static_cast<size_t>(elements())};
  }

  Tensor clone() const;                       ///< an owning copy
  Tensor reshaped(const Shape& shape) const;  ///< same buffer; the number of elements must be the same
  bool owns() const { return owner_ != nullptr; }
  const std::shared_ptr<const void>& owner() const { return owner_; }

  /// Points this view at other elements, or gives it other dims; for the executor, which binds views once per shape.
  void rebind(const void* data) { data_ = const_cast<void*>(data); }
  void set_shape(const Shape& shape) { shape_ = shape; }

  /// 0, except for the state of a session that is lengthened in place: then the elements between the starts of its
  /// blocks, which are all that lies before the axis that grows. Only kernels whose definition says so (OpDef::appends,
  /// OpDef::pitched) are given such a tensor; to all others tensors are dense.
  int64_t pitch() const { return pitch_; }
  void set_pitch(int64_t pitch) { pitch_ = pitch; }

  std::string str() const;  ///< "float[1,128,768]"

 private:
  void check_dtype(DType wanted) const;
  static void check_count(const Shape& shape, size_t count);

  void* data_ = nullptr;
  DType dtype_ = DType::Undefined;
  Shape shape_;
  int64_t pitch_ = 0;
  std::shared_ptr<const void> owner_;
};

/// What a value of a graph holds at run time: a tensor, a sequence, an optional without content, or a map.
struct Datum {
  enum class Kind : uint8_t { Tensor, Sequence, Absent, Map };

  Kind kind = Kind::Tensor;
  Tensor tensor;             ///< Kind::Tensor (also an optional that has a tensor)
  std::vector<Datum> items;  ///< Kind::Sequence; Kind::Map: keys tensor, values (tensor or sequence)

  Datum() = default;
  Datum(Tensor t) : tensor(std::move(t)) {}
  static Datum sequence(std::vector<Datum> items);
  static Datum absent();

  bool is_tensor() const { return kind == Kind::Tensor; }
  std::string str() const;  ///< "float[2,3]", "sequence of 2", "none"
};

}  // namespace mica
