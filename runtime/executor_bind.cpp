// Binding a plan's slots to the dims of a run's inputs: shapes, contents and places in the arena.
#include <algorithm>

#include "runtime/base/error.h"
#include "runtime/base/memory.h"
#include "runtime/device_run.h"
#include "runtime/executor.h"
#include "runtime/memory_plan.h"

namespace mica {
namespace {

constexpr uint32_t kNone = Slot::kNone;

void write_integer(Tensor& tensor, size_t at, int64_t value) {
  switch (tensor.dtype()) {
    case DType::I64:
      tensor.mutable_data<int64_t>()[at] = value;
      break;
    case DType::I32:
      tensor.mutable_data<int32_t>()[at] = static_cast<int32_t>(value);
      break;
    default:
      tensor.mutable_data<bool>()[at] = value != 0;
  }
}

}  // namespace

void Executor::check_input(size_t index, const Datum& datum) {
  const ValueType& type = plan_->input_type(index);
  const Slot& slot = plan_->slots()[plan_->inputs()[index]];
  if (!type.is_tensor()) return;
  const Tensor& tensor = datum.tensor;
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorCode::InvalidArgument, "input \"" + slot.name + "\" is " + datum.str() + ", " + why);
  };
  if (!datum.is_tensor() || (tensor.dtype() != type.dtype && type.dtype != DType::Undefined)) {
    refuse("the model takes " + type.str());
  }
  if (!type.dims) return;
  if (tensor.shape().rank() != type.dims->size()) refuse("the model takes " + type.str());
  const auto symbols = plan_->input_symbols(index);
  for (size_t axis = 0; axis < symbols.size(); ++axis) {
    const int64_t dim = tensor.shape()[axis];
    if (symbols[axis] == kNone) {
      if (!(*type.dims)[axis].is(dim)) refuse("the model takes " + type.str());
      continue;
    }
    int64_t& symbol = symbols_[symbols[axis]];
    if (symbol >= 0 && symbol != dim) {
      refuse("but " + plan_->dims().symbols()[symbols[axis]] + " is " + std::to_string(symbol) + " in another input");
    }
    symbol = dim;
  }
}

void Executor::bind(std::span<const Datum* const> inputs) {
  std::ranges::fill(symbols_, -1);
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (plan_->inputs()[i] != kNone) check_input(i, *inputs[i]);
  }
  if (!is_bound_ || bound_ != symbols_) rebind();
}

// Only what follows from the symbols that changed is settled anew: a cache that grows by a row moves few dims.
void Executor::rebind() {
  uint64_t changed = 0;
  for (size_t i = 0; i < symbols_.size(); ++i) {
    if (bound_[i] != symbols_[i]) changed |= DimProgram::symbol_bit(i);
  }
  const bool all = !is_bound_;
  is_bound_ = false;  // until all is in place
  bound_ = symbols_;
  if (!plan_->dims().evaluate(symbols_, registers_)) {
    throw Error(ErrorCode::InvalidArgument, "the dims of the inputs lead to a division by zero or an overflow");
  }
  std::array<bool, 2> grow{};  // by place
  for (const uint32_t id : plan_->bound_slots()) {
    const Slot& slot = plan_->slots()[id];
    if (!all && (slot.depends & changed) == 0) continue;
    grow[static_cast<size_t>(slot.place)] |= settle_shape(id);
    if (slot.source == Slot::Source::Contents) fill_contents(id);
  }
  for (const uint32_t id : plan_->bound_slots()) {
    if (all || (plan_->slots()[id].depends & changed) != 0) check_view(id);
  }
  for (const Place place : {Place::Host, Place::Device}) {
    if (grow[static_cast<size_t>(place)]) lay_out(place);
  }
  is_bound_ = true;
}

