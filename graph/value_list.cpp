#include "graph/value_list.h"

#include <utility>

namespace mica {

void ValueList::link(size_t place) {
  next_[place] = kNowhere;
  if (ids_[place] == ValueId::None) return;
  const size_t index = static_cast<size_t>(ids_[place]);
  if (index >= first_.size()) first_.resize(index + 1, kNowhere);
  next_[place] = std::exchange(first_[index], static_cast<uint32_t>(place));
}

void ValueList::unlink(size_t place) {
  if (ids_[place] == ValueId::None) return;
  uint32_t* at = &first_[static_cast<size_t>(ids_[place])];
  while (*at != place) at = &next_[*at];
  *at = next_[place];
}

void ValueList::push_back(ValueId id) {
  ids_.push_back(id);
  next_.push_back(kNowhere);
  link(ids_.size() - 1);
}

void ValueList::replace(ValueId from, ValueId to) {
  uint32_t place = first(from);
  if (place == kNowhere || from == to) return;
  first_[static_cast<size_t>(from)] = kNowhere;
  while (place != kNowhere) {
    const uint32_t following = next_[place];
    ids_[place] = to;
    link(place);
    place = following;
  }
}

void ValueList::set(size_t i, ValueId id) {
  unlink(i);
  ids_[i] = id;
  link(i);
}

void ValueList::erase(size_t i) {
  std::vector<ValueId> rest = ids_;
  rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
  *this = ValueList(rest);
}

}  // namespace mica
