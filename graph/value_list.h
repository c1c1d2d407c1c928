// The inputs, outputs or captures of a graph.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

namespace mica {

/// Index of a value in its graph. `None` stands for an absent optional input or output.
enum class ValueId : uint32_t { None = ~uint32_t{0} };

/// Values in an order, any of them more than once, of which it is known at once where they stand: a graph may have
/// thousands of outputs, and passes ask of each value whether it is one.
class ValueList {
 public:
  ValueList() = default;
  ValueList(std::initializer_list<ValueId> ids) : ValueList(std::vector<ValueId>(ids)) {}
  ValueList(const std::vector<ValueId>& ids) {
    for (const ValueId id : ids) push_back(id);
  }

  operator const std::vector<ValueId>&() const { return ids_; }
  auto begin() const { return ids_.begin(); }
  auto end() const { return ids_.end(); }
  size_t size() const { return ids_.size(); }
  bool empty() const { return ids_.empty(); }
  ValueId operator[](size_t i) const { return ids_[i]; }
  bool operator==(const ValueList& other) const { return ids_ == other.ids_; }

  /// Takes no time that grows with the list.
  bool contains(ValueId id) const { return first(id) != kNowhere; }
  void push_back(ValueId id);
  /// Makes every `from` a `to`, in time that grows with their number.
  void replace(ValueId from, ValueId to);
  void set(size_t i, ValueId id);
  /// Those behind it move up.
  void erase(size_t i);
  template <class Predicate>
  void erase_if(const Predicate& predicate) {
    std::vector<ValueId> rest = ids_;
    std::erase_if(rest, predicate);
    if (rest.size() < ids_.size()) *this = ValueList(rest);
  }

 private:
  static constexpr uint32_t kNowhere = ~uint32_t{0};

  uint32_t first(ValueId id) const {
    const size_t index = static_cast<size_t>(id);
    return index < first_.size() ? first_[index] : kNowhere;
  }
  /// Puts a place into the chain of its value, and takes it out of it.
  void link(size_t place);
  void unlink(size_t place);

  std::vector<ValueId> ids_;
  std::vector<uint32_t> next_;   ///< for each place, the next one of the same value
  std::vector<uint32_t> first_;  ///< by value, one of its places; None is not followed
};

}  // namespace mica