// Gives the slot its dims; true when its memory must grow.
bool Executor::settle_shape(uint32_t id) {
  const Slot& slot = plan_->slots()[id];
  Shape shape;
  for (const uint32_t reg : slot.dims) {
    const int64_t dim = registers_[reg];
    if (dim < 0) {
      throw Error(ErrorCode::InvalidArgument,
                  "the dims of the inputs make a dim of \"" + slot.name + "\" " + std::to_string(dim));
    }
    shape.push_back(dim);
  }
  slots_[id].tensor.set_shape(shape);
  const auto elements = checked_elements(shape.dims());
  const auto bytes = elements ? byte_size(slot.dtype, *elements) : std::nullopt;
  if (!bytes) throw Error(ErrorCode::InvalidArgument, "\"" + slot.name + "\" would be too large: " + shape.str());
  if (slot.root == kNone || !plan_->slots()[slot.root].in_arena || outside_[slot.root]) return false;
  if (*bytes <= room_[slot.root]) return false;
  room_[slot.root] = room_[slot.root] == 0 ? *bytes : *bytes + *bytes / 4;
  return true;
}

void Executor::fill_contents(uint32_t id) {
  const Slot& slot = plan_->slots()[id];
  Tensor& tensor = slots_[id].tensor;
  if (static_cast<size_t>(tensor.elements()) != slot.contents.size()) {
    throw Error(ErrorCode::Internal, "contents of \"" + slot.name + "\" do not fit its dims");
  }
  if (!tensor.owns()) {
    const std::shared_ptr<std::byte> memory = allocate(slot.place, tensor.bytes());
    tensor = Tensor::over(slot.dtype, tensor.shape(), memory.get(), memory);
    point(id, tensor.mutable_raw());
  }
  for (size_t i = 0; i < slot.contents.size(); ++i) write_integer(tensor, i, registers_[slot.contents[i]]);
}

// Dims that only now are numbers may contradict each other: a view must not be larger than what it looks at.
void Executor::check_view(uint32_t id) const {
  const Slot& slot = plan_->slots()[id];
  if (slot.dynamic || slot.root == id || slot.root == kNone) return;
  const Tensor& memory = slots_[slot.root].tensor;
  if (slots_[id].tensor.elements() == memory.elements()) return;
  throw Error(ErrorCode::InvalidArgument, "the dims of the inputs make \"" + slot.name + "\" " +
                                              slots_[id].tensor.str() + ", which does not fit the " +
                                              std::to_string(memory.elements()) + " elements of \"" +
                                              plan_->slots()[slot.root].name + "\"");
}

void Executor::lay_out(Place place) {
  std::vector<Lifetime> lifetimes;
  std::vector<uint32_t> roots;
  for (uint32_t id = 0; id < slots_.size(); ++id) {
    const Slot& slot = plan_->slots()[id];
    if (!slot.in_arena || slot.root != id || slot.place != place || outside_[id]) continue;
    roots.push_back(id);
    lifetimes.push_back({slot.first, slot.last, room_[id]});
  }
  const MemoryPlan memory = plan_memory(lifetimes);
  ++layouts_;
  std::byte* arena = allocate_arena(place, memory.bytes);
  for (size_t i = 0; i < roots.size(); ++i) point(roots[i], arena + memory.offsets[i]);
}

// The arena of a place, made anew when it is smaller than that.
std::byte* Executor::allocate_arena(Place place, size_t bytes) {
  std::shared_ptr<std::byte>& arena = arenas_[static_cast<size_t>(place)];
  size_t& size = arena_bytes_[static_cast<size_t>(place)];
  if (bytes <= size) return arena.get();
  wait();
  arena.reset();
  size = 0;
  arena = allocate(place, bytes);
  size = bytes;
  return arena.get();
}

// On the host, memory that a device can copy from and to, if there is one.
std::shared_ptr<std::byte> Executor::allocate(Place place, size_t bytes) {
  if (device_ == nullptr) return std::static_pointer_cast<std::byte>(allocate_aligned(bytes));
  return place == Place::Device ? device_->allocate(bytes) : plan_->device()->allocate_shared(bytes);
}

}  // namespace mica
