// Concrete shapes: the dims of a tensor at hand.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>

namespace mica {

/// Dims of a tensor, outermost first, each >= 0. Kept inline: making one allocates nothing.
class Shape {
 public:
  /// The largest rank Mica handles; import refuses models beyond it.
  static constexpr size_t kMaxRank = 16;

  Shape() = default;  ///< a scalar: rank 0, one element
  Shape(std::initializer_list<int64_t> dims);
  explicit Shape(std::span<const int64_t> dims);  ///< throws InvalidArgument beyond kMaxRank or for a negative dim

  size_t rank() const { return rank_; }
  int64_t operator[](size_t axis) const { return dims_[axis]; }
  int64_t& operator[](size_t axis) { return dims_[axis]; }
  int64_t back() const { return dims_[rank_ - 1]; }
  std::span<const int64_t> dims() const { return {dims_.data(), rank_}; }
  const int64_t* begin() const { return dims_.data(); }
  const int64_t* end() const { return dims_.data() + rank_; }
  void push_back(int64_t dim);  ///< throws InvalidArgument beyond kMaxRank

  /// Number of elements: the product of all dims. The caller has checked that it fits (see `checked_elements`).
  int64_t elements() const { return elements(0, rank_); }
  /// Product of the dims in [begin, end).
  int64_t elements(size_t begin, size_t end) const;

  /// Rows and width when the dims before and from `axis` are each flattened. `axis` may be negative or equal the rank.
  struct Split {
    int64_t rows, width;
  };
  Split split_at(int64_t axis) const;

  /// Elements between neighbours along each axis of a dense row-major tensor.
  std::array<int64_t, kMaxRank> strides() const;

  bool operator==(const Shape& other) const;
  std::string str() const;  ///< "[1,128,768]"

 private:
  size_t rank_ = 0;
  std::array<int64_t, kMaxRank> dims_{};
};

/// Product of dims, or nullopt when one is negative or the product overflows int64.
std::optional<int64_t> checked_elements(std::span<const int64_t> dims);

/// `axis` counted from the front. Throws InvalidArgument outside [-rank, rank), or [-rank, rank] with `one_past_end`.
size_t normalize_axis(int64_t axis, size_t rank, bool one_past_end = false);

}  // namespace mica
